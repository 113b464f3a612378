package geofence

import (
	"math"
	"testing"
)

func TestFixSet(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		set    func(*Fix, float64)
		field  func(*Fix) float32
		known  Known
		taken  map[float64]float32
		passed []float64
	}{
		"accuracy": {(*Fix).SetAccuracy, func(f *Fix) float32 { return f.AccuracyMeters }, KnownAccuracy,
			map[float64]float32{0.5: 0.5, 12: 12}, []float64{0, -1, 1e-300, 1e300, nan, inf, -inf}},
		"speed": {(*Fix).SetSpeed, func(f *Fix) float32 { return f.SpeedMPS }, KnownSpeed,
			map[float64]float32{0: 0, 10: 10, 1e-300: 0}, []float64{-1, -1e-300, 1e300, nan, inf, -inf}},
		"heading": {(*Fix).SetHeading, func(f *Fix) float32 { return f.HeadingDegrees }, KnownHeading,
			map[float64]float32{0: 0, 271.5: 271.5, 360: 0, 359.99999999: 0}, []float64{-1, 360.001, 1e300, nan, inf, -inf}},
		"altitude": {(*Fix).SetAltitude, func(f *Fix) float32 { return f.AltitudeMeters }, KnownAltitude,
			map[float64]float32{0: 0, -400: -400, 8848: 8848}, []float64{1e300, -1e300, nan, inf, -inf}},
	} {
		for v, want := range c.taken {
			var f Fix
			if c.set(&f, v); f.Known != c.known || c.field(&f) != want {
				t.Errorf("%s %v: %+v", name, v, f)
			}
		}
		for _, v := range c.passed {
			var f Fix
			if c.set(&f, v); f != (Fix{}) {
				t.Errorf("%s %v: %+v", name, v, f)
			}
		}
	}
}
