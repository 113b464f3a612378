package owntracks

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

const device = tracker.DeviceID("anna:van7")

var received = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func TestDecodeLocation(t *testing.T) {
	payload := []byte(`{"cog":271,"lon":2.29513,"acc":5,"vel":61,"vac":21,"lat":48.85833,"tst":1497349316,"alt":167,"_type":"location","tid":"JJ","t":"u","batt":67}`)
	r, err := Decode(device, payload, received)
	if err != nil {
		t.Fatal(err)
	}
	want := geofence.Fix{
		Time:           1497349316000,
		Point:          orb.Point{2.29513, 48.85833},
		AccuracyMeters: 5,
		SpeedMPS:       61.0 / 3.6,
		HeadingDegrees: 271,
		AltitudeMeters: 167,
		Known:          geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude,
	}
	if len(r.Fixes) != 1 || r.Fixes[0] != want {
		t.Errorf("fixes %+v, want %+v", r.Fixes, want)
	}
	if r.Device != device || !r.Received.Equal(received) || r.Key != tracker.ReportKey(xxhash.Sum64(payload)) {
		t.Errorf("report %+v", r)
	}
	if r.Battery == nil || *r.Battery != 67 {
		t.Errorf("battery %v, want 67", r.Battery)
	}
}

// known decodes a location with the given further members.
func known(t *testing.T, members string) (geofence.Fix, *uint8) {
	t.Helper()
	r, err := Decode(device, []byte(`{"_type":"location","tst":1700000000,"lat":1,"lon":2`+members+`}`), received)
	if err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	return r.Fixes[0], r.Battery
}

func TestDecodeOptionalFields(t *testing.T) {
	const none = geofence.Known(0)
	for _, c := range []struct {
		members string
		known   geofence.Known
		value   float32
	}{
		{``, none, 0},
		{`,"acc":12.5`, geofence.KnownAccuracy, 12.5},
		{`,"acc":0`, none, 0},
		{`,"acc":-1`, none, 0},
		{`,"acc":null`, none, 0},
		{`,"acc":1e300`, none, 0},
		{`,"acc":1e-300`, none, 0},
		{`,"vel":36`, geofence.KnownSpeed, 10},
		{`,"vel":0`, geofence.KnownSpeed, 0},
		{`,"vel":-1`, none, 0},
		{`,"vel":1e300`, none, 0},
		{`,"cog":0`, geofence.KnownHeading, 0},
		{`,"cog":359.5`, geofence.KnownHeading, 359.5},
		{`,"cog":360`, geofence.KnownHeading, 0},
		{`,"cog":361`, none, 0},
		{`,"cog":-1`, none, 0},
		{`,"alt":-3`, geofence.KnownAltitude, -3},
		{`,"alt":440,"vac":0`, geofence.KnownAltitude, 440},
		{`,"alt":0,"vac":-1`, none, 0},
		{`,"alt":1e300`, none, 0},
	} {
		f, _ := known(t, c.members)
		sum := f.AccuracyMeters + f.SpeedMPS + f.HeadingDegrees + f.AltitudeMeters
		if f.Known != c.known || sum != c.value {
			t.Errorf("%s: %+v, want known %b and value %v", c.members, f, c.known, c.value)
		}
	}
}

func TestDecodeBattery(t *testing.T) {
	for members, want := range map[string]int{
		``: -1, `,"batt":0`: 0, `,"batt":100`: 100, `,"batt":1e1`: 10,
		`,"batt":-1`: -1, `,"batt":101`: -1, `,"batt":12.6`: -1, `,"batt":null`: -1,
	} {
		got := -1
		if _, b := known(t, members); b != nil {
			got = int(*b)
		}
		if got != want {
			t.Errorf("%s: battery %d, want %d (-1 for unknown)", members, got, want)
		}
	}
}

func TestDecodeKeepsFractionsOfSeconds(t *testing.T) {
	r, err := Decode(device, []byte(`{"_type":"location","tst":1700000000.75,"lat":1,"lon":2}`), received)
	if err != nil || r.Fixes[0].Time != 1700000000750 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDecodeArray(t *testing.T) {
	r, err := Decode(device, []byte(`[
		{"_type":"location","tst":1700000000,"lat":1,"lon":2,"batt":50},
		{"_type":"transition","event":"enter"},
		{"_type":"location","tst":1700000010,"lat":1.5,"lon":2.5,"batt":49}]`), received)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Fixes) != 2 || r.Fixes[0].Time != 1700000000000 || r.Fixes[1].Point != (orb.Point{2.5, 1.5}) {
		t.Errorf("fixes %+v", r.Fixes)
	}
	if r.Battery == nil || *r.Battery != 49 {
		t.Errorf("battery %v, want the last, 49", r.Battery)
	}
}

