package broker

import (
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/ingest/native"
)

func openNative(t *testing.T) *house {
	t.Helper()
	return open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) { o.Doors = append(o.Doors, native.Door{Keys: o.Fleet.UpKeys}) })
}

// desire changes what is desired of the van.
func (h *house) desire(edit func(*firmware.Desired)) tracker.Desired {
	h.t.Helper()
	d, err := h.fleet.ChangeDesired(h.t.Context(), van, func(now tracker.Desired) (firmware.Desired, error) {
		edit(&now.State)
		return now.State, nil
	})
	must(h.t, err)
	return d
}

func (h *house) desired() tracker.Desired {
	h.t.Helper()
	d, ok := h.fleet.Desired(van)
	if !ok {
		h.t.Fatal("no van")
	}
	return d
}

// tracked is a reference device and what it was told to do.
type tracked struct {
	*device.Device
	mu   sync.Mutex
	told []firmware.Desired
	stop func()
}

func (d *tracked) versions() (versions []uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, state := range d.told {
		versions = append(versions, state.Version)
	}
	return versions
}

func (h *house) reference(boots string, mend func(*device.Options)) *tracked {
	h.t.Helper()
	d := new(tracked)
	o := device.Options{
		Broker: h.broker.Addr().String(), ID: string(van), Secret: h.secrets[van], BootFile: boots,
		RetryMax: time.Second, Log: slog.New(slog.DiscardHandler), Firmware: "1.0.0",
		Obey: func(state firmware.Desired) firmware.Outcome {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.told = append(d.told, state)
			return firmware.InForce
		},
	}
	if mend != nil {
		mend(&o)
	}
	var err error
	d.Device, err = device.New(o)
	must(h.t, err)
	d.stop = background(h.t, d.Run)
	h.t.Cleanup(d.stop)
	return d
}

func (d *tracked) fix(t *testing.T, second int) {
	t.Helper()
	must(t, d.Send(t.Context(), device.Report{Fix: geofence.Fix{
		Time: geofence.Millis(locationTST+second) * 1000, Point: [2]float64{13 + float64(second)/1e5, 52.1},
	}}))
}

// A device that is there obeys at once, and what it answers is shown.
func TestDesiredIsObeyed(t *testing.T) {
	h := openNative(t)
	d := h.reference(filepath.Join(t.TempDir(), "boot"), nil)
	d.fix(t, 0)
	eventually(t, "a connection", func() bool { return h.metric("connections") == 1 })
	h.desire(func(s *firmware.Desired) { s.Moving, s.Seal, s.Report = 10*time.Second, firmware.SealArm, 1 })
	eventually(t, "an answer", func() bool { now := h.desired(); return now.Applied != nil && !now.Behind() })
	if now := h.desired(); now.Applied.Outcome != firmware.InForce || now.Applied.Firmware != "1.0.0" || time.Since(now.Applied.Received) > time.Minute {
		t.Errorf("applied %+v", now.Applied)
	}
	if !d.Armed() || d.Desired().Moving != 10*time.Second {
		t.Errorf("the device has %+v, armed %v", d.Desired(), d.Armed())
	}
	for second := 1; second <= 30; second++ { // the first is sent as it was asked for
		d.fix(t, second)
	}
	eventually(t, "all is acknowledged", func() bool { return d.Stats().Pending() == 0 })
	h.wantStored(van, 0, 1, 11, 21)
	h.desire(func(s *firmware.Desired) {})
	if got := h.desired().State.Version; got != 1 {
		t.Errorf("version %d after nothing was changed", got)
	}
}

