package geofence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"
	"github.com/tidwall/rtree"
)

// blob is a ring of count corners around center, up to meters away, with bays
// and a rough edge.
func blob(random *rand.Rand, center orb.Point, meters float64, count int) orb.Ring {
	var r orb.Ring
	phase := 2 * math.Pi * random.Float64()
	for i := range count {
		bearing := -2 * math.Pi * float64(i) / float64(count)
		radius := 0.75 + 0.15*math.Sin(3*bearing+phase) + 0.08*math.Sin(11*bearing-phase) + 0.02*random.Float64()
		r = append(r, destination(center, bearing, meters*radius))
	}
	return append(r, r[0])
}

// townFences are count fences in an area that grows with count, 50 by 50 km
// for 10,000: half of them circles of 25 to 150 m, half polygons of 5 to 200
// corners and 50 to 500 m, among them 1 in 100 a district of 200 corners and 2
// to 5 km.
func townFences(count int) []Fence {
	random := rand.New(rand.NewPCG(1, 2))
	var fences []Fence
	for i := range count {
		f := Fence{ID: FenceID(fmt.Sprintf("fence-%06d", i))}
		p := townPlace(random, count)
		switch {
		case i%100 == 0:
			f.Polygons = orb.MultiPolygon{{blob(random, p, 2000+3000*random.Float64(), 200)}}
		case i%2 == 0:
			f.Polygons = orb.MultiPolygon{{blob(random, p, 50+450*random.Float64(), 5+random.IntN(196))}}
		default:
			f.Center, f.RadiusMeters = p, 25+125*random.Float64()
		}
		fences = append(fences, f)
	}
	return fences
}

func townPlace(random *rand.Rand, count int) orb.Point {
	side := 50_000 * math.Sqrt(float64(count)/10_000) / metersPerDegree
	return orb.Point{8 + side*random.Float64()/math.Cos(50*radians), 50 + side*random.Float64()}
}

// traffic are devices on their way through town at 10 m/s, a fix a second: of
// each a stretch of 64 fixes, which is driven to and fro.
type traffic struct {
	stretches [][64]orb.Point
	round     int
	device    int
}

func newTraffic(devices, fences int) *traffic {
	random := rand.New(rand.NewPCG(3, 4))
	t := &traffic{stretches: make([][64]orb.Point, devices)}
	for i := range t.stretches {
		p, bearing := townPlace(random, fences), 2*math.Pi*random.Float64()
		for j := range t.stretches[i] {
			bearing += random.NormFloat64() / 10
			p = destination(p, bearing, 10)
			t.stretches[i][j] = p
		}
	}
	return t
}

// next is the next fix and whose it is.
func (t *traffic) next() (device int, fix Fix) {
	if t.device++; t.device == len(t.stretches) {
		t.device = 0
		t.round++
	}
	place := t.round % 126
	if place >= 64 {
		place = 126 - place
	}
	return t.device, Fix{
		Time:           Millis(t.round) * 1000,
		Point:          t.stretches[t.device][place],
		AccuracyMeters: 5,
		Known:          KnownAccuracy,
	}
}

func reportRate(b *testing.B, events int) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fixes/s")
	b.ReportMetric(float64(events)/float64(b.N), "events/fix")
}

func BenchmarkStep(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		fences := townFences(count)
		for name, settings := range map[string]Settings{"": {}, "/raw": {Raw: true}} {
			b.Run(fmt.Sprintf("fences=%d%s", count, name), func(b *testing.B) {
				w := newWorld(b, settings, fences...)
				t := newTraffic(5000, count)
				states := make([]State, 5000)
				events := make([]Event, 0, 64)
				found := 0
				step := func() {
					device, fix := t.next()
					events = Step(w, &states[device], fix, events[:0])
					found += len(events)
				}
				for range 126 * 5000 {
					step()
				}
				b.ReportAllocs()
				found = 0
				for b.Loop() {
					step()
				}
				reportRate(b, found)
			})
		}
	}
}

// naive does what is done usually: an R-tree of bounds, then every edge of what
// it finds, without a distance or a thought about accuracy.
type naive struct {
	fences []Fence
	tree   rtree.RTreeG[int]
	inside []map[int]bool
}

func newNaive(fences []Fence, devices int) *naive {
	n := &naive{fences: fences, inside: make([]map[int]bool, devices)}
	for i, f := range fences {
		bound := geo.NewBoundAroundPoint(f.Center, f.RadiusMeters)
		if f.Polygons != nil {
			bound = f.Polygons.Bound()
		}
		n.tree.Insert(bound.Min, bound.Max, i)
	}
	for i := range n.inside {
		n.inside[i] = map[int]bool{}
	}
	return n
}

