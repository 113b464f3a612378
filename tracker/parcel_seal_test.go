package tracker_test

import (
	"encoding/json"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

// An armed seal that is opened names the parcel and its delivery, and so does
// its alert.
func TestOpenedSealNamesTheParcel(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	_, stops := tagged(t, f)
	at := time.Now().UTC().Truncate(time.Second)
	d, err := f.ChangeDesired(t.Context(), "tag-1", func(d tracker.Desired) (firmware.Desired, error) {
		d.State.Seal = firmware.SealArm
		return d.State, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seal := func(key tracker.ReportKey, after time.Duration, value int64, answer *tracker.Answer) {
		t.Helper()
		when := geofence.MillisOf(at.Add(after))
		err := f.Accept(t.Context(), tracker.Report{
			Device: "tag-1", Key: key, Received: at.Add(after), Answer: answer,
			Readings: []firmware.Reading{{Time: firmware.Millis(when), Kind: firmware.Seal, Value: value}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	seal(1, 0, firmware.SealClosed, &tracker.Answer{Time: geofence.MillisOf(at), Applied: firmware.Applied{Version: d.State.Version}})
	p, _ := f.Parcel("tag-1")
	if !f.ParcelStanding(p).Armed {
		t.Error("the parcel's seal is not armed")
	}
	seal(2, time.Minute, firmware.SealOpen, nil)
	events, _, err := f.Events(0, 1000, tracker.EventFilter{Type: "parcel.tamper"})
	var said struct {
		Cause, Parcel, Delivery string
	}
	if err != nil || len(events) != 1 || json.Unmarshal(events[0].Detail, &said) != nil {
		t.Fatalf("events %+v, %v", events, err)
	}
	if said.Cause != "seal_open" || said.Parcel != "tag-1" || said.Delivery != string(stops[1].ID) {
		t.Errorf("it says %s", events[0].Detail)
	}
	f.wantParcelAlert(t, "parcel.tamper", stops[1].ID)
}

// While it is on a round, a vehicle is held to the speed of its kind.
func TestSpeedOfAKind(t *testing.T) {
	for kind, implausible := range map[string]int{"van": 0, "bike": 1} {
		f := startWith(t, newFile(t), geofence.Settings{})
		r, _ := plan(t, f)
		_, err := f.Vehicles().Change(t.Context(), "van", tracker.AnyVersion, func(v *tracker.Vehicle) error { v.Kind = kind; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		d := &driven{t: t, device: "box", at: noon, x: 100} // at 0, 0 is nobody
		d.stand(f, time.Minute)
		for _, step := range []float64{50, 100, 150, 200, 225, 225} { // up to 45 m/s
			d.x += step
			d.report(f)
		}
		if n := f.count(t, geofence.Implausible); n != implausible {
			t.Errorf("a %s: %d times implausible, want %d", kind, n, implausible)
		}
	}
}
