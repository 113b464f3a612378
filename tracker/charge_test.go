package tracker_test

import (
	"math"
	"testing"

	"wayguard/tracker"
)

func TestCharge(t *testing.T) {
	for percent, want := range map[float64]int{
		0: 0, 57: 57, 57.99999618530273: 58, 100: 100, 100.0004: 100,
		-1: -1, 11.43: -1, 99.5: -1, 101: -1, math.Inf(1): -1, math.NaN(): -1,
	} {
		if got := tracker.Charge(percent); (got == nil) != (want < 0) || got != nil && int(*got) != want {
			t.Errorf("%v: %v, want %d", percent, got, want)
		}
	}
}
