package geofence

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A vehicle that comes, stands and goes has one stay, whatever the receiver
// does and however seldom it reports.
func TestStandingIsOneStay(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(1, 2))
	rides, missed := 0, 0
	for _, accuracy := range []float64{3, 5, 10, 20} {
		for _, every := range []int{1, 5, 10, 30, 60} {
			for _, minutes := range []int{1, 2, 5, 15, 60} {
				for _, tau := range []int{60, 120, 300} {
					r := newRide()
					r.drive(800, 0, 10)
					r.stand(10) // the brake, the door
					stood := r.stand(60 * minutes)
					r.drive(800, 90, 10)
					c := receiver{accuracy, time.Duration(tau) * time.Second, time.Duration(every) * time.Second}
					fixes := c.record(random, r)
					stays := toldOfStays(stationsOf(w, fixes), r.now())
					sure := 60*minutes >= 120+60*every/30
					rides++
					switch {
					case len(stays) > 1 || len(stays) == 0 && sure:
						t.Errorf("%+v, %d min: %d stays", c, minutes, len(stays))
					case len(stays) == 0:
						missed++
					case stays[0].overlap(stood) < Millis(1000*(60*minutes-3*every-60)):
						t.Errorf("%+v, %d min: %v, not %v", c, minutes, stays[0], stood)
					}
				}
			}
		}
	}
	t.Logf("%d rides, %d stays of a minute or two not toldOfStays of", rides, missed)
}

// A driver's telephone goes to the door and back, and about the van.
func TestWalkingAboutIsOneStay(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(3, 4))
	for _, meters := range []float64{15, 30, 45} {
		for _, every := range []int{1, 5, 10, 30, 60} {
			for range 5 {
				r := newRide()
				r.drive(800, 0, 10)
				r.stand(70)
				r.stroll(random, meters, 600)
				r.stand(60)
				r.drive(800, 90, 10)
				c := receiver{8, 2 * time.Minute, time.Duration(every) * time.Second}
				if stays := toldOfStays(stationsOf(w, c.record(random, r)), r.now()); len(stays) != 1 {
					t.Errorf("%g m about, every %d s: %v", meters, every, stays)
				}
			}
		}
	}
}

// The next stop 60 m on is another stay, though the vehicle hardly drives.
func TestNextDoorIsAnotherStay(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(5, 6))
	for _, every := range []int{1, 2, 5} {
		for range 10 {
			r := newRide()
			r.drive(800, 0, 10)
			for range 5 {
				r.stand(100)
				r.drive(60, 0, 8)
			}
			c := receiver{4, 2 * time.Minute, time.Duration(every) * time.Second}
			if stays := toldOfStays(stationsOf(w, c.record(random, r)), r.now()); len(stays) != 5 {
				t.Errorf("every %d s: %d stays, want 5: %v", every, len(stays), stays)
			}
		}
	}
}

// A fix now and then that is thrown far off ends nothing.
func TestOutliersEndNothing(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(7, 8))
	for _, every := range []int{1, 10, 60} {
		r := newRide()
		r.stand(3600)
		fixes := receiver{5, 2 * time.Minute, time.Duration(every) * time.Second}.record(random, r)
		for i := 30; i < len(fixes)-2; i += 15 {
			fixes[i].Point = shifted(newSpot(fixes[i].Point), 400*random.NormFloat64(), 400*random.NormFloat64())
		}
		if stays := toldOfStays(stationsOf(w, fixes), r.now()); len(stays) != 1 {
			t.Errorf("every %d s: %v", every, stays)
		}
	}
}