func (n *naive) step(device int, p orb.Point) (events int) {
	known := n.inside[device]
	seen := 0
	n.tree.Search(p, p, func(_, _ [2]float64, i int) bool {
		f := &n.fences[i]
		if f.Polygons != nil && planar.MultiPolygonContains(f.Polygons, p) ||
			f.Polygons == nil && geo.DistanceHaversine(f.Center, p) <= f.RadiusMeters {
			seen++
			if !known[i] {
				known[i] = true
				events++
			}
		}
		return true
	})
	if seen < len(known) {
		events += len(known) - seen
		for i := range known {
			f := &n.fences[i]
			if f.Polygons != nil && !planar.MultiPolygonContains(f.Polygons, p) ||
				f.Polygons == nil && geo.DistanceHaversine(f.Center, p) > f.RadiusMeters {
				delete(known, i)
			}
		}
	}
	return events
}

func BenchmarkStepNaive(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("fences=%d", count), func(b *testing.B) {
			n := newNaive(townFences(count), 5000)
			t := newTraffic(5000, count)
			for range 5000 {
				device, fix := t.next()
				n.step(device, fix.Point)
			}
			b.ReportAllocs()
			found := 0
			for b.Loop() {
				device, fix := t.next()
				found += n.step(device, fix.Point)
			}
			reportRate(b, found)
		})
	}
}

// BenchmarkLocate looks for random points in the box of a round polygon and of
// one whose corners differ in distance by half, against orb.
func BenchmarkLocate(b *testing.B) {
	for _, count := range []int{20, 200, 2000, 20_000} {
		for name, rough := range map[string]float64{"round": 0.02, "spiky": 0.5} {
			r := roundRing(count, rough)
			z, err := newZone(Fence{ID: "z", Polygons: orb.MultiPolygon{{r}}})
			if err != nil {
				b.Fatal(err)
			}
			random := rand.New(rand.NewPCG(5, 6))
			points := make([]orb.Point, 1<<12)
			for i := range points {
				points[i] = orb.Point{4.9 + 0.2*random.Float64(), 49.9 + 0.2*random.Float64()}
			}
			each := func(name string, locate func(p orb.Point)) {
				b.Run(fmt.Sprintf("%s/vertices=%d", name, count), func(b *testing.B) {
					b.ReportAllocs()
					i := 0
					for b.Loop() {
						locate(points[i%len(points)])
						i++
					}
				})
			}
			polygon, meters := orb.Polygon{r}, 20.0
			each(name, func(p orb.Point) { z.shape.locate(spot{p[0], p[1], 0.64}) })
			each(name+"-distance", func(p orb.Point) { z.shape.distance(spot{p[0], p[1], 0.64}, meters) })
			each(name+"-orb", func(p orb.Point) { planar.PolygonContains(polygon, p) })
		}
	}
}

// BenchmarkWith replaces one fence of many: any one, and a circle, of which the
// check costs nothing.
func BenchmarkWith(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		fences := townFences(count)
		w := newWorld(b, Settings{}, fences...)
		for name, stride := range map[string]int{"any": 7919, "circle": 2 * 3967} {
			b.Run(fmt.Sprintf("%s/fences=%d", name, count), func(b *testing.B) {
				b.ReportAllocs()
				w, i := w, 1
				for b.Loop() {
					i = (i + stride) % count
					f := fences[i]
					if f.RadiusMeters > 0 {
						f.RadiusMeters++
					}
					next, err := w.With(w.version+1, []Fence{f}, nil)
					if err != nil {
						b.Fatal(err)
					}
					w = next
				}
			})
		}
	}
}

func BenchmarkNewWorld(b *testing.B) {
	b.Run("fences=10000", func(b *testing.B) {
		fences := townFences(10_000)
		b.ReportAllocs()
		for b.Loop() {
			newWorld(b, Settings{}, fences...)
		}
	})
}

// BenchmarkIndex searches around random places, against an R-tree.
func BenchmarkIndex(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		w := newWorld(b, Settings{}, townFences(count)...)
		var tree rtree.RTreeG[*zone]
		for z := range w.zones.all() {
			tree.Insert(z.box.min, z.box.max, z)
		}
		random := rand.New(rand.NewPCG(7, 8))
		boxes := make([]box, 1<<14)
		for i := range boxes {
			boxes[i] = around(newSpot(townPlace(random, count)), 20)
		}
		for name, search := range map[string]func(box, []*zone) []*zone{
			"quadtree": func(q box, found []*zone) []*zone {
				found, _ = w.index.search(q, 0, found)
				return found
			},
			"rtree": func(q box, found []*zone) []*zone {
				tree.Search(q.min, q.max, func(_, _ [2]float64, z *zone) bool {
					found = append(found, z)
					return true
				})
				return found
			},
		} {
			b.Run(fmt.Sprintf("%s/fences=%d", name, count), func(b *testing.B) {
				b.ReportAllocs()
				buffer := make([]*zone, 0, 64)
				i := 0
				for b.Loop() {
					buffer = search(boxes[i%len(boxes)], buffer[:0])
					i++
				}
			})
		}
	}
}
