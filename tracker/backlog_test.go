package tracker_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// backlog is a device's drive of n fixes, one a second, in reports of 100; the
// newest fix of all comes first.
func backlog(device tracker.DeviceID, begin time.Time, n int, order string) []tracker.Report {
	const lot = 100
	fix := func(i int) geofence.Fix {
		at := begin.Add(time.Duration(i) * time.Second)
		return geofence.Fix{Time: geofence.MillisOf(at), Point: east(2 * math.Sin(float64(i)/300))}
	}
	reports := []tracker.Report{{Device: device, Key: 1, Fixes: []geofence.Fix{fix(n)}}}
	for first := 0; first < n; first += lot {
		r := tracker.Report{Device: device, Key: tracker.ReportKey(first + 2)}
		for i := first; i < min(first+lot, n); i++ {
			r.Fixes = append(r.Fixes, fix(i))
		}
		reports = append(reports, r)
	}
	switch kept := reports[1:]; order {
	case "newest first":
		slices.Reverse(kept)
	case "shuffled":
		rng := rand.New(rand.NewPCG(4, 4))
		rng.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	}
	return reports
}

// TestBacklog has one tracker send its newest fix and then 10,000 that it kept,
// in three orders, while 200 others go on: all of its stretch is evaluated, in
// few runs, and the others hardly notice.
func TestBacklog(t *testing.T) {
	const fixes, others = 10_000, 200
	for _, order := range []string{"oldest first", "newest first", "shuffled"} {
		t.Run(order, func(t *testing.T) {
			if testing.Short() && order != "newest first" {
				t.Skip("one order will do")
			}
			r := startWith(t, newFile(t), geofence.Settings{})
			r.fence(t, circle("depot", 1), circle("yard", -1.5))
			r.device(t, "late")
			for i := range others {
				r.device(t, tracker.DeviceID(fmt.Sprintf("other-%d", i)))
			}
			begin := time.Now().Add(-fixes * time.Second)
			quiet := r.latencies(t, others, time.Second, func() {})
			busy := r.latencies(t, others, time.Second, func() {
				for _, rep := range backlog("late", begin, fixes, order) {
					r.accept(t, rep)
				}
			})
			reviewing := r.latencies(t, others, 4*time.Second, func() {})
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				if slices.Equal(r.inForce(t), r.inOrder(t, "late")) {
					break
				}
			}
			events := r.wantOrder(t, order, "late")
			if len(events) < 2*fixes/1885 {
				t.Errorf("only %d events", len(events))
			}
			reviews := r.counted(t, "wayguard_reviews_total", "done")
			if late := r.counted(t, "wayguard_fixes_total", "late"); reviews > 8 || late < fixes-1000 {
				t.Errorf("%v late fixes were reviewed %v times", late, reviews)
			}
			t.Logf("%d events in %v reviews; acknowledged after, p50 and p99: quiet %v, while it sends %v, while it is reviewed %v",
				len(events), reviews, quiet, busy, reviewing)
		})
	}
}

// latencies has the others report, each four times a second, and returns how
// long the median and the 99th of 100 acknowledgements took.
func (r *running) latencies(t *testing.T, others int, d time.Duration, meanwhile func()) [2]time.Duration {
	t.Helper()
	var mu sync.Mutex
	var took []time.Duration
	var waiting sync.WaitGroup
	busy := make(chan struct{})
	go func() { defer close(busy); meanwhile() }()
	interval := time.Second / time.Duration(4*others)
	for end, i := time.Now().Add(d), 0; time.Now().Before(end); i++ {
		begun := time.Now()
		rep := tracker.Report{
			Device: tracker.DeviceID(fmt.Sprintf("other-%d", i%others)), Received: begun, Key: tracker.ReportKey(rand.Uint64()),
			Fixes: []geofence.Fix{{Time: geofence.MillisOf(begun), Point: east(10)}},
		}
		waiting.Add(1)
		err := r.Enqueue(context.Background(), rep, func(err error) {
			defer waiting.Done()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(begun))
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(interval - time.Since(begun))
	}
	waiting.Wait()
	<-busy
	slices.Sort(took)
	return [2]time.Duration{took[len(took)/2], took[len(took)*99/100]}
}
