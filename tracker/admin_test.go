package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestDevices(t *testing.T) {
	path := newFile(t)
	r := start(t, path)
	for _, id := range []string{"", "a b", "a/b", "a:b:c", ":b", "a:", "ä", ".", "..", strings.Repeat("x", 65)} {
		if _, err := r.CreateDevice(t.Context(), tracker.Device{ID: tracker.DeviceID(id)}); !errors.Is(err, tracker.ErrDeviceID) {
			t.Errorf("%q: %v, want ErrDeviceID", id, err)
		}
	}
	phone, err := r.CreateDevice(t.Context(), tracker.Device{ID: "ann:phone", Name: "Phone", Kind: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	van, err := r.CreateDevice(t.Context(), tracker.Device{ID: "ann:van"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateDevice(t.Context(), tracker.Device{ID: "ann:van"}); !errors.Is(err, tracker.ErrExists) {
		t.Errorf("a second ann:van: %v, want ErrExists", err)
	}
	rotated, err := r.RotateSecret(t.Context(), "ann:van")
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	r = start(t, path)
	for _, test := range []struct {
		name, secret string
		want         tracker.DeviceID
	}{
		{"ann:phone", phone, "ann:phone"},
		{"ann", phone, "ann:phone"},
		{"ann", rotated, "ann:van"},
		{"ann:van", rotated, "ann:van"},
		{"ann:van", van, ""},
		{"ann:van", phone, ""},
		{"ann:phone", "", ""},
		{"bob", phone, ""},
		{"", phone, ""},
	} {
		if got, ok := r.Authenticate(test.name, test.secret); got != test.want || ok != (test.want != "") {
			t.Errorf("%s with its secret: %q, %v, want %q", test.name, got, ok, test.want)
		}
	}
	if err := r.DeleteDevice(t.Context(), "ann:van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if err := r.DeleteDevice(t.Context(), "ann:van", tracker.AnyVersion); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("deleting it again: %v, want ErrNotFound", err)
	}
	if _, ok := r.Authenticate("ann", rotated); ok {
		t.Error("a deleted device can sign in")
	}
	if err := r.Accept(t.Context(), report("ann:van", 1, 1)); !errors.Is(err, tracker.ErrUnknownDevice) {
		t.Errorf("a deleted device reports: %v", err)
	}
	if got := r.Devices(); len(got) != 1 || got[0].ID != "ann:phone" || got[0].Name != "Phone" || got[0].Kind != "phone" {
		t.Errorf("devices are %+v", got)
	}
}

// TestFenceEditsInReplay moves a fence under a standing device again and
// again, and wants a crash to change nothing: each journal entry is replayed
// under the fences of its own time.
func TestFenceEditsInReplay(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.accept(t, report("van", 0, 0))
	for i := 1; i <= 6; i++ {
		r.fence(t, circle("a", float64(i)), circle("b", float64(-i)))
		r.accept(t, report("van", 10*i, float64(i)))
		r.accept(t, report("van", 10*i+5, float64(i)+0.5))
	}
	if err := r.DeleteFence(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	want := r.eventLines(t)
	if len(want) != 12 {
		t.Fatalf("%d events, want 12: %q", len(want), want)
	}
	again := r.crash(t)
	if got := again.eventLines(t); !slices.Equal(got, want) {
		t.Errorf("after a crash: %q, want %q", got, want)
	}
	if again.WorldVersion() != r.WorldVersion() || len(again.Fences()) != 1 || again.Fences()[0].Fence.Center != r.Fences()[0].Fence.Center {
		t.Errorf("after a crash: world %d with %+v, want %d with %+v", again.WorldVersion(), again.Fences(), r.WorldVersion(), r.Fences())
	}
	for _, fleet := range []*running{r, again} {
		fleet.accept(t, report("van", 100, 6), report("van", 110, 9))
		if got := fleet.eventLines(t)[12:]; len(got) != 2 || got[0] != "13 van geofence.enter a 1m40s" {
			t.Errorf("going on gives %q", got)
		}
	}
}

func TestFenceRefusals(t *testing.T) {
	r := start(t, newFile(t))
	r.fence(t, circle("depot", 1))
	version := r.WorldVersion()
	bow := orb.MultiPolygon{{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}}
	for name, f := range map[string]geofence.Fence{
		"no id":         {RadiusMeters: 5},
		"control":       {ID: "a\x00b", RadiusMeters: 5},
		"empty":         {ID: "x"},
		"self-crossing": {ID: "x", Polygons: bow},
		"unclosed":      {ID: "x", Polygons: orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}},
	} {
		err := r.PutFences(t.Context(), circle("other", 2), tracker.FenceRecord{Fence: f})
		if !errors.Is(err, tracker.ErrBadFence) {
			t.Errorf("%s: %v, want ErrBadFence", name, err)
		}
	}
	if r.WorldVersion() != version || len(r.Fences()) != 1 {
		t.Errorf("refused edits left world %d with %d fences", r.WorldVersion(), len(r.Fences()))
	}
	if err := r.DeleteFence(t.Context(), "nowhere"); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("deleting an unknown fence: %v", err)
	}
}

func TestLargeImport(t *testing.T) {
	r := start(t, newFile(t))
	records := make([]tracker.FenceRecord, 1000)
	for i := range records {
		records[i] = circle(fmt.Sprintf("f%04d", i), float64(i))
	}
	r.fence(t, records...)
	again := r.crash(t)
	if len(r.Fences()) != 1000 || len(again.Fences()) != 1000 || again.WorldVersion() != r.WorldVersion() {
		t.Errorf("%d fences, %d after a crash", len(r.Fences()), len(again.Fences()))
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	r := start(t, newFile(t))
	const extra = 25
	done := make(chan error, tracker.MaxQuarantined+extra)
	for i := range tracker.MaxQuarantined + extra {
		refusal := tracker.Refused{Device: "van", Received: noon, Door: "d", Reason: "bad_json", Detail: fmt.Sprint(i), Payload: make([]byte, 5000)}
		if err := r.Quarantine(context.Background(), refusal, func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range tracker.MaxQuarantined + extra {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	again := r.crash(t)
	err := again.Quarantine(context.Background(), tracker.Refused{Detail: "newest"}, func(err error) { done <- err })
	if err != nil || <-done != nil {
		t.Fatal("the quarantine does not go on after a crash")
	}
	got, err := again.Quarantined()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != tracker.MaxQuarantined || got[0].Detail != "newest" || got[1].Detail != fmt.Sprint(tracker.MaxQuarantined+extra-1) {
		t.Errorf("%d refusals, the newest %q and %q", len(got), got[0].Detail, got[1].Detail)
	}
	if len(got[1].Payload) != tracker.MaxQuarantinedPayload {
		t.Errorf("%d bytes of a payload are kept", len(got[1].Payload))
	}
}

func TestRecords(t *testing.T) {
	r := start(t, newFile(t))
	if err := r.PutRecords(t.Context(), "s", tracker.Record{Key: "a1", Value: []byte("x")}, tracker.Record{Key: "b1", Value: []byte("y")}, tracker.Record{Key: "a2", Value: []byte{}}); err != nil {
		t.Fatal(err)
	}
	if err := r.PutRecords(t.Context(), "s", tracker.Record{Key: "b1"}); err != nil {
		t.Fatal(err)
	}
	again := r.crash(t)
	var keys []string
	if err := again.ScanRecords("s", "a", func(rec tracker.Record) error { keys = append(keys, rec.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	gone, err := again.GetRecord("s", "b1")
	if !slices.Equal(keys, []string{"a1", "a2"}) || gone != nil || err != nil {
		t.Errorf("keys %q, b1 is %q, %v", keys, gone, err)
	}
}

func TestSubscription(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "a")
	r.device(t, "b")
	r.fence(t, circle("depot", 1))
	r.accept(t, report("a", 0, 0))
	s := r.Subscribe()
	defer s.Close()
	take := func() (map[tracker.DeviceID]time.Duration, uint64) {
		t.Helper()
		select {
		case <-s.Ready():
		case <-time.After(30 * time.Second):
			t.Fatal("nothing comes")
		}
		positions, seq, world := s.Take()
		if world != r.WorldVersion() {
			t.Errorf("world %d, want %d", world, r.WorldVersion())
		}
		at := make(map[tracker.DeviceID]time.Duration)
		for _, p := range positions {
			at[p.Device] = p.Fix.Time.Time().Sub(noon)
		}
		return at, seq
	}
	if at, _ := take(); len(at) != 1 {
		t.Errorf("at first: %v, want a's newest", at)
	}
	r.accept(t, report("a", 10, 1), report("b", 5, 0), report("a", 20, 2))
	deadline := time.Now().Add(30 * time.Second)
	got := make(map[tracker.DeviceID]time.Duration)
	seq := uint64(0)
	for time.Now().Before(deadline) && (got["a"] != 20*time.Second || seq != 2) {
		at, n := take()
		for id, d := range at {
			got[id] = d
		}
		seq = n
	}
	if got["a"] != 20*time.Second || got["b"] != 5*time.Second || seq != 2 {
		t.Errorf("then: %v and event %d", got, seq)
	}
}
