package tracker_test

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// TestResendInOtherBatches sends a backlog of 6,000 fixes in reports of 60, and
// all of it again in reports of another size and order, before and after a kill:
// every fix is stored once.
func TestResendInOtherBatches(t *testing.T) {
	const fixes = 6000
	r := start(t, newFile(t))
	r.device(t, "van")
	begin := time.Now().Add(-fixes * time.Second)
	send := func(r *running, lot int, order func(lots [][]int)) {
		var all []int
		for i := range fixes {
			all = append(all, i)
		}
		lots := slices.Collect(slices.Chunk(all, lot))
		order(lots)
		for _, lot := range lots {
			rep := tracker.Report{Device: "van", Key: tracker.ReportKey(rand.Uint64())}
			for _, i := range lot {
				at := begin.Add(time.Duration(i) * time.Second)
				rep.Fixes = append(rep.Fixes, geofence.Fix{Time: geofence.MillisOf(at), Point: east(float64(i%50) / 10)})
			}
			r.accept(t, rep)
		}
	}
	shuffle := func(lots [][]int) {
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(lots), func(i, j int) { lots[i], lots[j] = lots[j], lots[i] })
	}
	r.accept(t, tracker.Report{Device: "van", Key: 1, Fixes: []geofence.Fix{{Time: geofence.MillisOf(time.Now()), Point: east(0)}}})
	send(r, 60, slices.Reverse)
	send(r, 97, shuffle)
	killed := r.crash(t)
	took := time.Now()
	send(killed, 1, shuffle)
	t.Logf("%d late fixes in reports of one, in any order, known again in %v", fixes, time.Since(took))
	for name, fleet := range map[string]*running{"running": r, "after a kill": killed} {
		track := fleet.track(t, "van")
		if slices.Sort(track); len(track) != fixes+1 || len(slices.Compact(track)) != fixes+1 {
			t.Errorf("%s: %d fixes are stored, want %d, each once", name, len(track), fixes+1)
		}
		if again := fleet.counted(t, "wayguard_reports_total", "duplicate"); again < fixes/97 {
			t.Errorf("%s: only %v reports were dropped", name, again)
		}
	}
}

// TestResendWithoutFixes sends a battery's charge twice.
func TestResendWithoutFixes(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "box")
	charge := func(key tracker.ReportKey, percent uint8) {
		r.accept(t, tracker.Report{Device: "box", Key: key, Battery: &percent})
	}
	r.accept(t, report("box", 0, 0))
	charge(7, 80)
	charge(8, 79)
	killed := r.crash(t)
	for _, r = range []*running{r, killed} {
		charge(7, 80)
		if d, _ := r.Device("box"); d.Last == nil || d.Last.Battery == nil || *d.Last.Battery != 79 {
			t.Errorf("the battery is %v, want what was said last", d.Last)
		}
	}
}

// watched counts reads of blocks that are under way, and notes the longest.
type watched struct {
	*boltstore.Store
	open    atomic.Int32
	longest atomic.Int64
	pages   atomic.Int32
}

func (w *watched) Blocks(id tracker.DeviceID, from, to geofence.Millis, limit int) ([]tracker.Block, error) {
	w.open.Add(1)
	defer w.open.Add(-1)
	defer func(began time.Time) {
		w.longest.Store(max(w.longest.Load(), int64(time.Since(began))))
	}(time.Now())
	w.pages.Add(1)
	return w.Store.Blocks(id, from, to, limit)
}

// TestSlowReaderHoldsNothing reads a long track slowly: no read transaction is
// open meanwhile, none was for long, and others report.
func TestSlowReaderHoldsNothing(t *testing.T) {
	path := newFile(t)
	w := &watched{Store: openStore(t, path)}
	r := startOn(t, path, w, w.Store.Close)
	r.device(t, "van")
	r.device(t, "other")
	const fixes = 40_000
	begin := time.Now().Add(-fixes * time.Second)
	for first := 0; first < fixes; first += 2000 {
		rep := tracker.Report{Device: "van", Key: tracker.ReportKey(first)}
		for i := range 2000 {
			at := begin.Add(time.Duration(first+i) * time.Second)
			rep.Fixes = append(rep.Fixes, geofence.Fix{Time: geofence.MillisOf(at), Point: east(float64(i) / 1000)})
		}
		r.accept(t, rep)
	}
	w.pages.Store(0)
	n := 0
	err := r.Track("van", begin.Add(-time.Hour), time.Now().Add(time.Hour), func(tracker.TrackPoint) bool {
		if n++; n%5000 != 0 {
			return true
		}
		if w.open.Load() != 0 {
			t.Error("a read is under way while the reader is busy")
		}
		r.accept(t, now("other", n))
		return true
	})
	if err != nil || n != fixes {
		t.Errorf("%d fixes, %v, want %d", n, err, fixes)
	}
	if longest := time.Duration(w.longest.Load()); longest > time.Second || w.pages.Load() < 4 {
		t.Errorf("in %d reads, the longest took %v", w.pages.Load(), longest)
	}
}

// TestCheckpointIsLight has a device send thousands of reports and looks at what
// its checkpoint holds.
func TestCheckpointIsLight(t *testing.T) {
	path := newFile(t)
	store := openStore(t, path)
	r := startOn(t, path, store, store.Close)
	r.device(t, "van")
	for i := range 3000 {
		if err := r.Enqueue(t.Context(), report("van", i, float64(i%50)), func(error) {}); err != nil {
			t.Fatal(err)
		}
	}
	r.accept(t, report("van", 3000, 0))
	r.stop()
	checkpoints, err := openStore(t, path).Checkpoints()
	if err != nil || len(checkpoints) != 1 {
		t.Fatalf("%d checkpoints, %v", len(checkpoints), err)
	}
	for _, value := range checkpoints {
		t.Logf("%d bytes", len(value))
		if len(value) > 1000 {
			t.Errorf("the checkpoint of one device has %d bytes", len(value))
		}
	}
}
