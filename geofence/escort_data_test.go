package geofence

import (
	"slices"
	"testing"
)

// A parcel and its vehicle, both from one recorded track, at any sampling and
// with clocks that differ by 5 seconds, are together however the way winds.
func TestRecordedVehiclesKeepTheirParcels(t *testing.T) {
	w := pairWorld(t, "")
	tracks, _ := limerick(t, 25)
	more, _ := liverpool(t)
	compared := 0
	for _, tr := range slices.Concat(tracks, more) {
		for _, every := range [][2]Millis{{1, 1}, {1, 60}, {60, 1}, {60, 60}, {10, 30}, {45, 20}} {
			for _, skew := range []Millis{-5000, 0, 5000} {
				var inputs []pairInput
				var next [2]Millis
				// The parcel's fixes are others than the vehicle's where the
				// track has them.
				for i, fix := range tr.fixes {
					for which := range 2 {
						if fix.Time < next[which] || every[which] > 1 && i%2 != which {
							continue
						}
						next[which] = fix.Time + every[which]*1000
						in := pairInput{fix, which == 1}
						if in.carrier {
							in.fix.Time += skew
						}
						inputs = append(inputs, in)
					}
				}
				s := NewState("parcel")
				if events := feed(w, &s, inputs); len(events) != 0 {
					t.Errorf("%s, %v s, clocks %d ms parted: %s", tr.vehicle, every, skew, names(events))
				}
				if s.escort.pairing.bond == together {
					compared++
				}
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d of the pairs were ever compared", compared)
	}
}

// A parcel that stays at a stop of a recorded bus is missed within minutes.
func TestRecordedVehiclesLoseTheirParcels(t *testing.T) {
	w := pairWorld(t, "")
	tracks, _ := limerick(t, 25)
	fixes := tracks[0].fixes
	for _, at := range []int{300, 600, 900, 1200, 1500} {
		for _, every := range []Millis{1, 10, 60} {
			var inputs []pairInput
			next, lost := Millis(0), fixes[at]
			for _, fix := range fixes {
				inputs = append(inputs, pairInput{fix, true})
				if fix.Time >= next {
					next = fix.Time + every*1000
					own := Fix{Time: fix.Time, Point: fix.Point}
					if fix.Time > lost.Time {
						own.Point = lost.Point
					}
					inputs = append(inputs, pairInput{own, false})
				}
			}
			s := NewState("parcel")
			events := feed(w, &s, inputs)
			if len(events) == 0 || events[0].Type != Separated || events[0].Time < lost.Time || events[0].Time > lost.Time+300_000 {
				t.Errorf("left at fix %d, every %d s: %s, lost at %d", at, every, names(events), lost.Time/1000)
			}
			if len(events) > 2 {
				t.Errorf("left at fix %d, every %d s: %s", at, every, names(events))
			}
		}
	}
}