// The estimate of the place is as good as it says: the true one is within the
// uncertainty in two of three cases, and within 1.62 times that, which is 95 %
// of a normal error, nearly always.
func TestCenterIsAsGoodAsItSays(t *testing.T) {
	w := newWorld(t, Settings{})
	random := rand.New(rand.NewPCG(9, 10))
	for _, seconds := range []int{90, 300, 900} {
		var within, nearly, all float64
		for _, tau := range []int{60, 150, 300} {
			for _, every := range []int{5, 10, 60} {
				for n := range 40 {
					r := newRide()
					r.drive(400, 0, 10)
					r.stand(seconds)
					place := newSpot(r.point())
					r.drive(400, 90, 10)
					c := receiver{float64(4 + n%4*4), time.Duration(tau) * time.Second, time.Duration(every) * time.Second}
					var s State
					for _, fix := range c.record(random, r) {
						Step(w, &s, fix, nil)
					}
					stay, ok := s.motion.recent()
					if !ok {
						continue
					}
					all++
					if d := haversine(stay.center, place); d <= stay.uncertainty {
						within++
					} else if d <= 1.62*stay.uncertainty {
						nearly++
					}
				}
			}
		}
		one, both := within/all, (within+nearly)/all
		t.Logf("%d s: %.0f %% within the uncertainty, %.0f %% within 1.62 times", seconds, 100*one, 100*both)
		if one < 0.64 || one > 0.85 || both < 0.91 {
			t.Errorf("%d s: %.2f and %.2f", seconds, one, both)
		}
	}
}

// traffic lights: the wait is any part of a red of 30 to 90 s. There is no stop
// to arrive at, and nothing is unplanned.
func TestRedLights(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	r := newRide()
	waits := 0
	for range 300 {
		r.drive(150+300*random.Float64(), 90*float64(random.IntN(4)), 8+6*random.Float64())
		red := 30 + random.IntN(61)
		r.stand(random.IntN(red))
		waits++
	}
	w := worldOf(t, Settings{}, Round{ID: "r", Stops: stopsAt(newSpot(r.origin), [2]float64{50_000, 0})})
	for _, every := range []int{1, 5, 10, 30} {
		begun := 0
		for _, e := range stationsOf(w, receiver{6, 2 * time.Minute, time.Duration(every) * time.Second}.record(random, r)) {
			if e.Type == StopUnplanned || e.Type == StopBegin && e.Subject != "" {
				t.Errorf("every %d s: %s", every, brief([]Event{e}))
			}
			if e.Type == StopBegin {
				begun++
			}
		}
		t.Logf("every %d s: %d of %d waits toldOfStays of", every, begun, waits)
		if begun > waits/6 {
			t.Errorf("every %d s: %d of %d waits toldOfStays of", every, begun, waits)
		}
	}
}

// Silence is no stay, and no unplanned one; a device that is where it was goes
// on with its stay.
func TestSilenceIsNoStay(t *testing.T) {
	r := newRide()
	w := worldOf(t, Settings{Plausibility: PlausibilitySettings{LeapMeters: maxLeap}}, Round{ID: "r", Start: r.start, Stops: stopsAt(newSpot(r.origin), [2]float64{50_000, 0})})
	away := shifted(newSpot(r.origin), 5000, 0)
	for _, c := range []struct {
		name  string
		fixes func() []Fix
		want  string
	}{
		{"silent on the way", func() []Fix {
			return []Fix{{Time: 0, Point: r.origin}, {Time: 10_000, Point: shifted(newSpot(r.origin), 100, 0)},
				{Time: 3_600_000, Point: away}, {Time: 3_610_000, Point: shifted(newSpot(away), 100, 0)}}
		}, ""},
		{"silent where it stood", func() []Fix {
			var fixes []Fix
			for _, second := range []int{0, 30, 60, 90, 3600, 3630, 3660} {
				fixes = append(fixes, Fix{Time: Millis(second) * 1000, Point: r.origin})
			}
			return append(fixes, Fix{Time: 3_700_000, Point: away}, Fix{Time: 3_730_000, Point: away})
		}, "stop.begin  0s #1, stop.end  3660s #1"},
		{"one report an hour", func() []Fix {
			var fixes []Fix
			for hour := range 10 {
				fixes = append(fixes, Fix{Time: Millis(hour) * 3_600_000, Point: r.origin})
			}
			return fixes
		}, "stop.begin  0s #1"},
	} {
		fixes := c.fixes()
		for i := range fixes {
			fixes[i].Time += r.start
		}
		events := stationsOf(w, fixes)
		for i := range events {
			events[i].Time -= r.start
		}
		if got := brief(events); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
