package geofence

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// flight are fixes at second intervals, all 50 m inside the west edge of
// field unless inside says otherwise, at these altitudes; NaN for not given.
type flight struct {
	inside    float64
	altitudes []float64
}

func (f flight) fixes() []Fix {
	var fixes []Fix
	for i, altitude := range f.altitudes {
		fix := at{i, f.inside, 5}.fix()
		if !math.IsNaN(altitude) {
			fix.Known |= KnownAltitude
			fix.AltitudeMeters = float32(altitude)
		}
		fixes = append(fixes, fix)
	}
	return fixes
}

// airspace is field between the altitudes.
func airspace(floor, ceiling float64) Fence {
	f := field("a")
	f.Band = Band{floor, ceiling}
	return f
}

func TestBand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		fence  Fence
		flight flight
		raw    bool
		want   string
	}{
		{"climbing in", airspace(100, 200), flight{50, []float64{20, 60, 130, 150, 150}}, false, "enter a 2s #1"},
		{"climbing through", airspace(100, 200), flight{50, []float64{20, 60, 130, 150, 190, 230, 250}}, false, "enter a 2s #1, exit a 5s #1"},
		{"within the error of the floor", airspace(100, 200), flight{50, []float64{20, 104, 104, 96, 104}}, false, ""},
		{"within the error of the ceiling", airspace(100, 200), flight{50, []float64{150, 150, 209, 209, 195}}, false, ""},
		{"above", airspace(100, 200), flight{50, []float64{300, 300, 300}}, false, ""},
		{"at the altitude beside it", airspace(100, 200), flight{-50, []float64{20, 150, 150}}, false, ""},
		{"only a floor", airspace(100, inf), flight{50, []float64{20, 130, 150, 9000, 9000}}, false, "enter a 1s #1"},
		{"only a ceiling", airspace(-inf, 100), flight{50, []float64{130, -400, -400, 130, 130}}, false, "enter a 1s #1, exit a 3s #1"},
		{"no altitude", airspace(100, 200), flight{50, []float64{20, nan, nan, nan}}, false, ""},
		{"no altitude while inside", airspace(100, 200), flight{50, []float64{20, 150, 150, nan, nan, 150}}, false, "enter a 1s #1"},
		{"no altitude between", airspace(100, 200), flight{50, []float64{20, 150, nan, 150}}, false, "enter a 1s #1"},
		{"no altitude at first", airspace(100, 200), flight{50, []float64{nan, 150, 20, 20}}, false, "exit a 2s #1"},
		{"a band too low to tell", airspace(100, 118), flight{50, []float64{20, 109, 109, 109}}, false, ""},
		{"exactly", airspace(100, 200), flight{50, []float64{99.5, 100, 200, 200.5}}, true, "enter a 1s #1, exit a 3s #1"},
		{"exactly, no altitude", airspace(100, 200), flight{50, []float64{99.5, nan, 100, nan, 200.5}}, true, "enter a 2s #1, exit a 4s #1"},
	} {
		if got := brief(run(newWorld(t, Settings{Raw: c.raw}, c.fence), c.flight.fixes())); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Without an altitude one can still be outside: beside the fence.
func TestLeavingABandWithoutAltitude(t *testing.T) {
	fixes := flight{50, []float64{150, 150}}.fixes()
	for second := 2; second < 5; second++ {
		fixes = append(fixes, at{second, -60, 5}.fix())
	}
	if got := brief(run(newWorld(t, Settings{}, airspace(100, 200)), fixes)); got != "exit a 2s #1" {
		t.Errorf("%q, want an exit", got)
	}
}

func TestCrossOfABand(t *testing.T) {
	fence := lane("a")
	fence.Band = Band{100, 200}
	for _, c := range []struct {
		name     string
		from, to float64
		want     string
	}{
		{"level", 150, 150, "cross a 4s #1"},
		{"climbing", 50, 250, "cross a 4s #1"},
		{"below", 50, 60, ""},
		{"at the floor", 105, 105, ""},
		{"not known at one end", 150, math.NaN(), ""},
	} {
		fixes := []Fix{flight{-200, []float64{c.from}}.fixes()[0], flight{300, []float64{c.to}}.fixes()[0]}
		fixes[1].Time = 10_000
		if got := brief(run(newWorld(t, Settings{}, fence), fixes)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBadBand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, b := range []Band{{5, 5}, {6, 5}, {nan, 5}, {5, nan}, {inf, inf}, {-inf, -inf}, {-2e5, 0}, {0, 2e5}} {
		f := Fence{ID: "a", Center: orb.Point{1, 1}, RadiusMeters: 5, Band: b}
		if err := f.Validate(); !errors.Is(err, ErrBand) {
			t.Errorf("%v: Validate says %v", b, err)
		}
		if _, err := NewWorld(1, Settings{}, []Fence{f}); !errors.Is(err, ErrBand) {
			t.Errorf("%v: NewWorld says %v", b, err)
		}
	}
	for _, b := range []Band{{}, {-5, 0}, {0, inf}, {-inf, 0}, {-inf, inf}} {
		if err := (Fence{Center: orb.Point{1, 1}, RadiusMeters: 5, Band: b}).Validate(); err != nil {
			t.Errorf("%v: %v", b, err)
		}
	}
}
