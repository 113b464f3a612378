package geofence

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The mode is right whatever the sampling, but for the fixes around a change,
// and known no later than promised.
func TestModesBySampling(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(1, 4))
	for _, every := range []int{1, 2, 5, 10, 30, 60} {
		for _, accuracy := range []float64{4, 10, 20} {
			var c score
			for range 5 {
				r := newRide()
				var drives []interval
				for range 6 {
					from := r.now()
					r.drive(2000, 90*float64(random.IntN(4)), 12)
					drives = append(drives, interval{from, r.now()})
					r.stroll(random, 60, 200)
				}
				fixes := receiver{accuracy, 2 * time.Minute, time.Duration(every) * time.Second}.record(random, r)
				for i, driving := range labels(w, fixes) {
					at, is, near := fixes[i].Time, false, false
					for _, d := range drives {
						is = is || d.from <= at && at <= d.to
						change := Millis(1000 * max(15, every))
						near = near || max(at-d.from, d.from-at) < change || max(at-d.to, d.to-at) < change
					}
					if !near {
						c.add(is, driving)
					}
				}
			}
			t.Logf("every %d s, %g m: %.3f right", every, accuracy, c.share())
			if c.share() < 0.95 {
				t.Errorf("every %d s, %g m: only %.3f right", every, accuracy, c.share())
			}
		}
	}
}

func TestModeIsKnownSoon(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(1, 5))
	for _, every := range []int{1, 3, 5, 7, 10, 20} {
		r := newRide()
		r.drive(2000, 0, 12)
		r.stroll(random, 40, 200)
		var s State
		for i, fix := range (receiver{8, 2 * time.Minute, time.Duration(every) * time.Second}).record(random, r) {
			Step(w, &s, fix, nil)
			m := s.Motion()
			if late := fix.Time - m.Until; i > 30 && (late > Millis(15_000+1000*every) || m.Since > m.Until || m.Mode == ModeUnknown) {
				t.Fatalf("every %d s: %d ms late: %+v", every, late, m)
			}
		}
	}
}

// BenchmarkMode is what the mode costs of a fix.
func BenchmarkMode(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 6))
	r := newRide()
	for range 20 {
		r.drive(500, 0, 12)
		r.stroll(random, 40, 120)
	}
	w := worldOf(b, Settings{})
	for _, every := range []int{1, 5, 10} {
		b.Run(fmt.Sprintf("%ds", every), func(b *testing.B) {
			fixes := receiver{5, 2 * time.Minute, time.Duration(every) * time.Second}.record(random, r)
			sights := make([]sighting, len(fixes))
			for i := range fixes {
				sights[i] = w.settings.sight(&fixes[i])
			}
			length := sights[len(sights)-1].time - sights[0].time + Millis(every)*1000
			var q gait
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				q.take(sights[i])
				sights[i].time += length
				if i++; i == len(sights) {
					i = 0
				}
			}
		})
	}
}