func TestDecodeRefuses(t *testing.T) {
	location := func(members string) string { return `{"_type":"location",` + members + `}` }
	for _, c := range []struct{ payload, reason string }{
		{``, ReasonJSON},
		{`{`, ReasonJSON},
		{`null`, ReasonJSON},
		{`7`, ReasonJSON},
		{`"location"`, ReasonJSON},
		{`{"_type":"location","tst":1,}`, ReasonJSON},
		{location(`"tst":1,"lat":NaN,"lon":2`), ReasonJSON},
		{location(`"tst":1,"lat":1,"lon":2`) + `x`, ReasonJSON},
		{location(`"tst":1,"lat":1,"lon":2`) + location(`"tst":1,"lat":1,"lon":2`), ReasonJSON},
		{"{\"_type\":\"location\",\"tst\":1,\"lat\":1,\"lon\":2,\"SSID\":\"\xff\"}", ReasonJSON},
		{strings.Repeat(`[`, 20000), ReasonJSON},
		{`[]`, ReasonJSON},
		{`[` + location(`"tst":1,"lat":1,"lon":2`) + `,5]`, ReasonJSON},
		{`[[` + location(`"tst":1,"lat":1,"lon":2`) + `]]`, ReasonJSON},
		{`{}`, ReasonUnknownType},
		{`{"_type":""}`, ReasonUnknownType},
		{`{"_type":"Location","tst":1,"lat":1,"lon":2}`, ReasonUnknownType},
		{`{"_type":5,"tst":1,"lat":1,"lon":2}`, ReasonUnknownType},
		{`{"_type":"lwt","_type":"location","tst":1,"lat":1,"lon":2}`, ReasonUnknownType},
		{location(`"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":0,"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":-5,"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":null,"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":"1700000000","lat":1,"lon":2`), ReasonTime},
		{location(`"tst":1505910709000,"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":1e999,"lat":1,"lon":2`), ReasonTime},
		{location(`"tst":1,"lat":1`), ReasonPosition},
		{location(`"tst":1,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":null,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":90.0001,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":1,"lon":-180.0001`), ReasonPosition},
		{location(`"tst":1,"lat":1e999,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":-1e999,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":"NaN","lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":[1],"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":1,"lat":1,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":null,"lat":1,"lon":2`), ReasonPosition},
		{location(`"tst":1,"lat":1,"lon":2,"acc":"5"`), ReasonField},
		{location(`"tst":1,"lat":1,"lon":2,"vel":true`), ReasonField},
		{location(`"tst":1,"lat":1,"lon":2,"batt":{}`), ReasonField},
		{location(`"tst":1,"lat":1,"lon":2,"alt":1e999`), ReasonField},
		{location(`"tst":1,"lat":1,"lon":2,"acc":5,"acc":6`), ReasonField},
		{`[` + location(`"tst":1,"lat":1,"lon":2`) + `,` + location(`"tst":0,"lat":1,"lon":2`) + `]`, ReasonTime},
		{strings.Repeat(" ", MaxPayload) + location(`"tst":1,"lat":1,"lon":2`), ReasonTooLarge},
	} {
		wantRefusal(t, c.payload, c.reason, false)
	}
}

func TestDecodeIgnoresOtherTypes(t *testing.T) {
	for _, kind := range []string{
		"beacon", "card", "cmd", "configuration", "dump", "lwt", "request",
		"status", "steps", "transition", "waypoint", "waypoints",
	} {
		wantRefusal(t, `{"tst":0,"_type":"`+kind+`","lat":"x"}`, tracker.ReasonIgnored, true)
	}
	wantRefusal(t, `[{"_type":"card"},{"_type":"lwt"}]`, tracker.ReasonIgnored, true)
	wantRefusal(t, `[{"_type":"card"},{"_type":"cart"}]`, ReasonUnknownType, false)
}

func wantRefusal(t *testing.T, payload, reason string, ignored bool) {
	t.Helper()
	short := payload[:min(len(payload), 80)]
	r, err := Decode(device, []byte(payload), received)
	var refusal *tracker.Refusal
	if !errors.As(err, &refusal) {
		t.Errorf("%s: error %v, want a Refusal", short, err)
		return
	}
	if refusal.Reason() != reason || refusal.Ignored() != ignored {
		t.Errorf("%s: %s, ignored %t, %v; want %s, ignored %t", short, refusal.Reason(), refusal.Ignored(), err, reason, ignored)
	}
	if r.Fixes != nil || r.Key != 0 {
		t.Errorf("%s: a refusal came with a report", short)
	}
}

// The sentence goes to logs and screens, where positions and names have no
// place.
func TestRefusalQuotesNothing(t *testing.T) {
	for _, payload := range []string{
		`{"_type":"location","tst":1,"lat":91.2345,"lon":2,"secretname":1}`,
		`{"_type":"secretname"}`,
		`{"secretname":secretname}`,
		`{"_type":"location","tst":1,"lat":"secretname","lon":2}`,
	} {
		_, err := Decode(device, []byte(payload), received)
		if err == nil || strings.Contains(err.Error(), "secretname") || strings.Contains(err.Error(), "91.2") {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
