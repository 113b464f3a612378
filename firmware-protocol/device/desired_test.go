package device

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

func openDesired(t *testing.T, o Options) *desired {
	t.Helper()
	o.ID = "van-1"
	d, err := loadDesired(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func tell(t *testing.T, d *desired, s firmware.Desired) (answer bool) {
	t.Helper()
	frame, err := s.Append(nil, nil, firmware.Plain)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = d.take(frame); err != nil {
		t.Fatal(err)
	}
	return answer
}

// A version is carried out once and in order, also over a restart, and each
// issue that is new is answered.
func TestEachVersionOnce(t *testing.T) {
	var done []uint32
	o := Options{BootFile: filepath.Join(t.TempDir(), "boot"), Obey: func(s firmware.Desired) firmware.Outcome {
		done = append(done, s.Version)
		if s.Version == 5 {
			return firmware.Refused
		}
		return firmware.InForce
	}}
	d := openDesired(t, o)
	arm, release := firmware.SealArm, firmware.SealRelease
	for i, c := range []struct {
		version, issue uint32
		seal           firmware.SealCommand
		again          bool // the device is started again before it
		answer, armed  bool
	}{
		{version: 1, issue: 3, seal: arm, answer: true, armed: true},
		{version: 1, issue: 3, seal: arm, armed: true},
		{version: 1, issue: 2, seal: arm, armed: true},
		{version: 1, issue: 4, seal: arm, answer: true, armed: true},
		{version: 3, issue: 0, seal: release, answer: true},
		{version: 2, issue: 9, seal: arm},
		{version: 3, issue: 1, seal: release, again: true, answer: true},
		{version: 1, issue: 8, seal: arm, again: true},
		{version: 4, issue: 0, answer: true},
		{version: 5, issue: 0, seal: arm, answer: true}, // refused
		{version: 5, issue: 1, seal: arm, again: true, answer: true},
		{version: 6, issue: 0, seal: arm, answer: true, armed: true},
	} {
		if c.again {
			d = openDesired(t, o)
		}
		answer := tell(t, d, firmware.Desired{Version: c.version, Issue: c.issue, Seal: c.seal})
		if answer != c.answer || d.current().Armed != c.armed {
			t.Errorf("message %d, %+v: answer %v, armed %v", i, c, answer, d.current().Armed)
		}
	}
	if want := []uint32{1, 3, 4, 5, 6}; !slices.Equal(done, want) {
		t.Errorf("carried out %d, want %d", done, want)
	}
}

// What the power was cut in the middle of says that it was refused, and is not
// begun a second time.
func TestCutInTheMiddle(t *testing.T) {
	o := Options{BootFile: filepath.Join(t.TempDir(), "boot"), Obey: func(firmware.Desired) firmware.Outcome { panic("the power is cut") }}
	func() {
		defer func() { _ = recover() }()
		tell(t, openDesired(t, o), firmware.Desired{Version: 1, Seal: firmware.SealRelease})
	}()
	again := openDesired(t, o)
	if !tell(t, again, firmware.Desired{Version: 1, Issue: 1, Seal: firmware.SealRelease}) {
		t.Error("no answer")
	}
	if got := again.applied(); got != (firmware.Applied{Version: 1, Outcome: firmware.Refused}) {
		t.Errorf("%+v", got)
	}
}

// Intervals on the move and at rest are kept to, and a report that is asked for
// comes with the next position.
func TestIntervals(t *testing.T) {
	d := openDesired(t, Options{BootFile: filepath.Join(t.TempDir(), "boot")})
	send := func(seconds float64, mps float32) bool {
		return !d.skips(&geofence.Fix{Time: geofence.Millis(1.7e12 + seconds*1000), SpeedMPS: mps, Known: geofence.KnownSpeed})
	}
	if !send(0, 10) || !send(1, 10) {
		t.Error("nothing is desired, and something is left out")
	}
	tell(t, d, firmware.Desired{Version: 1, Moving: 10 * time.Second, Resting: time.Minute})
	var sent []float64
	for s := 2.0; s < 40; s++ {
		if send(s, 10) {
			sent = append(sent, s)
		}
	}
	for s := 40.0; s < 200; s++ {
		if send(s, 0.2) {
			sent = append(sent, s)
		}
	}
	// A receiver that is a little early is not made to wait a whole second.
	if want := []float64{11, 21, 31, 91, 151}; !slices.Equal(sent, want) {
		t.Errorf("sent at %v, want %v", sent, want)
	}
	if !send(200, 10) || send(209, 10) || !send(209.6, 10) {
		t.Error("setting off is told late, or the tolerance is wrong")
	}
	tell(t, d, firmware.Desired{Version: 2, Moving: 10 * time.Second, Report: 1})
	if !send(211, 10) || send(212, 10) {
		t.Error("a report that was asked for does not come, or comes twice")
	}
	if !send(-1000, 10) {
		t.Error("a clock that was put back stops the reports")
	}
	var none *desired
	if none.skips(&geofence.Fix{}) || none.applied() != (firmware.Applied{}) {
		t.Error("a device that obeys nobody leaves something out")
	}
}

// With a frame secret only sealed messages are taken, and reports are sealed.
func TestSealedMessages(t *testing.T) {
	secret := make([]byte, firmware.SecretSize)
	o := Options{Broker: "localhost:1", ID: "van-1", BootFile: filepath.Join(t.TempDir(), "boot"), FrameSecret: secret, Firmware: "2.0"}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := firmware.Desired{Version: 1, Moving: time.Minute}
	key, err := firmware.DownKey(secret, "van-1")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Append(nil, key, firmware.Authenticated)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.Append(nil, nil, firmware.Plain)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range [][]byte{plain, text, nil, sealed[1:]} {
		if answer, err := d.desired.take(payload); err == nil || answer {
			t.Errorf("%q is taken", payload)
		}
	}
	if answer, err := d.desired.take(sealed); err != nil || !answer || d.Desired().Moving != time.Minute {
		t.Errorf("sealed: %v", err)
	}
	up, err := firmware.UpKey(secret, "van-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Send(t.Context(), report(1)); err != nil {
		t.Fatal(err)
	}
	payload, err := d.encode(report(2))
	if err != nil {
		t.Fatal(err)
	}
	r, err := firmware.ParseReport(payload, up)
	if err != nil || r.Applied.Version != 1 || r.Sequence != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	o.FrameSecret = secret[1:]
	if _, err := New(o); err == nil {
		t.Error("a short secret is taken")
	}
	o.FrameSecret = nil
	if err := os.WriteFile(o.BootFile+".desired", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(o); err == nil {
		t.Error("a damaged file is taken for none")
	}
}
