package geofence

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// band runs round the equator, from the antimeridian to itself.
func band(south, north float64) orb.Ring {
	return orb.Ring{{-180, south}, {-60, south}, {60, south}, {180, south},
		{180, north}, {60, north}, {-60, north}, {-180, north}, {-180, south}}
}

// The same area, 20 by 20 degrees around 180,0, written in every way that
// there is: where it is and how far its boundary is must not depend on it.
func TestOneAreaAcrossTheAntimeridian(t *testing.T) {
	for name, polygons := range map[string]orb.MultiPolygon{
		"running through eastwards": {{rectangle(170, -10, -170, 10)}},
		"running through westwards": {{{{-170, 10}, {170, 10}, {170, -10}, {-170, -10}, {-170, 10}}}},
		"cut":                       {{rectangle(170, -10, 180, 10)}, {rectangle(-180, -10, -170, 10)}},
		"cut, the parts exchanged":  {{rectangle(-180, -10, -170, 10)}, {rectangle(170, -10, 180, 10)}},
		"cut, 180 for -180":         {{rectangle(170, -10, 180, 10)}, {{{180, -10}, {-170, -10}, {-170, 10}, {180, 10}, {180, -10}}}},
		"cut, other corners at the cut": {
			{{{170, -10}, {180, -10}, {180, -3}, {180, 5}, {180, 10}, {170, 10}, {170, -10}}},
			{{{-170, -10}, {-170, 10}, {-180, 10}, {-180, 1}, {-180, -10}, {-170, -10}}}},
		"cut, and once more elsewhere": {{rectangle(170, -10, 175, 10)}, {rectangle(175, -10, 180, 10)},
			{rectangle(-180, -10, -170, 10)}},
		"cut along the equator too": {{rectangle(170, 0, -170, 10)}, {rectangle(170, -10, -170, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			z, err := newZone(Fence{ID: "area", Polygons: polygons})
			if err != nil {
				t.Fatal(err)
			}
			if b := z.box; b.max[0]-b.min[0] > 20 {
				t.Errorf("the box around it is %v", b)
			}
			for _, c := range []struct {
				lon, lat float64
				want     location
				degrees  float64 // of longitude or latitude to the boundary
			}{
				{180, 0, inside, 10}, {-180, 0, inside, 10},
				{180, 5, inside, 5}, {-180, 5, inside, 5},
				{179.9, 1, inside, 9}, {-179.9, 1, inside, 9},
				{175, 9, inside, 1}, {175, 0, inside, 5}, {-171, 1, inside, 1},
				{180, 10, boundary, 0}, {-180, -10, boundary, 0},
				{170, 3, boundary, 0}, {-170, 3, boundary, 0},
				{180, 11, outside, 1}, {-180, -12, outside, 2},
				{169, 0, outside, 1}, {-169, 0, outside, 1}, {0, 0, outside, 170},
			} {
				s := newSpot(orb.Point{c.lon, c.lat})
				if got := z.shape.locate(s); got != c.want {
					t.Errorf("%v is %d, want %d", s.point(), got, c.want)
				}
				d := z.shape.distance(s, math.Inf(1))
				if want := c.degrees * metersPerDegree; math.Abs(math.Abs(d)-want) > 0.03*want {
					t.Errorf("%v is %.0f m from the boundary, want about %.0f", s.point(), d, want)
				}
				if (d > 0) != (c.want == inside) || (d < 0) != (c.want == outside) {
					t.Errorf("%v has the signed distance %g, but is %d", s.point(), d, c.want)
				}
			}
		})
	}
}

// An edge on the antimeridian that has nothing on its other side is boundary.
func TestAreaThatEndsAtTheAntimeridian(t *testing.T) {
	for name, polygons := range map[string]orb.MultiPolygon{
		"alone":                       {{rectangle(170, -10, 180, 10)}},
		"with less on the other side": {{rectangle(170, -10, 180, 10)}, {rectangle(-180, 5, -170, 10)}},
	} {
		z, err := newZone(Fence{ID: "area", Polygons: polygons})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			lon  float64
			want location
			d    float64
		}{
			{180, boundary, 0}, {-180, boundary, 0},
			{179.99, inside, 0.01 * metersPerDegree}, {-179.99, outside, -0.01 * metersPerDegree},
		} {
			s := newSpot(orb.Point{c.lon, 0})
			if got := z.shape.locate(s); got != c.want {
				t.Errorf("%s: %v is %d, want %d", name, s.point(), got, c.want)
			}
			if d := z.shape.distance(s, math.Inf(1)); math.Abs(d-c.d) > 1e-3 {
				t.Errorf("%s: %v has the signed distance %g, want %g", name, s.point(), d, c.d)
			}
		}
	}
}

func TestBandRoundTheGlobe(t *testing.T) {
	z, err := newZone(Fence{ID: "equator", Polygons: orb.MultiPolygon{{band(-5, 5)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, lon := range []float64{-180, -179.999, -60, 0, 59, 179.999, 180} {
		for _, c := range []struct {
			lat  float64
			want location
		}{{0, inside}, {4.9, inside}, {5, boundary}, {-5, boundary}, {5.1, outside}, {-80, outside}} {
			s := newSpot(orb.Point{lon, c.lat})
			if got := z.shape.locate(s); got != c.want {
				t.Errorf("%v is %d, want %d", s.point(), got, c.want)
			}
			want := (5 - math.Abs(c.lat)) * metersPerDegree
			if d := z.shape.distance(s, math.Inf(1)); math.Abs(d-want) > 1e-6*math.Abs(want) {
				t.Errorf("%v has the signed distance %g, want %g", s.point(), d, want)
			}
		}
	}
}

// Where polygons overlap or share an edge, the area is their union.
func TestUnionOfPolygons(t *testing.T) {
	w := newWorld(t, Settings{}, Fence{ID: "overlap", Polygons: orb.MultiPolygon{
		{rectangle(0, 0, 2, 2)}, {rectangle(1, 1, 3, 3), rectangle(1.2, 1.2, 2.8, 2.8)}}},
		Fence{ID: "shared edge", Polygons: orb.MultiPolygon{{rectangle(10, 0, 11, 1)}, {rectangle(11, 0, 12, 1)}}})
	for _, c := range []struct {
		lon, lat float64
		want     int
	}{{0.5, 0.5, 1}, {1.1, 1.1, 1}, {1.5, 1.5, 1}, {2.5, 2.5, 0}, {2.9, 2.9, 1}, {11, 0.5, 1}, {11, 2, 0}} {
		if got := w.Locate(orb.Point{c.lon, c.lat}); len(got) != c.want {
			t.Errorf("%g,%g is in %q, want %d", c.lon, c.lat, got, c.want)
		}
	}
	d := w.zone("shared edge").shape.distance(newSpot(orb.Point{11, 0.5}), math.Inf(1))
	if want := metersPerDegree / 2; math.Abs(d-want) > 1e-3 {
		t.Errorf("a point on a shared edge is %g m inside, want %g", d, want)
	}
}