// A device that was away is told the newest version when it comes, and nothing
// of those before; a restart of it changes nothing.
func TestDesiredWaits(t *testing.T) {
	h := openNative(t)
	boots := filepath.Join(t.TempDir(), "boot")
	h.desire(func(s *firmware.Desired) { s.Seal = firmware.SealArm })
	h.desire(func(s *firmware.Desired) { s.Seal = firmware.SealRelease })
	d := h.reference(boots, nil)
	eventually(t, "an answer", func() bool { now := h.desired(); return now.Applied != nil && !now.Behind() })
	if got := d.versions(); !slices.Equal(got, []uint32{2}) || d.Armed() {
		t.Errorf("told of versions %d, armed %v", got, d.Armed())
	}
	d.stop()
	h.desire(func(s *firmware.Desired) { s.Moving = time.Minute })
	h.desire(func(s *firmware.Desired) { s.Moving = time.Hour })
	d = h.reference(boots, nil)
	eventually(t, "another answer", func() bool { return !h.desired().Behind() })
	if got := d.versions(); !slices.Equal(got, []uint32{4}) {
		t.Errorf("told of versions %d", got)
	}
}

// A device that was registered anew knows later versions than the server.
func TestDesiredCatchesUp(t *testing.T) {
	h := openNative(t)
	boots := filepath.Join(t.TempDir(), "boot")
	for moving := range 3 {
		h.desire(func(s *firmware.Desired) { s.Moving = time.Duration(moving+1) * time.Minute })
	}
	d := h.reference(boots, nil)
	eventually(t, "an answer", func() bool { now := h.desired(); return now.Applied != nil && !now.Behind() })
	d.stop()
	must(t, h.fleet.DeleteDevice(t.Context(), van, tracker.AnyVersion))
	var err error
	h.secrets[van], err = h.fleet.CreateDevice(t.Context(), tracker.Device{ID: van})
	must(t, err)
	if got := h.desired().State; got.Version != 0 {
		t.Errorf("a new device has %+v", got)
	}
	h.desire(func(s *firmware.Desired) { s.Moving = time.Hour })
	d = h.reference(boots, nil)
	eventually(t, "the new state", func() bool { return d.Desired().Moving == time.Hour })
}

// listen subscribes a plain client as the van, and collects what it is sent.
func (h *house) listen() (c paho.Client, got func() []firmware.Desired) {
	h.t.Helper()
	var mu sync.Mutex
	var all []firmware.Desired
	c = h.paho(van, "tcp", nil)
	finish(h.t, c.Subscribe("wg/1/anna:van7/down", 1, func(_ paho.Client, m paho.Message) {
		var state firmware.Desired
		err := state.UnmarshalJSON(m.Payload())
		if m.Payload()[0] != '{' {
			state, err = firmware.ParseDesired(m.Payload(), nil)
		}
		must(h.t, err)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, state)
	}))
	return c, func() []firmware.Desired {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// What is not answered is sent again: with each connection, when it changes,
// and after a while; under another issue each time, and in the form that the
// device speaks.
func TestDesiredIsSentUntilAnswered(t *testing.T) {
	h := openNative(t)
	h.desire(func(s *firmware.Desired) { s.Moving = time.Minute })
	first, gotFirst := h.listen()
	eventually(t, "the first", func() bool { return len(gotFirst()) == 1 })
	first.Disconnect(100)
	second, gotSecond := h.listen()
	eventually(t, "it again", func() bool { return len(gotSecond()) == 1 })
	h.desire(func(s *firmware.Desired) { s.Moving = time.Hour })
	eventually(t, "the change", func() bool { return len(gotSecond()) == 2 })
	if !testing.Short() {
		for end := time.Now().Add(20 * time.Second); len(gotSecond()) < 3; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("not sent again")
			}
		}
	}
	finish(t, second.Publish("wg/1/anna:van7/up", 1, false, `{"wg":1,"boot":1,"sequence":1,"firmware":"x"}`))
	h.desire(func(s *firmware.Desired) { s.Resting = time.Hour })
	// The report itself may have had the second version sent once more.
	eventually(t, "the third version", func() bool { all := gotSecond(); return all[len(all)-1].Version == 3 })
	finish(t, second.Publish("wg/1/anna:van7/up", 1, false, `{"wg":1,"boot":1,"sequence":2,"applied":{"version":3,"outcome":"refused"}}`))
	eventually(t, "an answer", func() bool { return !h.desired().Behind() })
	second.Disconnect(100)
	third, gotThird := h.listen()
	all := append(gotFirst(), gotSecond()...)
	for i, s := range all {
		if i > 0 && (s.Version < all[i-1].Version || s.Version == all[i-1].Version && s.Issue <= all[i-1].Issue) {
			t.Errorf("sent %d.%d after %d.%d", s.Version, s.Issue, all[i-1].Version, all[i-1].Issue)
		}
	}
	finish(t, third.Publish("wg/1/anna:van7/up", 1, false, `{"wg":1,"boot":1,"sequence":3,"firmware":"x"}`))
	if got := gotThird(); len(got) != 0 {
		t.Errorf("sent %+v, which was answered", got)
	}
	h.wantMetric("desired_sent_total", float64(len(all)))
}

