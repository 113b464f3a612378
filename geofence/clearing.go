package geofence

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// clearing is a disc around a fix in which no boundary lies but those of a few
// fences, with the device on a known side of all others: as long as it stays in
// there, clear of the edge, its fixes change nothing but how it stands to the
// few. It only saves work: it is no part of a State's binary form, and Step
// answers the same without.
type clearing struct {
	center orb.Point
	// outer is how far from center there is no other fence that the device is
	// outside of, in metres, 0 for no clearing; inner how far it is in all others
	// that it is inside of.
	outer, inner float64
	// margin is how far from the boundary a fix must be to be beyond doubt
	// outside, in multiples of its accuracy.
	margin float64
	until  Millis // when a visit of another may be long enough for a Dwell
	pause  uint8  // fixes to let pass before looking again
	count  uint8
	few    [clearingFew]*zone // count of them, in order of id
}

const (
	// clearingPause is how long not to look again where a boundary is near.
	clearingPause = 4
	// clearingSteps is how many times as far as a device went since its last fix
	// to look, within limits.
	clearingSteps               = 16
	clearingLeast, clearingMost = 64.0, 512.0 // metres
	// clearingFew is how many fences to weigh by themselves: two neighbours, and
	// one around both.
	clearingFew = 3
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
	away := apart(c.center, g.point(), g.cos)
	return away < c.outer-c.margin*g.uncertainty && away < c.inner
}

// rests tells that a concerns none but the few fences: with the last fix, the
// whole step lies in the clearing.
func (s *State) rests(a *arrival) bool {
	return s.seen && !s.trail.held && s.clearing.holds(&a.sighting)
}

// visitFew weighs a against the few fences.
func (s *State) visitFew(w *World, a *arrival, events []Event) []Event {
	if s.clearing.count == 0 {
		return events
	}
	b := s.around(a, w.settings.reach(&a.sighting))
	for _, z := range s.clearing.few[:s.clearing.count] {
		var kept bool
		i, known := s.find(z.fence.ID)
		if known {
			if events, kept = s.meet(w, z, &s.relations[i], a, events); !kept {
				s.relations = slices.Delete(s.relations, i, i+1)
			}
		} else if z.size >= a.uncertainty && z.meets(&b) {
			r := s.stranger(w, z)
			if events, kept = s.meet(w, z, &r, a, events); kept {
				s.relations = slices.Insert(s.relations, i, r)
			}
		}
	}
	return events
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

// meets tells whether z is what a search for b may find.
func (z *zone) meets(b *box) bool {
	for turns := -1.0; turns <= 1; turns++ {
		moved := box{orb.Point{east(b.min[0], turns), b.min[1]}, orb.Point{east(b.max[0], turns), b.max[1]}}
		if z.box.intersects(&moved) {
			return true
		}
	}
	return false
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
	made := clearing{center: g.point(), outer: far, inner: far, margin: farOutside, until: math.MaxInt64}
	if far < least || !s.clears(w, g, &made, least) {
		c.pause = clearingPause
		return
	}
	made.outer, made.inner = safely(made.outer), safely(made.inner)
	*c = made
}

// safely is a distance less what measures of it may differ by.
func safely(meters float64) float64 { return meters*(1-clearingSlack) - clearingError }

// clears narrows c to what no fences reach into but few, and tells whether that
// is least metres or more.
func (s *State) clears(w *World, g *sighting, c *clearing, least float64) bool {
	var buffer [foundAtOnce]*zone
	zones, _ := w.index.search(around(g.spot, c.outer), 0, buffer[:0])
	if len(zones) > clearingFences {
		return false
	}
	known := 0
	for i, z := range zones {
		if slices.Contains(zones[:i], z) {
			continue
		}
		var r *relation
		if at, found := s.find(z.fence.ID); found {
			r = &s.relations[at]
			known++
		}
		if !c.narrow(z, r, g, least) && !c.except(z) {
			return false
		}
	}
	return known == len(s.relations)
}

// narrow makes room for z, unless it takes more than to leave least metres, or
// r, nil for none, is not for sure what will be remembered of it.
func (c *clearing) narrow(z *zone, r *relation, g *sighting, least float64) bool {
	if r != nil && (z.banded || r.side != sideInside || r.turning || r.changes > 0) {
		return false
	}
	d := z.shape.distance(g.spot, max(c.outer, c.inner))
	if math.Abs(d) < least || (d > 0) != (r != nil) {
		return false
	}
	if d < 0 {
		c.outer, c.margin = min(c.outer, -d), max(c.margin, z.limit)
		return true
	}
	c.inner = min(c.inner, d)
	if z.fence.Dwell != 0 && !r.dwelt {
		c.until = min(c.until, r.since+Millis(z.fence.Dwell.Milliseconds()))
	}
	return true
}

// except makes z one of the few, if there is room.
func (c *clearing) except(z *zone) bool {
	if c.count == clearingFew {
		return false
	}
	i, _ := find(c.few[:c.count], z.fence.ID)
	copy(c.few[i+1:], c.few[i:c.count])
	c.few[i] = z
	c.count++
	return true
}
