package tracker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// long reports whether tests take their long form, which WAYGUARD_LONG asks for.
func long() bool { return os.Getenv("WAYGUARD_LONG") != "" }

// livesForDays skips where tests are to be short: a day has half a million looks
// around, even where its time is made up.
func livesForDays(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("lives for days")
	}
}

// kept is a fleet that keeps tracks and events for two days, and what it must
// have.
type kept struct {
	*running
	store *boltstore.Store
	rng   *rand.Rand
	// sent are the reports of each device, fixes the distinct fixes of those.
	sent  map[tracker.DeviceID][]tracker.Report
	fixes map[tracker.DeviceID]map[geofence.Millis]bool
	// told are all events in order.
	told []string
}

const keepDays = 2

func newKept(seed uint64) *kept {
	return &kept{
		rng:   rand.New(rand.NewPCG(seed, seed)),
		sent:  make(map[tracker.DeviceID][]tracker.Report),
		fixes: make(map[tracker.DeviceID]map[geofence.Millis]bool),
	}
}

func (k *kept) start(t *testing.T, path string) {
	t.Helper()
	store := openStore(t, path)
	fleet, err := tracker.Open(store, tracker.Options{
		Settings: geofence.Settings{Raw: true},
		Keep:     tracker.Retention{Tracks: keepDays * 24 * time.Hour, Events: keepDays * 24 * time.Hour},
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Run(ctx) }()
	r := &running{Fleet: fleet, path: path}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		store.Close()
	})
	t.Cleanup(r.stop)
	k.running, k.store = r, store
}

// kill goes on from a copy of the file as it is at this moment.
func (k *kept) kill(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	path := newFile(t)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	killed := k.running
	k.start(t, path)
	killed.stop()
	if err := os.Remove(killed.path); err != nil {
		t.Fatal(err)
	}
}

// send reports fixes of these times.
func (k *kept) send(t *testing.T, id tracker.DeviceID, times ...time.Time) {
	t.Helper()
	r := tracker.Report{Device: id, Received: time.Now(), Key: tracker.ReportKey(k.rng.Uint64())}
	for _, at := range times {
		ms := geofence.MillisOf(at)
		r.Fixes = append(r.Fixes, geofence.Fix{Time: ms, Point: east(float64(ms/1000%7200) / 1000)})
		k.fixes[id][ms] = true
	}
	k.accept(t, again(r, r.Key))
	k.sent[id] = append(k.sent[id], r)
}

// again is a report as it is sent another time, under another key.
func again(r tracker.Report, key tracker.ReportKey) tracker.Report {
	r.Fixes, r.Key, r.Received = slices.Clone(r.Fixes), key, time.Now()
	return r
}

// resend has parts of two reports of the last two days come once more.
func (k *kept) resend(t *testing.T, id tracker.DeviceID) {
	t.Helper()
	sent := k.sent[id]
	recent := slices.IndexFunc(sent, func(r tracker.Report) bool { return time.Since(r.Received) < 48*time.Hour })
	if recent < 0 {
		return
	}
	a, b := sent[recent+k.rng.IntN(len(sent)-recent)], sent[recent+k.rng.IntN(len(sent)-recent)]
	mixed := again(a, tracker.ReportKey(k.rng.Uint64()))
	mixed.Fixes = append(mixed.Fixes[k.rng.IntN(len(a.Fixes)):], b.Fixes[:k.rng.IntN(len(b.Fixes))]...)
	k.accept(t, mixed)
}