// With its frame secret a device seals what it says and is told sealed what to
// do; then nobody speaks for it who has only found out how it signs in.
func TestSealedBothWays(t *testing.T) {
	h := openNative(t)
	secret, ok := h.fleet.FrameSecret(van)
	if !ok || len(secret) != firmware.SecretSize {
		t.Fatalf("secret %x", secret)
	}
	boots := filepath.Join(t.TempDir(), "boot")
	d := h.reference(boots, func(o *device.Options) { o.FrameSecret = secret })
	d.fix(t, 1)
	eventually(t, "an acknowledgement", func() bool { return d.Stats().Acknowledged == 1 })
	h.desire(func(s *firmware.Desired) { s.Seal = firmware.SealArm })
	eventually(t, "an answer", func() bool { return !h.desired().Behind() })
	if !d.Armed() {
		t.Error("not armed")
	}
	d.stop()
	c := h.paho(van, "tcp", nil)
	finish(t, c.Publish("wg/1/anna:van7/up", 1, false, `{"wg":1,"boot":9,"sequence":1,"applied":{"version":2,"outcome":"in_force"}}`))
	if got := h.quarantined(); len(got) != 1 || got[0] != "native not_sealed" {
		t.Errorf("quarantine %q", got)
	}
	var err error
	h.secrets[van], err = h.fleet.RotateSecret(t.Context(), van)
	must(t, err)
	if again, _ := h.fleet.FrameSecret(van); slices.Equal(again, secret) {
		t.Error("a rotation leaves the frame secret as it was")
	}
	d = h.reference(boots, nil)
	d.fix(t, 2)
	eventually(t, "a plain report of the new secret", func() bool { return d.Stats().Pending() == 0 })
	h.wantStored(van, 1, 2)
}

// Who does not listen any more is sent nothing, and no issue is spent on it. The
// first message of a subscription counts as retained, as it may be an old one.
func TestDesiredGoesToListeners(t *testing.T) {
	h := openNative(t)
	c := h.paho(van, "tcp", nil)
	const topic = "wg/1/anna:van7/down"
	got := make(chan paho.Message, 10)
	subscribe := func() { finish(t, c.Subscribe(topic, 0, func(_ paho.Client, m paho.Message) { got <- m })) }
	next := func(version, issue uint32, retained bool) {
		t.Helper()
		select {
		case m := <-got:
			s, err := firmware.ParseDesired(m.Payload(), nil)
			if err != nil || s.Version != version || s.Issue != issue || m.Retained() != retained {
				t.Errorf("sent %d.%d, retained %v (%v), want %d.%d, %v", s.Version, s.Issue, m.Retained(), err, version, issue, retained)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%d.%d is not sent", version, issue)
		}
	}
	subscribe()
	finish(t, c.Unsubscribe(topic))
	h.desire(func(s *firmware.Desired) { s.Moving = time.Minute })
	subscribe()
	next(1, 0, true)
	h.desire(func(s *firmware.Desired) { s.Moving = time.Hour })
	next(2, 0, false)
	subscribe()
	next(2, 1, true)
	h.wantMetric("desired_sent_total", 3)
}
