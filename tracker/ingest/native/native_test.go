package native

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

const device = tracker.DeviceID("anna:van7")

var received = time.UnixMilli(1_767_225_601_000)

func report() firmware.Report {
	const at = firmware.Millis(1_767_225_600_000)
	return firmware.Report{
		Boot: 3, Sequence: 17, Time: at,
		Fixes: []firmware.Fix{
			{Time: at - 10_000, Lat: 481_371_540, Lon: -115_761_240},
			{Time: at, Lat: -10, Lon: 20, Known: 15, Accuracy: 45, Speed: 122, Heading: 270, Altitude: -13, Flags: firmware.Mocked},
		},
		Readings: []firmware.Reading{
			{Kind: firmware.Battery, Time: at, Value: 80}, {Kind: firmware.Battery, Time: at - 60_000, Value: 81},
			{Kind: firmware.Seal, Time: at, Value: firmware.SealCut},
		},
		Applied: firmware.Applied{Version: 7, Outcome: firmware.Fetching}, Firmware: "1.4.2",
	}
}

func frame(t *testing.T, r firmware.Report, key *firmware.Key, p firmware.Protection) []byte {
	t.Helper()
	b, err := r.Append(nil, key, p, firmware.Decimetre)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBothFormsSayTheSame(t *testing.T) {
	text, err := json.Marshal(report())
	if err != nil {
		t.Fatal(err)
	}
	var keys []tracker.ReportKey
	for _, payload := range [][]byte{frame(t, report(), nil, firmware.Plain), text} {
		r, err := Decode(nil, device, payload, received)
		if err != nil {
			t.Fatal(err)
		}
		said := tracker.Answer{
			Time: 1_767_225_600_000, Applied: firmware.Applied{Version: 7, Outcome: firmware.Fetching}, Firmware: "1.4.2",
			JSON: payload[0] == '{',
		}
		if !reflect.DeepEqual(r.Readings, report().Readings) || *r.Answer != said {
			t.Errorf("readings %+v, answer %+v", r.Readings, r.Answer)
		}
		want := []geofence.Fix{
			{Time: 1_767_225_590_000, Point: [2]float64{-11.576124, 48.137154}},
			{
				Time: 1_767_225_600_000, Point: [2]float64{2e-6, -1e-6},
				AccuracyMeters: 4.5, SpeedMPS: 12.2, HeadingDegrees: 270, AltitudeMeters: -1.3, Known: 15,
				Flags: geofence.FlagMock,
			},
		}
		if r.Device != device || !r.Received.Equal(received) || !reflect.DeepEqual(r.Fixes, want) {
			t.Errorf("report: %+v", r)
		}
		keys = append(keys, r.Key)
	}
	later := report()
	later.Sequence++
	r, err := Decode(nil, device, frame(t, later, nil, firmware.Plain), received)
	if err != nil || keys[0] != keys[1] || r.Key == keys[0] {
		t.Errorf("keys %d, then %d (%v)", keys, r.Key, err)
	}
}

// Seals are opened with the device's key, and are no choice where they are
// required.
func TestSeals(t *testing.T) {
	secret := make([]byte, firmware.SecretSize)
	key, err := firmware.UpKey(secret, string(device))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := firmware.UpKey(bytes.Repeat([]byte{1}, firmware.SecretSize), string(device))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := firmware.UpKey(secret, "anna:van8")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report())
	if err != nil {
		t.Fatal(err)
	}
	plain := frame(t, report(), nil, firmware.Plain)
	for name, c := range map[string]struct {
		required bool
		payload  []byte
		reason   string
	}{
		"authenticated":           {false, frame(t, report(), key, firmware.Authenticated), ""},
		"encrypted":               {true, frame(t, report(), key, firmware.Encrypted), ""},
		"plain":                   {false, plain, ""},
		"JSON":                    {false, text, ""},
		"plain, must be sealed":   {true, plain, ReasonPlain},
		"JSON, must be sealed":    {true, text, ReasonPlain},
		"sealed by another":       {false, frame(t, report(), foreign, firmware.Encrypted), ReasonTag},
		"authenticated by others": {true, frame(t, report(), foreign, firmware.Authenticated), ReasonTag},
	} {
		door := Door{Keys: func(id tracker.DeviceID, _ bool) ([]tracker.SealKey, bool) {
			return []tracker.SealKey{{Key: newer, Epoch: 6}, {Key: key, Epoch: 5}}, c.required && id == device
		}}
		r, err := door.Decode(device, c.payload, received)
		switch {
		case c.reason == "" && (err != nil || len(r.Fixes) != 2 || (r.Answer.Sealed == 5) != strings.HasSuffix(name, "ed")):
			t.Errorf("%s: %+v, %v", name, r, err)
		case c.reason != "" && (err == nil || tracker.RefusalOf(err).Reason() != c.reason):
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
	}
}

func TestRefusals(t *testing.T) {
	key, err := firmware.UpKey(make([]byte, firmware.SecretSize), string(device))
	if err != nil {
		t.Fatal(err)
	}
	good := frame(t, report(), nil, firmware.Plain)
	damaged := append([]byte(nil), good...)
	damaged[20] ^= 1
	for name, c := range map[string]struct {
		payload []byte
		reason  string
	}{
		"nothing":       {nil, ReasonFrame},
		"cut":           {good[:len(good)-1], ReasonFrame},
		"damaged":       {damaged, ReasonFrame},
		"other":         {[]byte("hello"), ReasonVersion},
		"authenticated": {frame(t, report(), key, firmware.Authenticated), ReasonSealed},
		"encrypted":     {frame(t, report(), key, firmware.Encrypted), ReasonSealed},
		"JSON":          {[]byte(`{"wg":1`), ReasonFrame},
		"OwnTracks":     {[]byte(`{"_type":"location","tst":1,"lat":1,"lon":1}`), ReasonVersion},
		"empty":         {frame(t, firmware.Report{Sequence: 1}, nil, firmware.Plain), tracker.ReasonIgnored},
	} {
		r, err := Door{}.Decode(device, c.payload, received)
		var refused *tracker.Refusal
		if !errors.As(err, &refused) || refused.Reason() != c.reason || refused.Ignored() != (c.reason == tracker.ReasonIgnored) || refused.Error() == "" {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
		if !reflect.ValueOf(r).IsZero() {
			t.Errorf("%s: came with %+v", name, r)
		}
	}
}

func TestTopics(t *testing.T) {
	for topic, want := range map[string]bool{
		"wg/1/anna:van7/up": true, "wg/1/anna:van7/down": false, "wg/1/anna:van7/online": false, "wg/1/anna:van7/up/x": false,
		"wg/1/anna:van7": false, "wg/1/bert:van7/up": false, "wg/2/anna:van7/up": false, "wg/1//up": false, "/wg/1/anna:van7/up": false,
		"wg/1/+/up": false, "": false,
	} {
		if got := (Door{}).Publishes(device, topic); got != want {
			t.Errorf("%q: %v", topic, got)
		}
	}
	if (Door{}).Publishes("", "wg/1//up") {
		t.Error("a device without an id publishes")
	}
}

// FuzzDecode: what is accepted can be taken by the fleet.
func FuzzDecode(f *testing.F) {
	r := report()
	plain, err := r.Append(nil, nil, firmware.Plain, firmware.Decimetre)
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add(text)
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := Decode(nil, device, payload, received)
		if err != nil {
			if !reflect.ValueOf(r).IsZero() {
				t.Fatalf("a refusal came with %+v", r)
			}
			return
		}
		if len(r.Fixes) > tracker.MaxFixes || len(r.Readings) > tracker.MaxReadings {
			t.Fatalf("%+v", r)
		}
		for i := range r.Readings {
			if err := r.Readings[i].Check(); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range r.Fixes {
			if lon, lat := x.Point[0], x.Point[1]; !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) {
				t.Fatalf("%+v", x)
			}
		}
	})
}

func TestDoorOwner(t *testing.T) {
	for topic, want := range map[string]tracker.DeviceID{
		"wg/1/van7/up":        "van7",
		"wg/1/anna:van7/up":   "anna:van7",
		"wg/1/van7/down":      "",
		"wg/1/van7/online":    "",
		"wg/1/van7/up/deeper": "",
		"wg/1/van7":           "",
		"wg/1//up":            "",
		"wg/1/van 7/up":       "",
		"wg/1/a:b:c/up":       "",
		"wg/2/van7/up":        "",
		"owntracks/anna/van7": "",
	} {
		id, ok := Door{}.Owner(topic)
		if ok != (want != "") || ok && id != want {
			t.Errorf("the owner of %q is %q, %t, want %q", topic, id, ok, want)
		}
		if ok && !(Door{}).Publishes(id, topic) {
			t.Errorf("%q is the owner of %q and may not publish to it", id, topic)
		}
	}
}
