package geofence

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// clearing is a disc around a fix in which no boundary lies but those of a few
// fences, with the device on a known side of all others: as long as it stays in
// there, clear of the edge, its fixes change nothing but how it stands to the
// few, and to those only outside of discs of their own. It only saves work: it
// is no part of a State's binary form, and Step answers the same without.
type clearing struct {
	center orb.Point
	cos    float64 // of its latitude
	until  Millis  // when a visit may be long enough for a Dwell
	// outer is how far from center there is no other fence that the device is
	// outside of, in metres, 0 for no clearing; inner how far it is in all others
	// that it is inside of.
	outer, inner float32
	// margin is how far from the boundary a fix must be to be beyond doubt
	// outside, in multiples of its accuracy.
	margin float32
	pause  uint8                  // fixes to let pass before looking again
	count  uint8                  // of few
	few    [clearingFew]neighbour // in order of id
}

const (
	// clearingPause is how long not to look again where a boundary is near.
	clearingPause = 4
	// clearingSteps is how many times as far as a device went since its last fix
	// to look, within limits.
	clearingSteps               = 24
	clearingLeast, clearingMost = 64.0, 512.0 // metres
	// clearingNear is how far from the box of a fence it is not worth to measure
	// how far from the fence that is.
	clearingNear = 32.0 // metres
	// clearingFew is how many fences to weigh by themselves. A disc costs a fix
	// next to nothing, so these are the nearest, and the clearing is as wide as
	// the sixth allows.
	clearingFew = 5
	// clearingFences is how many fences to look at before it is not worth it.
	clearingFences = 24
	// foundAtOnce is how many fences a search finds without an allocation.
	foundAtOnce = 64
	// Measures of distance at places within clearingMost of one another differ
	// by less than tan(latitude)*clearingMost/EarthRadiusMeters, 0.002 where the
	// cosine is at least clearingCosine, below 87 degrees.
	clearingSlack  = 0.01
	clearingError  = 0.001 // metres, more than rounding
	clearingCosine = 0.05
)

// holds tells that g is in the clearing, beyond doubt.
func (c *clearing) holds(g *sighting) bool {
	if g.time >= c.until {
		return false
	}
	x, y := c.offset(g)
	squared := x*x + y*y
	outer, inner := float64(c.outer)-float64(c.margin)*g.uncertainty, float64(c.inner)
	return outer > 0 && squared < outer*outer && squared < inner*inner
}

// offset is where g lies as seen from the center, in metres east and north.
func (c *clearing) offset(g *sighting) (x, y float64) {
	return eastward(c.center[0], g.lon) * c.cos * metersPerDegree, (g.lat - c.center[1]) * metersPerDegree
}

// rests tells that a concerns none but the few fences: with the last fix, the
// whole step lies in the clearing.
func (s *State) rests(a *arrival) bool {
	return s.seen && !s.trail.held && s.clearing.holds(&a.sighting)
}

// find is where the relation to the fence stands or would stand.
func (s *State) find(id FenceID) (int, bool) {
	for i := range s.relations {
		if at := s.relations[i].fence; at >= id {
			return i, at == id
		}
	}
	return len(s.relations), false
}

// relation is the one to z, nil if there is none.
func (s *State) relation(z *zone) *relation {
	for i := range s.relations {
		if r := &s.relations[i]; r.shape == z.key && r.fence == z.fence.ID {
			return r
		}
	}
	return nil
}

// lookAround finds the clearing around g, which has been weighed. There is none
// where a device goes so far between fixes that it would not be of use.
func (s *State) lookAround(w *World, g *sighting) {
	c := &s.clearing
	c.outer = 0
	if c.pause > 0 {
		c.pause--
		return
	}
	if !s.seen || s.fog || g.cos < clearingCosine {
		return
	}
	step := apart(s.last.Point, g.point(), g.cos)
	least := w.settings.reach(g) + 2*step + 1
	far := min(w.settings.reach(g)+max(clearingLeast, clearingSteps*step), clearingMost)
	room := float32(safely(far))
	made := clearing{
		center: g.point(), cos: g.cos, outer: room, inner: room, margin: farOutside, until: math.MaxInt64,
	}
	if far < least || !s.clears(w, g, &made, far) || float64(min(made.outer, made.inner)) < safely(least) {
		c.pause = clearingPause
		return
	}
	*c = made
}

// safely is a distance less what measures of it may differ by, 0 where nothing
// is left.
func safely(meters float64) float64 { return max(0, meters*(1-clearingSlack)-clearingError) }

// clears narrows c, up to far metres wide, to what no fences reach into but few,
// and tells whether that is possible.
func (s *State) clears(w *World, g *sighting, c *clearing, far float64) bool {
	var buffer [foundAtOnce]*zone
	zones, _ := w.index.search(around(g.spot, far), 0, buffer[:0])
	if len(zones) > clearingFences {
		return false
	}
	known := 0
	for i, z := range zones {
		if slices.Contains(zones[:i], z) {
			continue
		}
		r := s.relation(z)
		if r != nil {
			known++
		}
		n := neighbour{zone: z}
		n.note(0, 0, z.boundary(g.spot, far))
		n.settle(c, r)
		if !c.except(n) {
			return false
		}
	}
	return known == len(s.relations)
}

// except makes n one of the few, or narrows c to make room for the one of them
// that takes least of it. It tells whether that is possible.
func (c *clearing) except(n neighbour) bool {
	if n.settled() && n.room() >= min(c.outer, c.inner) {
		c.narrow(&n)
		return true
	}
	if c.count == clearingFew {
		widest := 0
		for i := range c.few {
			if c.few[i].room() > c.few[widest].room() {
				widest = i
			}
		}
		if n.settled() && n.room() >= c.few[widest].room() {
			c.narrow(&n)
			return true
		}
		if !c.few[widest].settled() {
			return false
		}
		c.narrow(&c.few[widest])
		copy(c.few[widest:], c.few[widest+1:])
		c.count--
	}
	c.insert(n)
	return true
}

func (c *clearing) insert(n neighbour) {
	i := c.count
	for ; i > 0 && c.few[i-1].zone.fence.ID > n.zone.fence.ID; i-- {
		c.few[i] = c.few[i-1]
	}
	c.few[i] = n
	c.count++
}

// narrow makes room for n, which is settled.
func (c *clearing) narrow(n *neighbour) {
	if n.clear > 0 {
		c.inner = min(c.inner, n.clear)
	} else {
		c.outer, c.margin = min(c.outer, -n.clear), max(c.margin, n.margin)
	}
}
