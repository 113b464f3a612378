package geofence

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

func TestHaversine(t *testing.T) {
	quarter := EarthRadiusMeters * math.Pi / 2
	for _, c := range []struct {
		name string
		a, b orb.Point
		want float64
	}{
		{"same place", orb.Point{8, 50}, orb.Point{8, 50}, 0},
		{"pole to equator", orb.Point{123, 90}, orb.Point{7, 0}, quarter},
		{"pole to pole", orb.Point{0, 90}, orb.Point{0, -90}, 2 * quarter},
		{"antipodes", orb.Point{-170, 33}, orb.Point{10, -33}, 2 * quarter},
		{"along the equator across the antimeridian", orb.Point{179, 0}, orb.Point{-179, 0}, 2 * metersPerDegree},
		{"two names of a place", orb.Point{180, 12}, orb.Point{-180, 12}, 0},
		{"the pole by two names", orb.Point{0, 90}, orb.Point{77, 90}, 0},
		{"a metre", orb.Point{0, 50}, orb.Point{0, 50 + 1/metersPerDegree}, 1},
		// By the spherical law of cosines.
		{"Berlin to Tokyo", orb.Point{13.4050, 52.5200}, orb.Point{139.6917, 35.6895}, 8916118.1},
	} {
		if got := haversine(newSpot(c.a), newSpot(c.b)); math.Abs(got-c.want) > 0.1 {
			t.Errorf("%s: %.2f m, want %.2f", c.name, got, c.want)
		}
	}
}

func TestCircle(t *testing.T) {
	for _, c := range []struct {
		name   string
		center orb.Point
		radius float64
		point  orb.Point
		want   location
	}{
		{"its center", orb.Point{8, 50}, 25, orb.Point{8, 50}, inside},
		{"across the antimeridian", orb.Point{179.9999, 0}, 25, orb.Point{-179.9999, 0}, inside},
		{"just beyond", orb.Point{179.9999, 0}, 22, orb.Point{-179.9999, 0}, outside},
		{"at the antimeridian by its other name", orb.Point{-180, -17}, 25, orb.Point{180, -17}, inside},
		{"over the pole", orb.Point{0, 89.9}, 50_000, orb.Point{180, 89.8}, inside},
		{"on the pole", orb.Point{55, -90}, 1000, orb.Point{-120, -89.9999}, inside},
		{"not so far from the pole", orb.Point{55, -90}, 1000, orb.Point{-120, -89.9}, outside},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{}, Fence{ID: "c", Center: c.center, RadiusMeters: c.radius})
			if got := len(w.Locate(c.point)) == 1; got != (c.want == inside) {
				t.Errorf("found %v, want %v", got, c.want == inside)
			}
			d := w.zone("c").shape.distance(newSpot(c.point), math.Inf(1))
			if (d > 0) != (c.want == inside) {
				t.Errorf("signed distance %g", d)
			}
		})
	}
}

func TestCircleBoundaryCountsAsInside(t *testing.T) {
	center, point := orb.Point{8.5, 50.1}, orb.Point{8.501, 50.1005}
	radius := haversine(newSpot(center), newSpot(point))
	w := newWorld(t, Settings{}, Fence{ID: "c", Center: center, RadiusMeters: radius})
	if got := w.Locate(point); len(got) != 1 {
		t.Errorf("a point at the radius is in %q", got)
	}
}

// everything within a distance must lie in the box around it.
func TestAroundHoldsTheCap(t *testing.T) {
	for run := range 40 {
		random, seed := seeded(run)
		for range 200 {
			center := newSpot(orb.Point{random.Float64()*360 - 180, math.Asin(2*random.Float64()-1) / radians})
			reach := math.Exp(random.Float64() * math.Log(MaxRadiusMeters))
			b := around(center, reach)
			point := destination(center.point(), random.Float64()*2*math.Pi, reach*random.Float64())
			found := false
			for turns := -1.0; turns <= 1; turns++ {
				found = found || b.contains(east(point[0], turns), point[1])
			}
			if !found {
				t.Fatalf("seed %d: %v is within %g m of %v, but not in %v", seed, point, reach, center.point(), b)
			}
		}
	}
}

// destination is where one gets from p on a great circle, by the direct
// formulas of E. Williams, "Aviation Formulary".
func destination(p orb.Point, bearing, meters float64) orb.Point {
	d, lat := meters/EarthRadiusMeters, p[1]*radians
	sinLat := math.Sin(lat)*math.Cos(d) + math.Cos(lat)*math.Sin(d)*math.Cos(bearing)
	lon := math.Atan2(math.Sin(bearing)*math.Sin(d)*math.Cos(lat), math.Cos(d)-math.Sin(lat)*sinLat)
	return orb.Point{math.Remainder(p[0]+lon/radians, 360), math.Asin(max(-1, min(1, sinLat))) / radians}
}

// The distance to a polygon agrees with the great circle to the nearest of
// many points along its edges.
func TestPolygonDistanceAgainstGreatCircles(t *testing.T) {
	for run := range 40 {
		random, seed := seeded(run)
		center := orb.Point{random.Float64()*360 - 180, random.Float64()*150 - 75}
		cos := math.Cos(center[1] * radians)
		var r orb.Ring
		for i := range 8 {
			sin, c := math.Sincos(2 * math.Pi * float64(i) / 8)
			radius := (0.3 + random.Float64()) * 1000 / metersPerDegree
			r = append(r, orb.Point{math.Remainder(center[0]+radius*c/cos, 360), center[1] + radius*sin})
		}
		z, err := newZone(Fence{ID: "p", Polygons: orb.MultiPolygon{{append(r, r[0])}}})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			s := newSpot(destination(center, random.Float64()*2*math.Pi, 3000*random.Float64()))
			want := alongEdges(z.fence.Polygons[0][0], s)
			if got := math.Abs(z.shape.distance(s, math.Inf(1))); math.Abs(got-want) > 0.002*want+0.5 {
				t.Fatalf("seed %d: %v is %g m from the boundary, want %g", seed, s.point(), got, want)
			}
		}
	}
}

func alongEdges(r orb.Ring, s spot) float64 {
	least := math.Inf(1)
	for i, b := range r[1:] {
		a := r[i]
		dx := math.Remainder(b[0]-a[0], 360)
		for n := range 2001 {
			f := float64(n) / 2000
			least = min(least, haversine(s, newSpot(orb.Point{a[0] + f*dx, a[1] + f*(b[1]-a[1])})))
		}
	}
	return least
}
