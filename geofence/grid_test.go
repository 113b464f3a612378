package geofence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// spikyShapes are rings of about count corners of which many come near any
// place, by name.
func spikyShapes(random *rand.Rand, count int) map[string]orb.Ring {
	center := orb.Point{5, 50}
	star := func(radius func(i int) float64) (r orb.Ring) {
		for i := range count {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(count))
			far := radius(i)
			r = append(r, orb.Point{center[0] + 0.15*far*cos, center[1] + 0.1*far*sin})
		}
		return append(r, r[0])
	}
	return map[string]orb.Ring{
		"round":   star(func(int) float64 { return 1 - 0.02*random.Float64() }),
		"rough":   star(func(int) float64 { return 1 - 0.5*random.Float64() }),
		"star":    star(func(i int) float64 { return []float64{0.3, 1}[i%2] }),
		"uneven":  star(func(i int) float64 { return []float64{0.3, 1, 0.6}[i%3] + 0.01*random.Float64() }),
		"comb":    combOf(count, func(x, y float64) orb.Point { return orb.Point{5 + 0.2*x, 50 + 0.2*y} }),
		"slanted": combOf(count, func(x, y float64) orb.Point { return orb.Point{5 + 0.2*x + 0.1*y, 50 + 0.2*y - 0.07*x} }),
		"coast":   coast(count),
	}
}

// combOf has teeth upwards in the unit square, which place puts somewhere.
func combOf(count int, place func(x, y float64) orb.Point) orb.Ring {
	r := orb.Ring{place(0, 0), place(1, 0)}
	teeth := float64(max(2, count/4))
	for i := teeth - 1; i >= 0; i-- {
		from, to := i/teeth, (i+0.5)/teeth
		r = append(r, place(to, 0.05), place(to, 1), place(from, 1), place(from, 0.05))
	}
	r = r[:len(r)-1]
	return append(r, r[0])
}

// coast is the snowflake of H. von Koch, "Sur une courbe continue sans
// tangente", 1904, of at least count corners.
func coast(count int) orb.Ring {
	r := orb.Ring{{5, 50}, {5.2, 50}, {5.1, 50.17}, {5, 50}}
	for len(r) <= count {
		var finer orb.Ring
		for i, b := range r[1:] {
			a := r[i]
			dx, dy := b[0]-a[0], b[1]-a[1]
			finer = append(finer, a, orb.Point{a[0] + dx/3, a[1] + dy/3},
				orb.Point{a[0] + dx/2 + 0.288*dy, a[1] + dy/2 - 0.288*dx}, orb.Point{a[0] + 2*dx/3, a[1] + 2*dy/3})
		}
		r = append(finer, r[0])
	}
	return r
}

// whole is r in whole numbers, scale to a degree, from its lower left on.
func whole(r orb.Ring, scale float64) orb.Ring {
	out := make(orb.Ring, len(r))
	for i, p := range r {
		out[i] = orb.Point{math.Round((p[0] - 4.8) * scale), math.Round((p[1] - 49.8) * scale)}
	}
	return out
}

// The grid against every edge: exactly, corners and edges included. The rings
// need not be valid, and overlap.
func TestGridAgainstQuadrants(t *testing.T) {
	asked, told, chains := 0, 0, 0
	for run := range 24 {
		random, seed := seeded(run)
		scale := math.Pow(10, 3+4*random.Float64())
		for name, r := range spikyShapes(random, 50+random.IntN(1500)) {
			rings := []ring{{vertices: whole(r, scale)}}
			for _, hole := range []string{"rough", "comb"}[:random.IntN(3)] {
				h := whole(spikyShapes(random, 60)[hole], scale/2)
				slices.Reverse(h)
				rings = append(rings, ring{vertices: h})
			}
			o := newOutline(rings)
			if o.grid == nil {
				t.Fatalf("seed %d: %s has no grid", seed, name)
			}
			for _, c := range o.grid.cells {
				chains += int(c.chains[0])
			}
			for range 60 {
				p := probe(random, rings)
				if random.IntN(2) == 0 {
					b := o.spans[0].box
					p[0] = math.Round(b.min[0] + random.Float64()*(b.max[0]-b.min[0]))
					p[1] = math.Round(b.min[1] + random.Float64()*(b.max[1]-b.min[1]))
				}
				want := slowLocate(rings, p)
				if got := o.locate(p[0], p[1]); got != want {
					t.Fatalf("seed %d: %s: %v is %d, want %d", seed, name, p, got, want)
				}
				if !o.spans[0].box.contains(p[0], p[1]) || want == boundary {
					continue
				}
				asked++
				if winding, ok := o.grid.winding(&o, p[0], p[1]); ok {
					told++
					if located(winding) != want {
						t.Fatalf("seed %d: %s: the grid takes %v for %d, want %d", seed, name, p, winding, want)
					}
				}
			}
		}
	}
	if told < asked*2/3 || chains < asked {
		t.Errorf("the grid tells %d of %d, with %d edges in chains", told, asked, chains)
	}
}

// The memory of an outline is in proportion to its vertices, whatever the shape.
func TestOutlineMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, count := range []int{200, 2000, 20_000} {
		for name, r := range spikyShapes(random, count) {
			o := newOutline([]ring{{vertices: r}})
			bytes := 64*len(o.spans) + 16*len(o.vertices) + 6*len(o.grid.edges) + 12*len(o.grid.cells)
			if per := float64(bytes) / float64(len(r)); per > 125 {
				t.Errorf("%s of %d: %.0f bytes a vertex", name, len(r), per)
			}
		}
	}
}

func BenchmarkLocateShapes(b *testing.B) {
	for _, count := range []int{20, 200, 2000, 20_000} {
		shapes := spikyShapes(rand.New(rand.NewPCG(1, 2)), count)
		for _, name := range []string{"round", "rough", "star", "uneven", "comb", "slanted", "coast"} {
			z, err := newZone(Fence{ID: "z", Polygons: orb.MultiPolygon{{shapes[name]}}})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkLocate(b, fmt.Sprintf("%s/vertices=%d", name, len(shapes[name])-1), z)
		}
	}
}

// benchmarkLocate looks for random points in the box of z.
func benchmarkLocate(b *testing.B, name string, z *zone) {
	random := rand.New(rand.NewPCG(5, 6))
	spots := make([]spot, 1<<12)
	for i := range spots {
		x, y := z.box.max[0]-z.box.min[0], z.box.max[1]-z.box.min[1]
		spots[i] = newSpot(orb.Point{z.box.min[0] + x*random.Float64(), z.box.min[1] + y*random.Float64()})
	}
	for kind, ask := range map[string]func(s spot){
		"locate":   func(s spot) { z.shape.locate(s) },
		"distance": func(s spot) { z.shape.distance(s, 20) },
	} {
		b.Run(name+"/"+kind, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ask(spots[i%len(spots)])
				i++
			}
		})
	}
}

func BenchmarkLocateReal(b *testing.B) {
	for _, code := range []string{"fji", "kir", "lso", "zaf", "nzl"} {
		z := country(b, code)
		benchmarkLocate(b, code, z)
	}
	for i, f := range wards(b)[:3] {
		z, err := newZone(f)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkLocate(b, fmt.Sprintf("ward-%d", i), z)
	}
	circle, err := newZone(Fence{ID: "circle", Center: orb.Point{180, 50}, RadiusMeters: 5000})
	if err != nil {
		b.Fatal(err)
	}
	benchmarkLocate(b, "circle", circle)
}
