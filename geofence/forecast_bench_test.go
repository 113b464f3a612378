package geofence

import (
	"fmt"
	"testing"
	"time"
)

// longRound is a round of 200 stops on 60 km, whose windows end so many times
// as late as the van is expected.
func longRound(slack float64) Round {
	r := Round{ID: "r", Routes: []Route{road}}
	for i := range 200 {
		s := stopAt(1+float64(i+1)*0.29, 0)
		s.WindowEnd = monday + Millis(slack*float64(i+3)*(60+290/standardSpeed)*1000)
		r.Stops = append(r.Stops, s)
	}
	return r
}

// forecaster calls foresee for a van that stands on its way, a fix a second,
// over and over the same ten minutes.
func forecaster(tb testing.TB, w *World) (next func() int, s *State) {
	made := NewState("van")
	s = &made
	fix := Fix{Time: monday, Point: onRoad(0)}
	events := make([]Event, 0, 512)
	for range 100 {
		fix.Time += 1000
		fix.Point = shifted(newSpot(fix.Point), 7, 0)
		events = Step(w, s, fix, events[:0])
	}
	saved := made.Clone()
	return func() int {
		if fix.Time += 1000; fix.Time > monday+700_000 {
			made, fix = saved, saved.last
			fix.Time += 1000
		}
		events = s.foresee(w, w.settings.sight(&fix), &fix, events[:0])
		s.last = fix
		return len(events)
	}, s
}

func BenchmarkForesee(b *testing.B) {
	model := learned(b, []drive{busyDrive(b, 1)})
	for _, slack := range []float64{1.1, 20} {
		for _, with := range []bool{false, true} {
			w := roundWorld(b, 2, longRound(slack))
			if with {
				w = w.WithSpeeds(3, model)
			}
			b.Run(fmt.Sprintf("stops=200/slack=%g/model=%v", slack, with), func(b *testing.B) {
				next, _ := forecaster(b, w)
				b.ReportAllocs()
				for b.Loop() {
					next()
				}
			})
		}
	}
}

func BenchmarkETAs(b *testing.B) {
	w := roundWorld(b, 2, longRound(3))
	_, s := forecaster(b, w)
	buffer := s.ETAs(w, nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = s.ETAs(w, buffer[:0])
	}
}

func TestForecastAllocatesNothing(t *testing.T) {
	random, _ := seeded(0)
	d := course{random: random, start: monday, stops: 50, apart: 500, service: 60, sampling: 1}.drive(t)
	for i := range d.round.Stops {
		d.round.Stops[i].WindowEnd = d.arrivals[i] + Millis(time.Hour.Milliseconds())
	}
	w := d.world(t, Settings{})
	w = w.WithSpeeds(3, learned(t, []drive{busyDrive(t, 1)}))
	s := NewState("van")
	events := make([]Event, 0, 512)
	half := len(d.fixes) / 2
	for _, fix := range d.fixes[:half] {
		events = Step(w, &s, fix, events[:0])
	}
	i := half
	buffer := s.ETAs(w, nil)
	allocations := testing.AllocsPerRun(min(2000, len(d.fixes)-half-1), func() {
		events = Step(w, &s, d.fixes[i], events[:0])
		buffer = s.ETAs(w, buffer[:0])
		i++
	})
	if allocations > 0 {
		t.Errorf("%g allocations a fix", allocations)
	}
}
