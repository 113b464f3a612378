package router_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-polyline"

	"wayguard/tracker"
	"wayguard/tracker/ingest/router"
)

// roads are a grid of streets, 0.01° apart: ways go east first, then north.
func snap(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*100) / 100, math.Round(p[1]*100) / 100}
}

func shape(line ...orb.Point) string {
	var flat [][]float64
	for _, p := range line {
		flat = append(flat, []float64{p[1], p[0]})
	}
	return string(polyline.Codec{Dim: 2, Scale: 1e6}.EncodeCoords(nil, flat))
}

// osrmServer answers as osrm-routed does.
func osrmServer(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/maps/route/v1/driving/")
		if !ok || r.URL.Query().Get("geometries") != "polyline6" || r.URL.Query().Get("overview") != "full" {
			t.Errorf("asked for %s", r.URL)
		}
		var line []orb.Point
		var waypoints []map[string]any
		for i, pair := range strings.Split(rest, ";") {
			lon, lat, _ := strings.Cut(pair, ",")
			x, err := strconv.ParseFloat(lon, 64)
			y, err2 := strconv.ParseFloat(lat, 64)
			if err != nil || err2 != nil || i >= 100 {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"code":"InvalidQuery","message":"Query string malformed close to position 9"}`)
				return
			}
			if y > 89 {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"code":"NoSegment","message":"Could not find a matching segment for coordinate 1"}`)
				return
			}
			to := snap(orb.Point{x, y})
			if i > 0 {
				line = append(line, orb.Point{to[0], line[len(line)-1][1]})
			}
			line = append(line, to)
			waypoints = append(waypoints, map[string]any{"location": to, "name": "Street", "distance": 5.1})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"code": "Ok", "routes": []any{map[string]any{"geometry": shape(line...), "distance": 1, "legs": []any{}}}, "waypoints": waypoints,
		})
	})
}

// valhallaServer answers as valhalla_service does.
func valhallaServer(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Locations []struct{ Lat, Lon float64 }
			Costing   string
		}
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/maps/route" || r.Method != http.MethodPost || json.Unmarshal(body, &asked) != nil || asked.Costing != "auto" {
			t.Errorf("asked for %s %s: %s", r.Method, r.URL, body)
		}
		if n := len(asked.Locations); n > 20 {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error_code":150,"error":"Exceeded max locations: 20","status_code":400,"status":"Bad Request"}`)
			return
		}
		var legs []any
		for i, to := range asked.Locations {
			if to.Lat > 89 {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error_code":171,"error":"No suitable edges near location","status_code":400,"status":"Bad Request"}`)
				return
			}
			if i == 0 {
				continue
			}
			from, to := snap(orb.Point{asked.Locations[i-1].Lon, asked.Locations[i-1].Lat}), snap(orb.Point{to.Lon, to.Lat})
			legs = append(legs, map[string]any{"shape": shape(from, orb.Point{to[0], from[1]}, to), "summary": map[string]any{"length": 1}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"trip": map[string]any{"legs": legs, "status": 0, "units": "kilometers"}})
	})
}

func open(t *testing.T, kind string, h http.Handler) tracker.Router {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/maps/")
	if err != nil {
		t.Fatal(err)
	}
	r, err := router.New(kind, base, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWays(t *testing.T) {
	for kind, server := range map[string]http.Handler{"osrm": osrmServer(t), "valhalla": valhallaServer(t)} {
		r := open(t, kind, server)
		if string(r.Source()) != kind {
			t.Errorf("%s says that it is %s", kind, r.Source())
		}
		for _, n := range []int{2, 20, 21, 39, 100, 101, 250} {
			through := make(orb.LineString, n)
			for i := range through {
				through[i] = orb.Point{8 + 0.01*float64(i) + 0.001, 50 + 0.02*float64(i%2) - 0.001}
			}
			way, passes, err := r.Find(t.Context(), through)
			if err != nil || len(passes) != n {
				t.Fatalf("%s, %d places: %d passes, %v", kind, n, len(passes), err)
			}
			for i, p := range through {
				if want := snap(p); math.Abs(passes[i][0]-want[0]) > 1e-6 || math.Abs(passes[i][1]-want[1]) > 1e-6 {
					t.Errorf("%s, %d places: comes by place %d at %v, want %v", kind, n, i, passes[i], want)
				}
			}
			for i := 1; i < len(way); i++ {
				if step := way[i]; math.Abs(step[0]-way[i-1][0]) > 0.011 || math.Abs(step[1]-way[i-1][1]) > 0.021 {
					t.Fatalf("%s, %d places: a gap from %v to %v", kind, n, way[i-1], step)
				}
			}
		}
		if _, _, err := r.Find(t.Context(), orb.LineString{{8, 50}, {8, 89.5}}); !errors.Is(err, tracker.ErrNoWay) {
			t.Errorf("%s, off the map: %v", kind, err)
		}
	}
}

// What a server says that is down, wrong or somebody else's: no way, and no word
// of where people live.
func TestBadAnswers(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
	}{
		"nothing":        {200, ""},
		"a page":         {200, "<html>"},
		"a bad gateway":  {502, "<html>Bad Gateway</html>"},
		"an empty list":  {200, "[]"},
		"an empty thing": {200, "{}"},
		"moved":          {302, `{}`},
		"a bad shape":    {200, `{"code":"Ok","routes":[{"geometry":"\n"}],"waypoints":[],"trip":{"legs":[{"shape":"\n"}]}}`},
		"an empty shape": {200, `{"code":"Ok","routes":[{"geometry":""}],"waypoints":[],"trip":{"legs":[{"shape":""}]}}`},
		"too far north":  {200, `{"code":"Ok","routes":[{"geometry":"~~~~~~~~~~"}],"trip":{"legs":[{"shape":"_izlhAA_izlhAA_izlhAA"}]}}`},
		"too busy":       {429, `{"code":"TooBig","error_code":0}`},
	}
	for _, kind := range []string{"osrm", "valhalla"} {
		for name, a := range answers {
			r := open(t, kind, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(a.status)
				fmt.Fprint(w, a.body)
			}))
			_, passes, err := r.Find(t.Context(), orb.LineString{{8.123456, 50.654321}, {8.2, 50.7}})
			if err == nil && len(passes) == 2 {
				t.Errorf("%s, %s: was believed", kind, name)
			}
			if errors.Is(err, tracker.ErrNoWay) {
				t.Errorf("%s, %s: would not be asked again", kind, name)
			}
			tellsNothing(t, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := open(t, kind, http.NotFoundHandler()).Find(ctx, orb.LineString{{8.123456, 50.654321}, {8.2, 50.7}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", kind, err)
		}
		tellsNothing(t, err)
	}
}

func tellsNothing(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "8.12") || strings.Contains(err.Error(), "50.6") || strings.Contains(err.Error(), "127.0.0.1")) {
		t.Errorf("it tells where somebody lives: %v", err)
	}
}

func TestNew(t *testing.T) {
	good, _ := url.Parse("http://127.0.0.1:5000")
	for _, c := range []struct {
		kind, base, profile string
	}{{"google", "http://h", ""}, {"osrm", "ftp://h", ""}, {"osrm", "http://", ""}, {"osrm", "http://h?x=1", ""}, {"osrm", "http://h", "a/b"}} {
		base, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := router.New(c.kind, base, c.profile); err == nil || r != nil {
			t.Errorf("%v: %v", c, r)
		}
	}
	if _, err := router.New("osrm", nil, ""); err == nil {
		t.Error("no URL was taken")
	}
	if _, err := router.New("valhalla", good, "truck"); err != nil {
		t.Error(err)
	}
}
