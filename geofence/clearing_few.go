package geofence

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// neighbour is one of the few fences that a clearing makes an exception of, with
// a disc of its own.
type neighbour struct {
	zone *zone
	// x and y are the middle of the disc, in metres from the clearing's.
	x, y float32
	// clear is how far from there there is no boundary for sure, in metres, 0 for
	// unknown; negative outside.
	clear float32
	// margin: as long as the device is in the disc by so many times its accuracy,
	// nothing changes that is remembered of the fence; negative where it may.
	margin float32
}

func (n *neighbour) settled() bool { return n.margin >= 0 }

// room is how far from the middle there is nothing to weigh.
func (n *neighbour) room() float32 {
	if !n.settled() {
		return 0
	}
	return max(n.clear, -n.clear)
}

// note takes down that x,y is so many metres inside, negative outside.
func (n *neighbour) note(x, y, meters float64) {
	n.x, n.y = float32(x), float32(y)
	n.clear = float32(math.Copysign(safely(math.Abs(meters)), meters))
}

// quiet tells that a fix at x,y, like the last one, changes nothing.
func (n *neighbour) quiet(x, y, uncertainty float64) bool {
	if !n.settled() {
		return false
	}
	dx, dy := x-float64(n.x), y-float64(n.y)
	room := float64(n.room()) - float64(n.margin)*uncertainty
	return room > 0 && dx*dx+dy*dy < room*room
}

// settle tells whether r, what is remembered of n, nil for nothing, changes in
// the disc, and from when on.
func (n *neighbour) settle(c *clearing, r *relation) {
	switch {
	case (n.clear > 0) != (r != nil) || !r.settled(n.zone):
		n.margin = -1
	case r == nil:
		n.margin = float32(n.zone.limit)
	default:
		n.margin = 0
		if n.zone.fence.Dwell != 0 && !r.dwelt {
			c.until = min(c.until, r.since+Millis(n.zone.fence.Dwell.Milliseconds()))
		}
	}
}

// settled tells whether r, nil for none, will be what it is as long as the
// device stays on its side of z.
func (r *relation) settled(z *zone) bool {
	return r == nil || !z.banded && r.side == sideInside && !r.turning && r.changes == 0
}

// visitFew weighs a against those of the few that it may concern.
func (s *State) visitFew(w *World, a *arrival, events []Event) []Event {
	c := &s.clearing
	x, y := c.offset(&a.sighting)
	looked := false
	for i := range c.few[:c.count] {
		n := &c.few[i]
		if n.quiet(x, y, a.uncertainty) {
			continue
		}
		if !looked {
			s.look(w, a)
			looked = true
		}
		events = s.visitOne(w, n, x, y, a, events)
	}
	return events
}

// visitOne weighs a, at x,y, against n.
func (s *State) visitOne(w *World, n *neighbour, x, y float64, a *arrival, events []Event) []Event {
	z := n.zone
	i, known := s.find(z.fence.ID)
	if known {
		r := &s.relations[i]
		r.trust(a)
		e := n.judge(w, x, y, &a.sighting, r.limit(z))
		events = s.note(w, z, r, e, a, events)
		if !r.matters(e) {
			s.relations, r = slices.Delete(s.relations, i, i+1), nil
		}
		n.settle(&s.clearing, r)
		return events
	}
	b := s.around(a, w.settings.reach(&a.sighting))
	if !(z.size >= a.uncertainty && z.meets(&b)) {
		n.note(x, y, z.boundary(a.spot, clearingLeast))
		n.settle(&s.clearing, nil)
		return events
	}
	stranger := s.stranger(w, z)
	r := &stranger
	events, e := s.meet(w, z, r, a, events)
	n.note(x, y, e.meters)
	if r.matters(e) {
		s.relations = slices.Insert(s.relations, i, stranger)
	} else {
		r = nil
	}
	n.settle(&s.clearing, r)
	return events
}

// judge is Settings.judge of g, at x,y, with what is known of n.
func (n *neighbour) judge(w *World, x, y float64, g *sighting, limit float64) evidence {
	dx, dy := x-float64(n.x), y-float64(n.y)
	left := math.Abs(float64(n.clear)) - math.Sqrt(dx*dx+dy*dy)
	if left >= limit*g.uncertainty && left > 0 && !w.settings.Raw {
		return n.zone.weigh(g, limit, math.Copysign(left, float64(n.clear)))
	}
	e := w.settings.judge(n.zone, g, limit)
	n.note(x, y, e.meters)
	return e
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

// boundary is how far s is from the boundary of z for sure, cut to within,
// positive inside.
func (z *zone) boundary(s spot, within float64) float64 {
	squared := within * within
	for turns := -1.0; turns <= 1; turns++ {
		m := s.plane(turns)
		squared = min(squared, m.toBox(&z.box))
	}
	if squared >= clearingNear*clearingNear {
		return -math.Sqrt(squared)
	}
	return z.shape.distance(s, within)
}
