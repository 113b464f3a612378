package geofence

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// winding is a route of count vertices some 10 m apart through a town, which
// turns as roads do.
func winding(random *rand.Rand, count int) orb.LineString {
	p, bearing := orb.Point{11.5, 48.1}, 0.0
	line := orb.LineString{p}
	for len(line) < count {
		bearing += random.NormFloat64() / 8
		if random.IntN(25) == 0 {
			bearing += math.Pi / 2 * float64(random.IntN(3)-1)
		}
		p = destination(p, bearing, 5+10*random.Float64())
		line = append(line, p)
	}
	return line
}

// BenchmarkCorridor asks whether a fix is within 50 m of a route of 10,000
// vertices: on it, where the last fix says where to look; on it, but nothing is
// known; off it by 300 m to 5 km; and off it, how far it is from it. The naive
// twin goes through all edges.
func BenchmarkCorridor(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 10))
	line := winding(random, 10_000)
	p, err := newPath(line)
	if err != nil {
		b.Fatal(err)
	}
	const count = 1 << 12
	on, off, along := make([]spot, count), make([]spot, count), make([]float64, count)
	for i := range count {
		along[i] = p.length() * random.Float64()
		on[i] = newSpot(destination(p.at(along[i]), random.Float64()*2*math.Pi, 10))
		for off[i].cos == 0 || p.distance(off[i], 300) < 300 {
			off[i] = newSpot(destination(p.at(along[i]), random.Float64()*2*math.Pi, 300+4700*random.Float64()))
		}
	}
	each := func(name string, ask func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ask(i)
			}
		})
	}
	var way []spot
	for at := 0.0; at < p.length(); at += 12 {
		way = append(way, newSpot(destination(p.at(at), random.Float64()*2*math.Pi, 10)))
	}
	hint, here := int32(0), 0.0
	each("on", func(i int) {
		if i = i % len(way); i == 0 {
			hint, here = 0, 0
		}
		x, d, edge := p.follow(way[i], here-30, here+30, hint)
		if d > 50 {
			b.Fatal(d)
		}
		here, hint = x, edge
	})
	each("part", func(i int) {
		if _, d := p.nearest(on[i%count], along[i%count]-40, along[i%count]+40); d > 50 {
			b.Fatal(d)
		}
	})
	each("cold", func(i int) { p.distance(on[i%count], 50) })
	each("off", func(i int) { p.distance(off[i%count], 50) })
	each("off-exact", func(i int) { p.distance(off[i%count], math.Inf(1)) })
	each("passes", func(i int) { p.passes(on[i%count], 0, p.length(), 50, 5, func(_, _ float64) {}) })
	each("naive", func(i int) { planar.DistanceFrom(line, on[i%count].point()) })
}

func BenchmarkNewPath(b *testing.B) {
	line := winding(rand.New(rand.NewPCG(9, 10)), 10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newPath(line); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTravel is Step along a route, against Step without one.
func BenchmarkTravel(b *testing.B) {
	line := winding(rand.New(rand.NewPCG(9, 10)), 10_000)
	fixes, _ := travelling(line, 9, 1, &roaming{random: rand.New(rand.NewPCG(1, 1)), sigma: 4, tau: 100})
	for name, w := range map[string]*World{"route": onRoute(b, line, 0), "none": newWorld(b, Settings{})} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var s State
			var events []Event
			for i := 0; b.Loop(); i++ {
				if i %= len(fixes); i == 0 {
					s = State{}
				}
				events = Step(w, &s, fixes[i], events[:0])
			}
		})
	}
}
