package geofence

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func TestValidateDrawings(t *testing.T) {
	for _, c := range []struct {
		name, picture string
		want          error
		says          string // part of the message
	}{
		{"square", `
	D.C
	...
	A.B`, nil, ""},
		{"clockwise", `
	B.C
	...
	A.D`, nil, ""},
		{"bow tie", `
	D.B
	...
	A.C`, ErrSelfCrossing, "at 1,1"},
		{"an edge through another", `
	.C....D
	.......
	E..F...
	.......
	AG.....
	B......`, ErrSelfCrossing, "crosses itself"},
		{"a corner touches an edge", `
	F..E.D
	......
	......
	A.C..B`, ErrSelfCrossing, ""},
		{"a corner along an edge", `
	E.D.C
	.....
	.....
	A...B`, nil, ""},
		{"a spike without width", `
	E...C.D
	.......
	A...B..`, ErrSelfCrossing, ""},
		{"a hole", `
	D....C
	.d.c..
	......
	.a.b..
	A....B`, nil, ""},
		{"a hole beside", `
	D..C..d.c
	.........
	A..B..a.b`, ErrHole, "hole 1: bad hole: it lies outside the outer ring"},
		{"a hole around", `
	d.......c
	..D..C...
	..A..B...
	a.......b`, ErrHole, "outside the outer ring"},
		{"a hole across", `
	D...C..
	..d...c
	..a...b
	A...B..`, ErrHole, "hole 1: bad hole: it touches or crosses the outer ring at"},
		{"a hole along an edge", `
	D...C
	d.c..
	a.b..
	A...B`, ErrHole, "touches or crosses the outer ring"},
		{"a hole in a hole", `
	D.........C
	..d.....c..
	....p.o....
	....m.n....
	..a.....b..
	A.........B`, ErrHole, "it lies in hole"},
		{"holes that cross", `
	D.........C
	..d...c....
	....p...o..
	....m...n..
	..a...b....
	A.........B`, ErrHole, "hole 2: bad hole: it touches or crosses the hole 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Fence{Polygons: orb.MultiPolygon{draw(t, c.picture).polygon}}.Validate()
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

// rectangle is one as a closed ring.
func rectangle(west, south, east, north float64) orb.Ring {
	return orb.Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

func TestValidateRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	polygon := func(rings ...orb.Ring) Fence { return Fence{Polygons: orb.MultiPolygon{rings}} }
	for _, c := range []struct {
		name  string
		fence Fence
		want  error
		says  string
	}{
		{"nothing", Fence{}, ErrEmpty, "give at least one polygon"},
		{"no polygon", Fence{Polygons: orb.MultiPolygon{}}, ErrEmpty, ""},
		{"polygon without a ring", Fence{Polygons: orb.MultiPolygon{{}}}, ErrEmpty, "polygon 1: empty fence"},
		{"ring without positions", polygon(orb.Ring{}), ErrEmpty, "outer ring"},
		{"second polygon empty", Fence{Polygons: orb.MultiPolygon{{rectangle(0, 0, 1, 1)}, {}}}, ErrEmpty, "polygon 2"},
		{"hole without positions", polygon(rectangle(0, 0, 9, 9), orb.Ring{}), ErrEmpty, "hole 1"},
		{"unclosed", polygon(orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}}), ErrUnclosedRing, "starts at 0,0 and ends at 0,1; repeat the first"},
		{"two positions", polygon(orb.Ring{{0, 0}, {1, 0}, {0, 0}}), ErrTooFew, "at least 4"},
		{"one place", polygon(orb.Ring{{3, 3}, {3, 3}, {3, 3}, {3, 3}}), ErrTooFew, "0 different corners"},
		{"two corners, one twice", polygon(orb.Ring{{0, 0}, {1, 1}, {1, 1}, {0, 0}}), ErrTooFew, ""},
		{"a line", polygon(orb.Ring{{0, 0}, {1, 1}, {2, 2}, {0, 0}}), ErrSelfCrossing, ""},
		{"there and back", polygon(orb.Ring{{0, 0}, {1, 0}, {2, 0}, {1, 0}, {0, 0}}), ErrSelfCrossing, ""},
		{"the same ring twice", polygon(orb.Ring{{0, 0}, {1, 0}, {0, 1}, {0, 0}, {1, 0}, {0, 1}, {0, 0}}), ErrSelfCrossing, ""},
		{"the hole is the outer ring", polygon(rectangle(0, 0, 1, 1), rectangle(0, 0, 1, 1)), ErrHole, ""},
		{"crossing at a corner", polygon(orb.Ring{{0, 0}, {1, 1}, {2, 2}, {2, 0}, {1, 1}, {0, 2}, {0, 0}}), ErrSelfCrossing, "crosses itself at its corner 1,1"},
		{"NaN", polygon(orb.Ring{{0, 0}, {nan, 0}, {1, 1}, {0, 0}}), ErrCoordinates, "position 2"},
		{"infinite", polygon(orb.Ring{{0, 0}, {1, inf}, {1, 1}, {0, 0}}), ErrCoordinates, ""},
		{"longitude", polygon(rectangle(170, 0, 190, 1)), ErrCoordinates, "longitude 190"},
		{"latitude", polygon(rectangle(0, 80, 1, 91)), ErrCoordinates, "latitude 91"},
		{"swapped", polygon(rectangle(52, -100, 53, -99)), ErrCoordinates, "in this order"},
		{"a pole", polygon(rectangle(0, 80, 1, 90)), ErrPole, "use a circle"},
		{"round the pole", polygon(orb.Ring{{0, 80}, {90, 80}, {180, 80}, {-90, 80}, {0, 80}}), ErrPole, "once round the globe"},
		{"round the pole by the antimeridian", polygon(orb.Ring{{-180, -60}, {-90, -60}, {0, -60}, {90, -60}, {180, -60}, {-180, -60}}), ErrPole, ""},
		{"the globe by four corners", polygon(rectangle(-180, -80, 180, 80)), ErrTooFew, "360 apart are the same place"},
		{"both shapes", Fence{Polygons: orb.MultiPolygon{{rectangle(0, 0, 1, 1)}}, RadiusMeters: 5}, ErrRadius, "leave the radius out"},
		{"no radius", Fence{Center: orb.Point{1, 1}}, ErrRadius, "greater than 0"},
		{"negative radius", Fence{RadiusMeters: -1}, ErrRadius, ""},
		{"NaN radius", Fence{RadiusMeters: nan}, ErrRadius, ""},
		{"infinite radius", Fence{RadiusMeters: inf}, ErrRadius, ""},
		{"radius too large", Fence{RadiusMeters: MaxRadiusMeters + 1}, ErrRadius, "at most 1000000"},
		{"center off the globe", Fence{Center: orb.Point{0, 90.1}, RadiusMeters: 5}, ErrCoordinates, ""},
		{"NaN center", Fence{Center: orb.Point{nan, 0}, RadiusMeters: 5}, ErrCoordinates, ""},
		{"too many", polygon(make(orb.Ring, MaxVertices+1)), ErrTooLarge, "simplify"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.fence.Validate()
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

func TestValidateAccepts(t *testing.T) {
	for name, f := range map[string]Fence{
		"circle":                   {Center: orb.Point{8, 50}, RadiusMeters: 25},
		"circle at the pole":       {Center: orb.Point{0, 90}, RadiusMeters: MaxRadiusMeters},
		"repeated positions":       {Polygons: orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 0}, {1, 1}, {0, 0}, {0, 0}}}}},
		"loops that share corners": {Polygons: orb.MultiPolygon{{{{0, 0}, {2, 0}, {1, 1}, {2, 2}, {0, 2}, {1, 1}, {0, 0}}}}},
		"holes that share corners": {Polygons: orb.MultiPolygon{{rectangle(0, 0, 9, 9), rectangle(1, 1, 2, 2),
			{{2, 2}, {3, 3}, {2, 3}, {2, 2}}, {{0, 0}, {1, 1}, {0.5, 3}, {0, 0}}}}},
		"polygons that overlap":   {Polygons: orb.MultiPolygon{{rectangle(0, 0, 2, 2)}, {rectangle(1, 1, 3, 3)}}},
		"polygons with one edge":  {Polygons: orb.MultiPolygon{{rectangle(0, 0, 1, 1)}, {rectangle(1, 0, 2, 1)}}},
		"across the antimeridian": {Polygons: orb.MultiPolygon{{rectangle(170, -10, -170, 10)}}},
		"a hole across it":        {Polygons: orb.MultiPolygon{{rectangle(170, -10, -170, 10), rectangle(-179, -1, -178, 1)}}},
		"round the equator": {Polygons: orb.MultiPolygon{{{{-180, -5}, {-60, -5}, {60, -5}, {180, -5},
			{180, 5}, {60, 5}, {-60, 5}, {-180, 5}, {-180, -5}}}}},
	} {
		if err := f.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
