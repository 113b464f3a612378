package tracker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// scaleVariable multiplies the size of the fleet of TestScale: 20 is 100,000
// deliveries on 1,000 rounds.
const scaleVariable = "WAYGUARD_SCALE"

// big is a fleet of many rounds of 100 stops each.
type big struct {
	*running
	t      *testing.T
	rounds []tracker.RoundID
}

func device(i int) tracker.DeviceID { return tracker.DeviceID(fmt.Sprintf("box-%d", i)) }

// startBig reserves so much address space that the file never has to be mapped
// anew, as a server does.
func startBig(t *testing.T, path string) *running {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 4 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return startAs(t, path, geofence.Settings{}, store, store.Close)
}

func newBig(t *testing.T, rounds int) *big {
	f := &big{running: startBig(t, newFile(t)), t: t}
	ctx := t.Context()
	for i := range rounds {
		f.device(t, device(i))
		if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: fmt.Sprintf("van-%d", i), Devices: []tracker.DeviceID{device(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rounds {
		stops := f.orders(100, i)
		r, err := f.CreateRound(ctx, tracker.NewRound{Name: fmt.Sprint("round ", i), Vehicle: fmt.Sprintf("van-%d", i), Stops: stops})
		if err == nil {
			_, err = f.StartRound(ctx, r.ID, r.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.rounds = append(f.rounds, r.ID)
	}
	return f
}

func (f *big) orders(n, seed int) (ids []tracker.DeliveryID) {
	f.t.Helper()
	orders := make([]tracker.NewDelivery, n)
	for i := range orders {
		o := order()
		o.Contact.Name = fmt.Sprintf("Customer %d", seed*1000+i)
		o.Order.Address = fmt.Sprintf("%d Mill Lane, Town %d", i, seed)
		o.Order.Reference = fmt.Sprintf("R-%d-%d", seed, i)
		o.Order.Point = orb.Point{8 + 0.01*float64(seed%30) + 0.001*float64(i%10), 50 + 0.01*float64(seed/30) + 0.001*float64(i/10)}
		orders[i] = o
	}
	for part := range slices.Chunk(orders, 100) {
		made, _, err := f.CreateDeliveries(f.t.Context(), tracker.Once{}, part...)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, d := range made {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// ingest reports positions until stop, which returns how long they waited to be
// acknowledged.
func (f *big) ingest() (stop func() []time.Duration) {
	ctx, cancel := context.WithCancel(f.t.Context())
	var waits []time.Duration
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			now := time.Now()
			fix := geofence.Fix{Time: geofence.MillisOf(now), Point: orb.Point{8 + float64(i%1000)*1e-5, 50}, AccuracyMeters: 5, Known: geofence.KnownAccuracy}
			err := f.Accept(context.WithoutCancel(ctx), tracker.Report{
				Device: device(i % len(f.rounds)), Received: now, Key: tracker.ReportKey(i + 1), Fixes: []geofence.Fix{fix},
			})
			if err != nil {
				f.t.Error(err)
				return
			}
			waits = append(waits, time.Since(now))
			time.Sleep(500 * time.Microsecond)
		}
	})
	return func() []time.Duration { cancel(); done.Wait(); return waits }
}

func percentile(all []time.Duration, share float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[min(len(all)-1, int(share*float64(len(all))))]
}

// measure does something n times while positions come in.
func (f *big) measure(name string, n int, do func(i int)) (took, waited []time.Duration) {
	stop := f.ingest()
	for i := range n {
		begun := time.Now()
		do(i)
		took = append(took, time.Since(begun))
	}
	waited = stop()
	f.t.Logf("%-22s p50 %8s  p99 %8s  max %8s | acknowledged p50 %8s  p99 %8s  max %8s (%d)", name,
		percentile(took, 0.5).Round(time.Microsecond), percentile(took, 0.99).Round(time.Microsecond), percentile(took, 1).Round(time.Microsecond),
		percentile(waited, 0.5).Round(time.Microsecond), percentile(waited, 0.99).Round(time.Microsecond), percentile(waited, 1).Round(time.Microsecond), len(waited))
	return took, waited
}

// TestScale shows what lists, searches and edits take, and what they cost those
// who report meanwhile. It fails only where it is far off: the machine may be
// busy with other things.
func TestScale(t *testing.T) {
	scale, _ := strconv.Atoi(os.Getenv(scaleVariable))
	if scale == 0 && testing.Short() {
		t.Skip("makes thousands of deliveries")
	}
	begun := time.Now()
	f := newBig(t, 50*max(1, scale))
	t.Logf("%d deliveries on %d rounds made in %s", 100*len(f.rounds), len(f.rounds), time.Since(begun).Round(time.Millisecond))
	ctx := t.Context()
	random := rand.New(rand.NewPCG(1, 1))
	f.measure("nothing", 1, func(int) { time.Sleep(time.Second) })
	lists := []tracker.DeliveryFilter{
		{}, {States: []tracker.DeliveryState{departed}}, {States: []tracker.DeliveryState{delivered}}, {Customer: "none"}, {Reference: "R-1-1"}, {Partner: "none"},
	}
	listed, _ := f.measure("list", 300, func(i int) { f.Deliveries(lists[i%len(lists)], "", 100) })
	ofRound, _ := f.measure("list of a round", 300, func(int) {
		if n := len(f.Deliveries(tracker.DeliveryFilter{Round: f.rounds[random.IntN(len(f.rounds))]}, "", 1000)); n != 100 {
			t.Errorf("%d deliveries on a round", n)
		}
	})
	words := []string{"mill", "r-1-1", "no such thing", "customer 1005", "LANE 99", "é"}
	searched, _ := f.measure("search", 300, func(i int) { f.Deliveries(tracker.DeliveryFilter{Text: words[i%len(words)]}, "", 100) })
	edited, waited := f.measure("edit of a round", 100, func(int) {
		before := f.WorldVersion()
		_, err := f.ChangeRound(ctx, f.rounds[random.IntN(len(f.rounds))], tracker.AnyVersion, func(n *tracker.NewRound) error {
			n.Stops = slices.Clone(n.Stops)
			random.Shuffle(len(n.Stops), func(i, j int) { n.Stops[i], n.Stops[j] = n.Stops[j], n.Stops[i] })
			return nil
		})
		if err != nil || f.WorldVersion() <= before {
			t.Fatalf("the engine does not know: %v", err)
		}
	})
	for name, p := range map[string]time.Duration{"lists": percentile(listed, 0.99), "lists of rounds": percentile(ofRound, 0.99), "searches": percentile(searched, 0.99)} {
		if p > 500*time.Millisecond {
			t.Errorf("p99 of %s is %s", name, p)
		}
	}
	if p := percentile(edited, 0.99); p > time.Second {
		t.Errorf("p99 of edits is %s", p)
	}
	if p := percentile(waited, 0.99); p > 500*time.Millisecond {
		t.Errorf("p99 of acknowledgements is %s", p)
	}
	f.longRounds()
	path := f.path
	f.stop()
	begun = time.Now()
	again := startBig(t, path)
	t.Logf("opened in %s", time.Since(begun).Round(time.Millisecond))
	if r, ok := again.Round(f.rounds[0]); !ok || len(r.Stops) != 100 {
		t.Errorf("opened with %d stops", len(r.Stops))
	}
}

// longRounds makes, starts, changes and ends a round of as many stops as there
// may be.
func (f *big) longRounds() {
	ctx := f.t.Context()
	f.device(f.t, "long")
	if _, err := f.Vehicles().Create(ctx, tracker.Vehicle{ID: "long", Devices: []tracker.DeviceID{"long"}}); err != nil {
		f.t.Fatal(err)
	}
	stops := f.orders(tracker.MaxStops, 999)
	var r tracker.Round
	for _, step := range []struct {
		name string
		do   func() (tracker.Round, error)
	}{
		{"create 1,000 stops", func() (tracker.Round, error) {
			return f.CreateRound(ctx, tracker.NewRound{Vehicle: "long", Stops: stops})
		}},
		{"start 1,000 stops", func() (tracker.Round, error) { return f.StartRound(ctx, r.ID, r.Version) }},
		{"change 1,000 stops", func() (tracker.Round, error) {
			return f.ChangeRound(ctx, r.ID, r.Version, func(n *tracker.NewRound) error { n.Stops = slices.Concat(stops[500:], stops[:400]); return nil })
		}},
		{"move 1,000 stops", func() (tracker.Round, error) { return f.CreateRound(ctx, tracker.NewRound{Stops: stops}) }},
		{"end 1,000 stops", func() (tracker.Round, error) { return f.EndRound(ctx, r.ID, tracker.AnyVersion) }},
	} {
		f.measure(step.name, 1, func(int) {
			made, err := step.do()
			if err != nil {
				f.t.Fatal(step.name, err)
			}
			if step.name != "move 1,000 stops" {
				r = made
			}
		})
	}
}
