package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// featureFiles are texts that are worth trying, right and wrong ones.
func featureFiles(tb testing.TB) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "feature", "*.geojson"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no files in testdata/feature: %v", err)
	}
	files := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		files[filepath.Base(path)] = data
	}
	return files
}

func TestParseFenceCircle(t *testing.T) {
	r, err := ParseFence(featureFiles(t)["circle.geojson"])
	if err != nil {
		t.Fatal(err)
	}
	want := FenceRecord{
		Fence:      geofence.Fence{ID: "depot", Center: orb.Point{-8.6254, 52.6634}, RadiusMeters: 75.5, Dwell: 5 * time.Minute},
		Name:       "Depot <1> & yard",
		Properties: json.RawMessage(`{"kind":"fence","dwell":"5m"}`),
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	out, err := r.MarshalFeature()
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"type":"Feature","id":"depot","geometry":{"type":"Point","coordinates":[-8.6254,52.6634]},"properties":{"name":"Depot <1> & yard","radius_m":75.5,"kind":"fence","dwell":"5m"}}`
	if string(out) != text {
		t.Errorf("got  %s\nwant %s", out, text)
	}
}

// The dwell time that counts is the fence's; as given it stays if it means that.
func TestMarshalFenceDwell(t *testing.T) {
	for _, c := range []struct {
		given string
		dwell time.Duration
		want  string
	}{
		{`{"dwell":"300s"}`, 5 * time.Minute, `{"radius_m":20,"dwell":"300s"}`},
		{`{"dwell":"4m"}`, 5 * time.Minute, `{"radius_m":20,"dwell":300}`},
		{``, 90500 * time.Millisecond, `{"radius_m":20,"dwell":90.5}`},
		{`{"dwell":"4m"}`, 0, `{"radius_m":20}`},
	} {
		r := FenceRecord{Fence: geofence.Fence{ID: "x", RadiusMeters: 20, Dwell: c.dwell}, Properties: json.RawMessage(c.given)}
		out, err := r.MarshalFeature()
		if err != nil || !strings.Contains(string(out), `"properties":`+c.want) {
			t.Errorf("%s with %s: %s, %v", c.given, c.dwell, out, err)
		}
		back, err := ParseFence(out)
		if err != nil || back.Fence.Dwell != c.dwell {
			t.Errorf("%s: read back as %s, %v", out, back.Fence.Dwell, err)
		}
	}
}

func TestParseFencePolygon(t *testing.T) {
	r, err := ParseFence(featureFiles(t)["hole.geojson"])
	if err != nil {
		t.Fatal(err)
	}
	if r.Fence.ID != "17" || len(r.Fence.Polygons) != 1 || len(r.Fence.Polygons[0]) != 2 || r.Fence.RadiusMeters != 0 {
		t.Errorf("fence %+v", r.Fence)
	}
	// Numbers, escapes and a radius that means nothing here stay as given.
	if want := `{"colour":"#0a0","nested":{"b":[1,2.50,null],"a":"é\u003c"},"radius_m":12}`; string(r.Properties) != want {
		t.Errorf("properties %s, want %s", r.Properties, want)
	}
}

func TestParseFencesCollection(t *testing.T) {
	text := append([]byte("\ufeff"), featureFiles(t)["many.geojson"]...)
	records, err := ParseFences(text)
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	islands, plain := records[0], records[1]
	if islands.Fence.ID != "islands" || islands.Name != "Islands" || string(islands.Properties) != `{"id":"islands"}` {
		t.Errorf("islands: %+v", islands)
	}
	if want := (orb.Point{179, -17}); len(islands.Fence.Polygons) != 2 || islands.Fence.Polygons[0][0][0] != want {
		t.Errorf("islands: %v", islands.Fence.Polygons)
	}
	if plain.Fence.ID != "plain" || plain.Name != "" || plain.Properties != nil {
		t.Errorf("plain: %+v", plain)
	}
	if _, err := ParseFence(text); !errors.Is(err, ErrBadFence) {
		t.Errorf("two fences where one is wanted: %v", err)
	}
	if none, err := ParseFences([]byte(`{"type":"FeatureCollection","features":[]}`)); len(none) != 0 || err != nil {
		t.Errorf("empty collection: %v, %v", none, err)
	}
}

// feature is a Feature of the given parts.
func feature(id, geometry, properties string) string {
	return fmt.Sprintf(`{"type":"Feature","id":%s,"geometry":%s,"properties":%s}`, id, geometry, properties)
}

func polygonText(coordinates string) string {
	return fmt.Sprintf(`{"type":"Polygon","coordinates":%s}`, coordinates)
}

func TestParseFenceRefuses(t *testing.T) {
	const (
		point  = `{"type":"Point","coordinates":[8,50]}`
		radius = `{"radius_m":20}`
	)
	for _, c := range []struct{ name, text, want string }{
		{"empty", ``, "not JSON"},
		{"cut", `{"type":"Feature",`, "not JSON"},
		{"not UTF-8", "{\"type\":\"Feature\",\"id\":\"\xff\"}", "UTF-8"},
		{"a list", `[1]`, "JSON object"},
		{"bare geometry", point, `want "Feature"`},
		{"no features", `{"type":"FeatureCollection"}`, `"features" must be a list`},
		{"features null", `{"type":"FeatureCollection","features":null}`, `"features" must be a list`},
		{"feature null", `{"type":"FeatureCollection","features":[null]}`, "feature 1: must be a JSON object"},
		{"id twice", `{"type":"Feature","id":"a","id":"b"}`, `"id" is given twice`},
		{"no id", `{"type":"Feature","geometry":` + point + `,"properties":` + radius + `}`, "no id"},
		{"id empty", feature(`""`, point, radius), "0 characters"},
		{"id long", feature(`"`+strings.Repeat("é", 129)+`"`, point, radius), "129 characters"},
		{"id many bytes", feature(`"`+strings.Repeat("語", 100)+`"`, point, radius), "300 bytes"},
		{"id slash", feature(`"a/b"`, point, radius), `'/'`},
		{"id control", feature(`"a\u0007"`, point, radius), `'\a'`},
		{"id dots", feature(`".."`, point, radius), "URL"},
		{"id bool", feature(`true`, point, radius), "string or a number"},
		{"properties list", feature(`"x"`, point, `[]`), `feature "x": properties`},
		{"properties long", feature(`"x"`, point, `{"t":"`+strings.Repeat("x", MaxProperties)+`"}`), "the limit is"},
		{"name number", feature(`"x"`, point, `{"radius_m":20,"name":7}`), `feature "x": properties.name`},
		{"name long", feature(`"x"`, point, `{"radius_m":20,"name":"`+strings.Repeat("n", 257)+`"}`), "at most 256"},
		{"no geometry", feature(`"x"`, `null`, radius), `feature "x": no geometry`},
		{"geometry type", feature(`"x"`, `{"type":"GeometryCollection","geometries":[]}`, radius), `"GeometryCollection"`},
		{"line", feature(`"x"`, `{"type":"LineString","coordinates":[[0,0],[1,1]]}`, radius), "a LineString of a fence needs properties.corridor_m"},
		{"no coordinates", feature(`"x"`, `{"type":"Polygon"}`, `{}`), "no coordinates"},
		{"no radius", feature(`"x"`, point, `{}`), "radius_m"},
		{"radius string", feature(`"x"`, point, `{"radius_m":"20"}`), "radius_m"},
		{"radius zero", feature(`"x"`, point, `{"radius_m":0}`), "radius_m"},
		{"dwell text", feature(`"x"`, point, `{"radius_m":20,"dwell":"long"}`), `properties.dwell must be seconds above 0 or a duration such as "5m", not "long"`},
		{"dwell zero", feature(`"x"`, point, `{"radius_m":20,"dwell":0}`), "dwell"},
		{"dwell negative", feature(`"x"`, point, `{"radius_m":20,"dwell":"-5m"}`), "dwell"},
		{"dwell of milliseconds", feature(`"x"`, point, `{"radius_m":20,"dwell":0.3}`), "1s"},
		{"dwell of years", feature(`"x"`, point, `{"radius_m":20,"dwell":99999999}`), "dwell"},
		{"dwell huge", feature(`"x"`, point, `{"radius_m":20,"dwell":1e300}`), "dwell"},
		{"dwell list", feature(`"x"`, point, `{"radius_m":20,"dwell":[5]}`), "dwell"},
		{"radius negative", feature(`"x"`, point, `{"radius_m":-5}`), "radius_m"},
		{"point null", feature(`"x"`, `{"type":"Point","coordinates":[null,50]}`, radius), `has "null" where a number`},
		{"point NaN", feature(`"x"`, `{"type":"Point","coordinates":[NaN,50]}`, radius), "no NaN"},
		{"point string", feature(`"x"`, `{"type":"Point","coordinates":["8","50"]}`, radius), "where a number"},
		{"point huge", feature(`"x"`, `{"type":"Point","coordinates":[1e999,50]}`, radius), "where a number"},
		{"point object", feature(`"x"`, `{"type":"Point","coordinates":{"lon":8,"lat":50}}`, radius), "want [longitude, latitude]"},
		{"point empty", feature(`"x"`, `{"type":"Point","coordinates":[]}`, radius), "must be [longitude, latitude]"},
		{"altitude string", feature(`"x"`, `{"type":"Point","coordinates":[8,50,"high"]}`, radius), "where a number"},
		{"four numbers", feature(`"x"`, `{"type":"Point","coordinates":[8,50,1,2]}`, radius), "must be [longitude, latitude]"},
		{"ring null position", feature(`"x"`, polygonText(`[[[0,0],[4,0],null,[0,0]]]`), `{}`), `feature "x": ring 1: position 3`},
		{"too shallow", feature(`"x"`, polygonText(`[[0,0],[4,0],[4,4],[0,0]]`), `{}`), "position 1 is"},
		{"too deep", feature(`"x"`, polygonText(`[[[[0,0],[4,0],[4,4],[0,0]]]]`), `{}`), "position 1 must be"},
		{"number", feature(`"x"`, polygonText(`5`), `{}`), "list of rings"},
		{"no rings", feature(`"x"`, polygonText(`[]`), `{}`), `feature "x": `},
		{"unclosed", feature(`"x"`, polygonText(`[[[0,0],[4,0],[4,4],[0,4]]]`), `{}`), `feature "x": `},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseFence([]byte(c.text))
			if !errors.Is(err, ErrBadFence) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to say %q", err, c.want)
			}
			if !reflect.DeepEqual(r, FenceRecord{}) {
				t.Errorf("a failed parse gave %+v", r)
			}
		})
	}
}

// Which rule of geometry was broken can be told without reading the text.
func TestParseFenceWrapsGeofence(t *testing.T) {
	for want, geometry := range map[error]string{
		geofence.ErrUnclosedRing: polygonText(`[[[0,0],[4,0],[4,4],[0,4]]]`),
		geofence.ErrEmpty:        polygonText(`[]`),
		geofence.ErrCoordinates:  polygonText(`[[[0,0],[4,0],[4,94],[0,0]]]`),
	} {
		_, err := ParseFence([]byte(feature(`"x"`, geometry, `{}`)))
		if !errors.Is(err, want) || !errors.Is(err, ErrBadFence) {
			t.Errorf("%s: %v", geometry, err)
		}
	}
}

func TestParseFencesSaysWhere(t *testing.T) {
	good := feature(`"a"`, `{"type":"Point","coordinates":[8,50]}`, `{"radius_m":20}`)
	collection := func(features ...string) []byte {
		return []byte("{\"type\":\"FeatureCollection\",\n\"features\":[\n" + strings.Join(features, ",\n\n") + "\n]}")
	}
	for _, c := range []struct {
		text   []byte
		line   int
		number int
		id     string
	}{
		{collection(good, good), 5, 2, "a"},
		{collection(good, feature(`"b"`, `null`, `{}`)), 5, 2, "b"},
		{collection(good, feature(`"b"`, polygonText(`[]`), `{}`)), 5, 2, "b"},
		{collection(`{"type":"Feature"}`), 3, 1, ""},
		{[]byte("{\n\n\"type\":NaN}"), 3, 0, ""},
	} {
		_, err := ParseFences(c.text)
		var at *FeatureError
		if !errors.As(err, &at) {
			t.Fatalf("%s: %v", c.text, err)
		}
		if at.Line != c.line || at.Number != c.number || at.ID != c.id {
			t.Errorf("line %d, feature %d %q (%v), want line %d, feature %d %q", at.Line, at.Number, at.ID, err, c.line, c.number, c.id)
		}
	}
}

func TestMarshalFeatureRefuses(t *testing.T) {
	for _, r := range []FenceRecord{
		{Fence: geofence.Fence{ID: "x", RadiusMeters: 1}, Properties: json.RawMessage(`[1]`)},
		{Fence: geofence.Fence{ID: "x", RadiusMeters: 1}, Properties: json.RawMessage(`{"a":`)},
	} {
		if out, err := r.MarshalFeature(); err == nil {
			t.Errorf("%s", out)
		}
	}
}

// What is accepted is written so that it reads the same.
func FuzzParseFence(f *testing.F) {
	for _, data := range featureFiles(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := ParseFences(data)
		if err != nil {
			if !errors.Is(err, ErrBadFence) || records != nil {
				t.Fatalf("%v, %v", records, err)
			}
			return
		}
		for _, r := range records {
			out, err := r.MarshalFeature()
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseFence(out)
			if err != nil {
				t.Fatalf("%s: %v", out, err)
			}
			if !reflect.DeepEqual(again, r) {
				t.Fatalf("%s\ngot  %+v\nwant %+v", out, again, r)
			}
		}
	})
}
