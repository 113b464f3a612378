package tracker

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	firmware "wayguard/firmware-protocol"
)

// FuzzReadingBlock: what is taken for a block is one, and packs to the same.
func FuzzReadingBlock(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	f.Add([]byte{})
	f.Add(packReadings(nil))
	for range 5 {
		var readings []firmware.Reading
		for range rng.IntN(20) {
			readings = append(readings, randomReading(rng))
		}
		f.Add(packReadings(readings))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		readings, err := unpackReadings(value)
		if err != nil {
			return
		}
		again, err := unpackReadings(packReadings(readings))
		if err != nil || !slices.Equal(again, readings) {
			t.Fatalf("%v: %+v, then %+v", err, readings, again)
		}
	})
}

// FuzzSenses: what is taken for senses is written again, and goes on.
func FuzzSenses(f *testing.F) {
	rng := rand.New(rand.NewPCG(2, 2))
	f.Add((*senses)(nil).append(nil))
	s := new(senses)
	var o outcome
	for range 50 {
		x, a := randomReading(rng), randomAnswer(rng)
		s.take(&x, place{}, &o)
		s.standing.take(a, a.Time.Time())
		s.seal.obey(a)
		f.Add(s.append(nil))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		r := &reader{b: value}
		s := readSenses(r)
		if r.end() != nil {
			return
		}
		written := s.append(nil)
		r = &reader{b: written}
		again := readSenses(r)
		if err := r.end(); err != nil || !reflect.DeepEqual(again, s) || !bytes.Equal(again.append(nil), written) {
			t.Fatalf("%v: %+v, then %+v", err, s, again)
		}
		if s != nil {
			var o outcome
			x := firmware.Reading{Kind: firmware.Seal, Value: firmware.SealOpen, Time: 1.7e12}
			s.take(&x, place{}, &o)
		}
	})
}
