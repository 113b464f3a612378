package tracker

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestReportKeys adds keys that count up, with gaps and repeats, and others at
// random, and compares with a plain list at each step.
func TestReportKeys(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, seed))
	var k reportKeys
	var plain []uint64
	next := uint64(1) << 32
	for step := range 6 * keyWindow {
		switch rng.IntN(8) {
		case 0:
			next += rng.Uint64N(5)
		case 1:
			next = rng.Uint64()
		default:
			next++
		}
		k.add(next)
		plain = append(plain, next)
		plain = plain[max(0, len(plain)-keyWindow):]
		probe := plain[rng.IntN(len(plain))] + rng.Uint64N(3) - 1
		if got, want := k.has(probe), slices.Contains(plain, probe); got != want {
			t.Fatalf("seed %d, step %d: key %d is known: %t, want %t", seed, step, probe, got, want)
		}
		if !k.has(plain[0]) || !k.has(next) {
			t.Fatalf("seed %d, step %d: the oldest or the newest key is forgotten", seed, step)
		}
		if step%501 != 0 {
			continue
		}
		r := &reader{b: k.append(nil)}
		k.read(r)
		if err := r.end(); err != nil {
			t.Fatalf("seed %d, step %d: %v", seed, step, err)
		}
	}
}

// TestNumberedReportsCostNothing holds that a device that numbers its reports
// has a light checkpoint.
func TestNumberedReportsCostNothing(t *testing.T) {
	var k reportKeys
	for i := range uint64(5000) {
		k.add(7<<32 | i)
	}
	if n := len(k.append(nil)); n > 16 {
		t.Errorf("%d keys that count up take %d bytes", keyWindow, n)
	}
	if k.has(7<<32|(5000-keyWindow-1)) || !k.has(7<<32|(5000-keyWindow)) {
		t.Error("the window is not of the newest keys")
	}
}
