package tracker

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

const lineText = `{"type":"LineString","coordinates":[[8,50],[8.1,50]]}`

func TestParseFenceCorridorWithLimits(t *testing.T) {
	const properties = `{"colour":"red","ceiling_m":120,"exit_after_s":90.5,"exit_margin":2,"corridor_m":30,"floor_m":null}`
	r, err := ParseFence([]byte(feature(`"air"`, lineText, properties)))
	if err != nil {
		t.Fatal(err)
	}
	want := FenceRecord{
		Fence: geofence.Fence{
			ID: "air", Line: orb.LineString{{8, 50}, {8.1, 50}}, CorridorMeters: 30,
			Band:       geofence.Band{FloorMeters: math.Inf(-1), CeilingMeters: 120},
			Thresholds: geofence.Thresholds{ExitMargin: 2, ExitAfter: 90500 * time.Millisecond},
		},
		Properties: json.RawMessage(`{"colour":"red","floor_m":null}`),
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	out, err := r.MarshalFeature()
	if err != nil {
		t.Fatal(err)
	}
	text := feature(`"air"`, lineText, `{"corridor_m":30,"ceiling_m":120,"exit_margin":2,"exit_after_s":90.5,"colour":"red","floor_m":null}`)
	if string(out) != text {
		t.Errorf("got  %s\nwant %s", out, text)
	}
}

// Every threshold comes back as it was given.
func TestFenceThresholdsRoundTrip(t *testing.T) {
	names := 0
	for name := range (geofence.Thresholds{
		EnterMargin: 1, EnterAfter: 1e9, ExitMargin: 1, ExitAfter: 1e9, ReturnMargin: 1, ReturnAfter: 1e9, CrossMargin: 1, CrossWithin: 1e9,
	}).Given {
		names++
		text := feature(`"x"`, lineText, `{"corridor_m":30,"`+name+`":0.25}`)
		r, err := ParseFence([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out, err := r.MarshalFeature(); err != nil || string(out) != text {
			t.Errorf("%s, %v, want %s", out, err, text)
		}
	}
	if fields := reflect.TypeFor[geofence.Thresholds]().NumField(); names != fields {
		t.Errorf("%d names for %d fields", names, fields)
	}
}

func TestParseFenceRefusesLimits(t *testing.T) {
	for _, c := range []struct {
		name, geometry, properties, want string
		wraps                            error
	}{
		{"no corridor", lineText, `{}`, "corridor_m", nil},
		{"corridor zero", lineText, `{"corridor_m":0}`, "corridor_m", nil},
		{"corridor too wide", lineText, `{"corridor_m":1e9}`, "either side", geofence.ErrCorridor},
		{"one position", `{"type":"LineString","coordinates":[[8,50]]}`, `{"corridor_m":5}`, "two", geofence.ErrTooFew},
		{"off the globe", `{"type":"LineString","coordinates":[[8,50],[8,95]]}`, `{"corridor_m":5}`, "globe", geofence.ErrCoordinates},
		{"floor a word", lineText, `{"corridor_m":5,"floor_m":"low"}`, "floor_m must be a number", nil},
		{"upside down", lineText, `{"corridor_m":5,"floor_m":9,"ceiling_m":3}`, "below", geofence.ErrBand},
		{"empty band", lineText, `{"corridor_m":5,"floor_m":0,"ceiling_m":0}`, "below", geofence.ErrBand},
		{"in space", lineText, `{"corridor_m":5,"floor_m":1e6}`, "altitudes", geofence.ErrBand},
		{"margin negative", lineText, `{"corridor_m":5,"exit_margin":-1}`, "exit_margin", geofence.ErrSettings},
		{"margin a word", lineText, `{"corridor_m":5,"exit_margin":"2"}`, "exit_margin must be a number", nil},
		{"cross for an hour", lineText, `{"corridor_m":5,"cross_within_s":3600}`, "cross_within_s", geofence.ErrSettings},
	} {
		_, err := ParseFence([]byte(feature(`"x"`, c.geometry, c.properties)))
		if !errors.Is(err, ErrBadFence) || !strings.Contains(err.Error(), c.want) || c.wraps != nil && !errors.Is(err, c.wraps) {
			t.Errorf("%s: %v, want it to say %q", c.name, err, c.want)
		}
	}
}