// check compares tracks and events with what they must be.
func (k *kept) check(t *testing.T, when string) {
	t.Helper()
	since := geofence.MillisOf(k.TracksSince())
	if oldest := geofence.MillisOf(time.Now().Add(-keepDays * 24 * time.Hour)); since > oldest {
		t.Fatalf("%s: tracks are kept only since %v", when, k.TracksSince())
	}
	for id, fixes := range k.fixes {
		var want, got []geofence.Millis
		for at := range fixes {
			if at >= since {
				want = append(want, at)
			}
		}
		slices.Sort(want)
		err := k.Track(id, since.Time(), noon.AddDate(50, 0, 0), func(p tracker.TrackPoint) bool {
			got = append(got, p.Fix.Time)
			return true
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s: the track of %s has %d fixes, %v, want %d", when, id, len(got), err, len(want))
		}
	}
	k.told = append(k.told, k.logged(t, max(k.FirstSeq()-1, uint64(len(k.told))))...)
	log := k.logged(t, k.FirstSeq()-1)
	if !slices.Equal(log, k.told[k.FirstSeq()-1:]) {
		t.Fatalf("%s: from event %d on %d are left, want %d", when, k.FirstSeq(), len(log), len(k.told[k.FirstSeq()-1:]))
	}
}

// logged are the events after a sequence number.
func (k *kept) logged(t *testing.T, after uint64) (log []string) {
	t.Helper()
	for {
		events, next, err := k.Events(after, 500, tracker.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			log = append(log, fmt.Sprint(e.Seq, e.ID, e.KnownAt.UnixMilli()))
		}
		if after == next {
			return log
		}
		after = next
	}
}

// TestTidying lives for days with a busy van, one that reports each hour, and a
// box that now and then sends what it kept, in any order; reports come more than
// once, and the fleet is killed now and then. What is kept must at any time be
// exactly what was sent, and what is old must go.
func TestTidying(t *testing.T) {
	livesForDays(t)
	const seed = 31
	days := 4
	if long() {
		days = 60
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		devices := []tracker.DeviceID{"busy", "hourly", "late"}
		k := newKept(seed)
		k.start(t, newFile(t))
		k.fence(t, circle("depot", 1), circle("yard", 5))
		for _, id := range devices {
			k.device(t, id)
			k.fixes[id] = make(map[geofence.Millis]bool)
		}
		for hour := range days * 24 {
			k.hour(t)
			if hour%12 == 11 {
				k.check(t, fmt.Sprintf("seed %d, hour %d", seed, hour))
			}
			if k.rng.IntN(15) == 0 {
				k.kill(t)
				k.check(t, fmt.Sprintf("seed %d, killed at hour %d", seed, hour))
			}
		}
		k.wantTidy(t)
	})
}

// hour is an hour of reports.
func (k *kept) hour(t *testing.T) {
	t.Helper()
	for range 2 {
		var times []time.Time
		for i := range 30 {
			times = append(times, time.Now().Add(time.Duration(i-29)*time.Minute))
		}
		k.send(t, "busy", times...)
		time.Sleep(30 * time.Minute)
	}
	k.send(t, "hourly", time.Now())
	if k.rng.IntN(3) == 0 {
		var times []time.Time
		for range 1 + k.rng.IntN(40) {
			times = append(times, time.Now().Add(-time.Duration(k.rng.Int64N(int64(20*time.Hour)))).Truncate(time.Second))
		}
		k.send(t, "late", times...)
	}
	k.resend(t, []tracker.DeviceID{"busy", "hourly", "late"}[k.rng.IntN(3)])
}

// wantTidy wants old things gone, and few blocks.
func (k *kept) wantTidy(t *testing.T) {
	t.Helper()
	time.Sleep(2 * time.Hour)
	cutoff := time.Now().Add(-keepDays * 24 * time.Hour)
	if since := k.TracksSince(); since.Before(cutoff.Add(-2 * time.Hour)) {
		t.Errorf("tracks are kept since %v, want about %v", since, cutoff)
	}
	if events, _, err := k.Events(k.FirstSeq()-1, 1, tracker.EventFilter{}); err != nil || k.FirstSeq() < 10 || events[0].KnownAt.Before(cutoff.Add(-2*time.Hour)) {
		t.Errorf("the first event is %d, of %v, %v", k.FirstSeq(), events, err)
	}
	blocks, err := k.store.Blocks("hourly", 0, 1<<60, 1000)
	size := 0
	for _, b := range blocks {
		size += len(b.Value)
	}
	if err != nil || len(blocks) == 0 || len(blocks) > 8 {
		t.Errorf("the device that reports hourly has %d blocks, %v", len(blocks), err)
	}
	t.Logf("hourly: %d bytes in %d blocks; first event %d of %d", size, len(blocks), k.FirstSeq(), k.LastSeq())
}
