package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// planText is a plan of the features, each on a line of its own from line 2.
func planText(features ...string) string {
	return "{\"type\":\"FeatureCollection\",\"features\":[\n" + strings.Join(features, ",\n") + "\n]}"
}

// planFeature is a feature of a plan; properties continue those with the kind.
func planFeature(kind, id, geometry, properties string) string {
	return fmt.Sprintf(`{"type":"Feature","id":%q,"geometry":%s,"properties":{"kind":%q%s}}`, id, geometry, kind, properties)
}

const (
	pointGeometry   = `{"type":"Point","coordinates":[15.6,48.41]}`
	lineGeometry    = `{"type":"LineString","coordinates":[[15.6,48.41],[15.61,48.42,200]]}`
	polygonGeometry = `{"type":"Polygon","coordinates":[[[15.6,48.41],[15.61,48.41],[15.61,48.42],[15.6,48.41]]]}`
)

func TestParsePlan(t *testing.T) {
	text := "\ufeff" + strings.TrimSuffix(planText(
		planFeature("fence", "F", polygonGeometry, `,"name":"Yard"`),
		planFeature("fence", "C", pointGeometry, `,"radius_m":25,"dwell":"5m"`),
		planFeature("fence", "D", pointGeometry, `,"radius_m":25,"dwell":90`),
		planFeature("route", "R", lineGeometry, `,"corridor_m":40`),
		planFeature("stop", "F", pointGeometry, `,"sequence":1,"window_start":"2026-01-26T09:00:00+01:00","window_end":1769418000,"geocode_accuracy_m":8,"address":"Markt 1","service_s":90`),
		planFeature("stop", "2", polygonGeometry, `,"sequence":2,"window_end":null,"device":"van7"`),
		planFeature("depot", "D", pointGeometry, `,"radius_m":80`),
		planFeature("address", "A", pointGeometry, ``),
		planFeature("hazard", "H", polygonGeometry, ``),
	), "}") + `,"settings":{"default_accuracy_m":12,"exit_margin":3,"enter_after_s":45.5,"enter_margin":null},"name":"round 7",
		"devices":[{"id":"tag1","carrier":"van7","destination":"2","max_speed_mps":40,"silent_after_s":3600,"handover_m":4}],
		"breaks":[{"from":1769418000,"to":"2026-01-26T09:30:00Z"}]}`
	p, err := parsePlan("plan.geojson", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if p.settings != (geofence.Settings{DefaultAccuracyMeters: 12, Thresholds: geofence.Thresholds{ExitMargin: 3, EnterAfter: 45500 * time.Millisecond}}) || len(p.fences) != 3 || p.fences[1].RadiusMeters != 25 {
		t.Errorf("settings %+v, fences %+v", p.settings, p.fences)
	}
	if p.fences[1].Dwell != 5*time.Minute || p.fences[2].Dwell != 90*time.Second {
		t.Errorf("dwell times %s and %s", p.fences[1].Dwell, p.fences[2].Dwell)
	}
	wantRoute := orderedRoute{Route: geofence.Route{ID: "R", Line: orb.LineString{{15.6, 48.41}, {15.61, 48.42}}, CorridorMeters: 40}}
	if !reflect.DeepEqual(p.orders.routes, []orderedRoute{wantRoute}) {
		t.Errorf("routes %v", p.orders.routes)
	}
	first := orderedStop{sequence: 1, Stop: geofence.Stop{
		ID: "F", Place: geofence.Place{Point: orb.Point{15.6, 48.41}},
		WindowStart: millis(t, "2026-01-26T08:00:00Z"), WindowEnd: millis(t, "2026-01-26T09:00:00Z"),
		GeocodeAccuracyMeters: 8, Service: 90 * time.Second,
	}}
	stops := p.orders.stops
	if len(stops) != 2 || !reflect.DeepEqual(stops[0], first) || len(stops[1].Polygons) != 1 || stops[1].device != "van7" {
		t.Errorf("stops %+v", stops)
	}
	if len(p.addresses) != 1 || p.addresses[0].ID != "A" || len(p.hazards) != 1 || p.hazards[0].ID != "H" {
		t.Errorf("addresses %v, hazards %v", p.addresses, p.hazards)
	}
	if len(p.orders.depots) != 1 || p.orders.depots[0].RadiusMeters != 80 {
		t.Errorf("depots %v", p.orders.depots)
	}
	if want := []geofence.Device{{ID: "tag1", Carrier: "van7", Destination: "2", MaxSpeedMPS: 40, SilentAfter: time.Hour, HandoverMeters: 4}}; !slices.Equal(p.devices, want) {
		t.Errorf("devices %v", p.devices)
	}
	if want := []geofence.Break{{From: 1769418000_000, To: 1769419800_000}}; !slices.Equal(p.breaks, want) {
		t.Errorf("breaks %v", p.breaks)
	}
}

func millis(t *testing.T, text string) geofence.Millis {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return geofence.MillisOf(at)
}

// What names a device is that device's, what names none everybody's; stops are
// in order of sequence.
func TestRounds(t *testing.T) {
	p, err := parsePlan("plan.geojson", []byte(planText(
		planFeature("route", "R", lineGeometry, `,"device":"a"`),
		planFeature("stop", "late", pointGeometry, `,"sequence":9`),
		planFeature("stop", "early", pointGeometry, `,"sequence":1`),
		planFeature("stop", "own", pointGeometry, `,"sequence":4,"device":"b"`),
	)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range p.orders.rounds(p.breaks) {
		line := fmt.Sprint(r.Devices, " ", len(r.Routes))
		for _, s := range r.Stops {
			line += " " + string(s.ID)
		}
		got = append(got, line)
	}
	want := []string{"[] 0 early late", "[a] 1 early late", "[b] 0 early own late"}
	if !slices.Equal(got, want) {
		t.Errorf("rounds %q, want %q", got, want)
	}
	if _, err := p.world(false); err != nil {
		t.Error(err)
	}
}

func TestParsePlanRefuses(t *testing.T) {
	circle := planFeature("fence", "A", pointGeometry, `,"radius_m":25`)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "plan.geojson:1: feature: not JSON"},
		{"cut", "{\n\n\"type\"", "plan.geojson:3: "},
		{"a lone feature", "\n" + circle, "plan.geojson:2: a plan must be a FeatureCollection"},
		{"no kind", planText(circle, `{"type":"Feature","id":"x","geometry":`+pointGeometry+`,"properties":{}}`), `plan.geojson:3: feature 2 "x": no properties.kind`},
		{"kind number", planText(`{"type":"Feature","id":"x","geometry":` + pointGeometry + `,"properties":{"kind":1}}`), "kind must be a string"},
		{"unknown kind", planText(planFeature("zone", "x", pointGeometry, "")), `unknown kind "zone": the kinds are fence, route`},
		{"no id", planText(`{"type":"Feature","geometry":` + pointGeometry + `,"properties":{"kind":"address"}}`), "plan.geojson:2: feature 1: no id"},
		{"same id", planText(circle, planFeature("stop", "A", pointGeometry, `,"sequence":1`), circle), `plan.geojson:4: feature 3 "A": feature 1 is a fence of the same id`},
		{"fence line", planText(planFeature("fence", "x", lineGeometry, "")), `feature 1 "x": a LineString of a fence needs properties.corridor_m`},
		{"fence radius", planText(planFeature("fence", "x", pointGeometry, "")), "radius_m"},
		{"fence unclosed", planText(planFeature("fence", "x", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}`, "")), `plan.geojson:2: feature 1 "x": `},
		{"dwell", planText(planFeature("fence", "x", pointGeometry, `,"radius_m":25,"dwell":"long"`)), `dwell must be seconds above 0 or a duration such as "5m", not "long"`},
		{"dwell zero", planText(planFeature("fence", "x", pointGeometry, `,"radius_m":25,"dwell":0`)), "dwell"},
		{"dwell huge", planText(planFeature("fence", "x", pointGeometry, `,"radius_m":25,"dwell":1e300`)), "dwell"},
		{"route point", planText(planFeature("route", "x", pointGeometry, "")), "the geometry of a route must be a LineString, not a Point"},
		{"route short", planText(planFeature("route", "x", `{"type":"LineString","coordinates":[[1,1]]}`, "")), "two different positions"},
		{"route standing", planText(planFeature("route", "x", `{"type":"LineString","coordinates":[[1,1],[1,1]]}`, "")), "two different positions"},
		{"route range", planText(planFeature("route", "x", `{"type":"LineString","coordinates":[[1,1],[1,91]]}`, "")), "position 2: latitude 91 is outside -90..90"},
		{"corridor", planText(planFeature("route", "x", lineGeometry, `,"corridor_m":-1`)), "corridor_m must be a number above 0, not -1"},
		{"stop line", planText(planFeature("stop", "x", lineGeometry, `,"sequence":1`)), "the geometry of a stop must be a Point or a Polygon, not a LineString"},
		{"stop range", planText(planFeature("stop", "x", `{"type":"Point","coordinates":[181,0]}`, `,"sequence":1`)), "longitude 181 is outside -180..180"},
		{"stop ring", planText(planFeature("stop", "x", `{"type":"Polygon","coordinates":[]}`, `,"sequence":1`)), `feature 1 "x": `},
		{"no sequence", planText(planFeature("stop", "x", pointGeometry, "")), "a stop needs a sequence"},
		{"sequence fraction", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1.5`)), "sequence must be a whole number from 0, not 1.5"},
		{"sequence negative", planText(planFeature("stop", "x", pointGeometry, `,"sequence":-1`)), "sequence"},
		{"window text", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"window_start":"nine"`)), `plan.geojson:2: feature 1 "x": window_start "nine" is neither RFC 3339`},
		{"window zone", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"window_end":"2026-01-26T09:00:00"`)), "window_end"},
		{"window order", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"window_start":20,"window_end":20`)), "window_end is not after window_start"},
		{"geocode", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"geocode_accuracy_m":"8"`)), "geocode_accuracy_m"},
		{"address text", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"address":7`)), "address must be a string"},
		{"address line", planText(planFeature("address", "x", lineGeometry, "")), "an address must be a Point or a Polygon, not a LineString"},
		{"hazard of a fence's id", planText(circle, planFeature("hazard", "A", polygonGeometry, "")), `plan.geojson:3: feature 2 "A": feature 1 is a fence of the same id`},
		{"hazard line", planText(planFeature("hazard", "x", lineGeometry, "")), "LineString"},
		{"settings", "{\"type\":\"FeatureCollection\",\n\"features\":[],\n\"settings\":{\"acuracy\":1}}", `plan.geojson:3: settings: bad settings: there is no "acuracy"; the settings are accept_after_s, `},
		{"settings year", `{"type":"FeatureCollection","features":[],"settings":{"enter_after_s":1e9}}`, "enter_after_s must be above 0 and at most"},
		{"device of a stop", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"device":7`)), "device must be a string"},
		{"service", planText(planFeature("stop", "x", pointGeometry, `,"sequence":1,"service_s":1e12`)), "service_s"},
		{"depot line", planText(planFeature("depot", "x", lineGeometry, "")), "a depot must be a Point or a Polygon"},
		{"devices object", "{\"type\":\"FeatureCollection\",\"features\":[],\n\"devices\":{}}", "plan.geojson:2: devices: must be a list"},
		{"device id", `{"type":"FeatureCollection","features":[],"devices":[{}]}`, "devices: number 1: no id"},
		{"device member", `{"type":"FeatureCollection","features":[],"devices":[{"id":"a","speed":1}]}`, `unknown member "speed": there are id, carrier`},
		{"device twice", `{"type":"FeatureCollection","features":[],"devices":[{"id":"a"},{"id":"a"}]}`, `number 2: there are two of id "a"`},
		{"destination", `{"type":"FeatureCollection","features":[],"devices":[{"id":"a","destination":"S"}]}`, "needs a carrier"},
		{"breaks", `{"type":"FeatureCollection","features":[],"breaks":[{"from":9,"to":9}]}`, `breaks: number 1: a break needs "from" and a later "to"`},
		{"settings list", `{"type":"FeatureCollection","features":[],"settings":[]}`, "settings: must be a JSON object"},
		{"settings value", `{"type":"FeatureCollection","features":[],"settings":{"default_accuracy_m":0}}`, "default_accuracy_m must be a number above 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePlan("plan.geojson", []byte(c.text))
			if err == nil || !strings.HasPrefix(err.Error(), "plan.geojson:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if p != nil {
				t.Errorf("a refused plan gave %+v", p)
			}
		})
	}
}

func TestReadPlanMissing(t *testing.T) {
	if _, err := readPlan(filepath.Join(t.TempDir(), "none.geojson")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
