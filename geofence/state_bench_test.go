package geofence

import (
	"testing"

	"github.com/paulmach/orb"
)

// townState is a State with three relations, one of them in doubt.
func townState() State {
	now := Millis(1_700_000_000_000)
	return State{
		seen: true, version: 3000, episodes: 70,
		last: Fix{Time: now, Point: orb.Point{8.5, 50.1}, AccuracyMeters: 5, SpeedMPS: 9, Known: KnownAccuracy | KnownSpeed},
		relations: []relation{
			{fence: "fence-000123", shape: 1 << 60, side: sideInside, presence: presence{episode: 69, since: now - 60_000}},
			{fence: "fence-000456", shape: 2 << 60, side: sideOutside, attempt: attempt{turning: true, turn: mark{time: now - 1000, point: orb.Point{8.5, 50.1}, uncertainty: 5}}},
			{fence: "fence-000789", shape: 3 << 60, side: sideInside, presence: presence{episode: 70, since: now - 9_000_000}},
		},
	}
}

func BenchmarkState(b *testing.B) {
	s := townState()
	form, _ := s.AppendBinary(nil)
	var copied, read State
	for name, do := range map[string]func(){
		"clone":     func() { copied = s.Clone() },
		"append":    func() { form, _ = s.AppendBinary(form[:0]) },
		"unmarshal": func() { _ = read.UnmarshalBinary(form) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			b.ReportMetric(float64(len(form)), "bytes/state")
		})
	}
	_ = copied
}
