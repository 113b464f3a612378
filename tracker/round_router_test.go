package tracker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twpayne/go-polyline"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/tracker/ingest/router"
)

// streets is an OSRM server whose ways make a bend of 300 m between two places.
type streets struct {
	down atomic.Bool
	// off is how far its roads are from what is asked for, in degrees north.
	off   atomic.Int64
	asked atomic.Int64
}

func (s *streets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	if s.down.Load() {
		http.Error(w, "no", http.StatusBadGateway)
		return
	}
	off := float64(s.off.Load())
	var line [][]float64
	var waypoints []any
	for i, pair := range strings.Split(strings.TrimPrefix(r.URL.Path, "/route/v1/driving/"), ";") {
		var lon, lat float64
		fmt.Sscanf(pair, "%g,%g", &lon, &lat)
		if i > 0 {
			line = append(line, []float64{lat + off + 300*meter, lon - 500*meter})
		}
		line = append(line, []float64{lat + off, lon})
		waypoints = append(waypoints, map[string]any{"location": []float64{lon, lat + off}})
	}
	shape := polyline.Codec{Dim: 2, Scale: 1e6}.EncodeCoords(nil, line)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": "Ok", "routes": []any{map[string]any{"geometry": string(shape)}}, "waypoints": waypoints})
}

// startRouted is a fleet on the file at path that asks s.
func startRouted(t *testing.T, path string, s *streets) *running {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	osrm, err := router.New("osrm", base, "")
	if err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := tracker.OpenKeyring(ringFile(path), tracker.MasterKey{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	f := &running{path: path, metrics: prometheus.NewRegistry()}
	f.Fleet, err = tracker.Open(store, tracker.Options{
		Keyring: keyring, Router: osrm, Metrics: f.metrics, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, store.Close(), keyring.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(f.stop)
	return f
}

func (f *running) wantWay(t *testing.T, id tracker.RoundID, source tracker.RouteSource, positions int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		r, _ := f.Round(id)
		line, corridor, got := f.Way(r)
		if got == source && len(line) == positions && (got != tracker.RouteStraight || int(corridor)/100 == 13) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s with %d positions and a corridor of %g m, want %s with %d", got, len(line), corridor, source, positions)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// eventTypes counts the first events of the log.
func (f *running) eventTypes(t *testing.T) map[string]int {
	t.Helper()
	events, _, err := f.Events(0, 10_000, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]int)
	for _, e := range events {
		types[e.Type]++
	}
	return types
}

func TestRouterPlansRounds(t *testing.T) {
	s := new(streets)
	path := newFile(t)
	f := startRouted(t, path, s)
	ctx := t.Context()
	given, _ := plan(t, f)
	f.wantWay(t, given.ID, tracker.RouteGiven, 2)
	if s.asked.Load() != 0 {
		t.Error("the router was asked for a way that was given")
	}
	// Without one: depot, three stops, depot, with a bend between two.
	r, err := f.ChangeRound(ctx, given.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Route = nil; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, _, source := f.Way(r); source != tracker.RouteOSRM || r.Version != given.Version+1 {
		t.Errorf("from %s at once, version %d", source, r.Version)
	}
	f.wantWay(t, r.ID, tracker.RouteOSRM, 9)
	// It leads elsewhere now, and the router is down.
	s.down.Store(true)
	if r, err = f.ChangeRound(ctx, r.ID, r.Version, func(n *tracker.NewRound) error { n.Stops = n.Stops[:2]; return nil }); err != nil {
		t.Fatal(err)
	}
	// 2 km back, of which 45 % is less than the 1352 m that three would have.
	if line, corridor, source := f.Way(r); source != tracker.RouteStraight || len(line) != 4 || corridor != 1000 {
		t.Errorf("with the router down %s, %d positions, %g m", source, len(line), corridor)
	}
	if _, err := f.StartRound(ctx, r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if n := f.counted(t, "wayguard_planned_rounds_total", "failed"); n != 1 {
		t.Errorf("failed %g times, want once: it was left alone", n)
	}
	// It is asked again, of a round that runs, too.
	f.stop()
	s.down.Store(false)
	f = startRouted(t, path, s)
	f.wantWay(t, r.ID, tracker.RouteOSRM, 7)
	f.stop()
	f = startRouted(t, path, s)
	f.wantWay(t, r.ID, tracker.RouteOSRM, 7)
}

// A map that ends 5 km before the stops leads to none of them.
func TestRouterWithAnotherMap(t *testing.T) {
	s := new(streets)
	s.off.Store(1)
	f := startRouted(t, newFile(t), s)
	r, _ := plan(t, f)
	for range 2 {
		var err error
		if r, err = f.ChangeRound(t.Context(), r.ID, r.Version, func(n *tracker.NewRound) error { n.Route = nil; return nil }); err != nil {
			t.Fatal(err)
		}
		f.wantWay(t, r.ID, tracker.RouteStraight, 5)
	}
	if n := f.counted(t, "wayguard_planned_rounds_total", "none"); n != 1 || s.asked.Load() != 1 {
		t.Errorf("asked %d times, %g without a way, want once", s.asked.Load(), n)
	}
}

// Straight lines are no way: to go back and forth between stops means nothing,
// to leave for somewhere else does.
func TestStraightLinesTellLittle(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if _, err := f.ChangeRound(t.Context(), r.ID, tracker.AnyVersion, func(n *tracker.NewRound) error { n.Route = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: noon}
	d.drive(f, 800)
	d.drive(f, 100)
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	f.wantStates(t, stops, arrived, approaching, departed)
	d.drive(f, 500)
	d.drive(f, 3000)
	d.stand(f, 2*time.Minute)
	f.wantStates(t, stops, departed, approaching, arrived)
	d.drive(f, 9000)
	types := f.eventTypes(t)
	if types["route.wrong_way"] != 0 || types["route.off"] != 1 {
		t.Errorf("events %v", types)
	}
}
