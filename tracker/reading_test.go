package tracker

import (
	"math/rand/v2"
	"reflect"
	"testing"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// randomReading is any reading that check lets through.
func randomReading(rng *rand.Rand) firmware.Reading {
	x := firmware.Reading{Time: firmware.Millis(1.7e12 + rng.Int64N(1e10)), Kind: firmware.Battery + firmware.Kind(rng.IntN(readingKinds))}
	switch x.Kind {
	case firmware.Scan:
		x.Text = "4006381333931"[:1+rng.IntN(13)]
	case firmware.Battery:
		x.Value, x.More = rng.Int64N(101), rng.Int64N(5000)
	case firmware.Temperature:
		x.Value = rng.Int64N(20000) - 10000
	case firmware.Button:
		x.Value = 1 + rng.Int64N(3)
	case firmware.Seal:
		x.Value = rng.Int64N(3)
	case firmware.Ignition:
		x.Value = rng.Int64N(2)
	default:
		x.Value = rng.Int64N(1 << 31)
	}
	return x
}

func randomAnswer(rng *rand.Rand) *Answer {
	a := &Answer{Time: geofence.Millis(1.7e12 + rng.Int64N(1e10)), JSON: rng.IntN(2) == 0}
	if rng.IntN(2) == 0 {
		a.Sealed = 1 + rng.Uint64N(1e18)
	}
	if rng.IntN(2) == 0 {
		a.Applied = firmware.Applied{Version: 1 + rng.Uint32N(1e6), Outcome: firmware.Outcome(rng.IntN(4))}
		a.order, a.since = firmware.SealCommand(rng.IntN(3)), a.Time-geofence.Millis(rng.Int64N(1e6))
	}
	if rng.IntN(2) == 0 {
		a.Firmware = "1.4.2"
	}
	return a
}

func TestSensesRoundTrip(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	var o outcome
	s := new(senses)
	for i := range 2000 {
		x := randomReading(rng)
		s.take(&x, place{device: "van"}, &o)
		a := randomAnswer(rng)
		s.standing.take(a, a.Time.Time())
		s.seal.obey(a)
		r := &reader{b: s.append(nil)}
		again := readSenses(r)
		if err := r.end(); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("seed %d, reading %d: %v: got %+v, want %+v", seed, i, err, again, s)
		}
	}
	if len(o.sensed) == 0 || len(s.seal.orders) != keepSeals || len(s.seal.episodes) == 0 {
		t.Errorf("the test shows nothing: %d events, %+v", len(o.sensed), s.seal)
	}
	r := &reader{b: (*senses)(nil).append(nil)}
	if s := readSenses(r); s != nil || r.end() != nil {
		t.Errorf("nothing comes back as %+v", s)
	}
}
