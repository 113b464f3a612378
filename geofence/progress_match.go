package geofence

import "math"

const (
	// sparse is the time between fixes, in seconds, from which on a device may
	// have gone anywhere that is not too far, rather than about straight on.
	sparse = 5.0
	// gapSpeed is the most that a vehicle goes along a road, in metres per
	// second, and usualSpeed what is usual in town.
	gapSpeed, usualSpeed = 40.0, 15.0
	// lineSpread is the standard deviation, in metres, of good fixes around a line
	// drawn on a map.
	lineSpread = 10.0
	// detour is how much longer a road may be than the straight way.
	detour = 1.5
)

// next is where along path p the device is, given that it was on it, how far
// from there, and the edge. Around where it was the path may pass more than
// once: a place behind must be nearer than any ahead to be believed.
func (t *footing) next(p *path, g sighting, fix *Fix) (along, distance float64, edge int32) {
	elapsed, moved := t.met.since(g), t.met.metres(g)
	reach := detour*moved + g.uncertainty + lineSpread
	if elapsed > sparse {
		b := branch{
			sighting: g, ref: t.here, within: math.Inf(1),
			moved: moved, usual: max(t.pace*elapsed, moved), scale: usualSpeed * elapsed,
		}
		b.heed(fix)
		return b.pick(p, t.here-reach, t.here+max(reach, gapSpeed*elapsed))
	}
	along, distance, edge = p.follow(g.spot, t.here-reach, t.here+reach, p.edgeFrom(t.edge, t.here))
	if along < t.here {
		x, d, e := p.follow(g.spot, t.here, t.here+reach, edge)
		if d <= distance+max(g.uncertainty, lineSpread)/2 {
			return x, d, e
		}
	}
	return along, distance, edge
}

// branch is a choice among the places at which a path passes a fix.
type branch struct {
	sighting
	ref          float64 // where along the path the device was
	moved, usual float64 // how far it has gone since at least, and would at its pace; 0 if unknown
	scale        float64 // how much farther it may have got, in metres
	within       float64 // how far off the path it may be
	east, north  float64 // where it is heading, of length 1; 0 if unknown
	best         float64
	along, apart float64 // the answer
}

// heed takes the heading that a device in motion gives.
func (b *branch) heed(fix *Fix) {
	const slow = 3 // metres per second, below which a heading is chance
	if both := KnownHeading | KnownSpeed; fix.Known&both == both && fix.SpeedMPS > slow {
		b.east, b.north = math.Sincos(float64(fix.HeadingDegrees) * radians)
	}
}

// pick chooses between from and to. Where the path passes nowhere it gives the
// nearest place.
func (b *branch) pick(p *path, from, to float64) (along, distance float64, edge int32) {
	along, distance = p.nearest(b.spot, from, to)
	sigma := max(b.uncertainty, lineSpread)
	b.best, b.along, b.apart = math.Inf(1), along, distance
	p.passes(b.spot, from, to, min(b.within, distance+3*sigma), sigma/2, func(along, distance float64) {
		x, y := p.direction(along)
		if cost := b.cost(along-b.ref, distance/sigma, b.east*x+b.north*y); cost < b.best {
			b.best, b.along, b.apart = cost, along, distance
		}
	})
	return b.along, b.apart, int32(p.edge(b.along))
}

// cost says how unlikely it is that a device got ahead by so many metres, is
// off the path by so many standard deviations, and moves with the path (cosine
// 1) or against it (-1): about the logarithm of the odds. A device stands, or
// goes on at its pace, give or take half of that. Going back takes a turn.
func (b *branch) cost(ahead, off, cosine float64) float64 {
	const turn, against, unusual = 3, 3, 1.5
	cost := off*off/2 + max(0, math.Abs(ahead)-b.usual)/b.scale
	if b.east != 0 || b.north != 0 {
		cost += against * (1 - cosine)
	}
	slack := 2 * (b.uncertainty + lineSpread)
	if ahead < 0 {
		cost += turn * min(1, -ahead/slack)
	}
	if b.usual == 0 {
		return cost
	}
	if b.moved < slack {
		cost += unusual * min(1, math.Abs(ahead)/slack)
	}
	if math.Abs(ahead) > slack || b.moved > slack {
		z := (math.Abs(ahead) - b.usual) / max(b.usual/2, slack)
		cost += min(unusual, z*z/2)
	}
	return cost + max(0, b.moved-math.Abs(ahead)-slack)/slack
}

// sight is where a fix is in relation to the nearest route.
type sight struct {
	route           int
	along, distance float64
	corridor        float64
}

// nearest is the route that g is on, or that whose corridor is nearest. Where
// it is on several, it stays with the one that it was on.
func (p *progress) nearest(w *World, r *round, g sighting) sight {
	best := sight{distance: math.Inf(1)}
	look := func(route int) {
		s := sight{route: route, corridor: w.settings.Routes.corridor(r, route)}
		s.along, s.distance = r.paths[route].nearest(g.spot, 0, math.Inf(1))
		if s.distance-s.corridor < best.distance-best.corridor {
			best = s
		}
	}
	if p.trail.key != 0 {
		look(p.trail.route)
	}
	for i, key := range r.keys {
		if best.distance <= best.corridor {
			break
		}
		if key != p.trail.key {
			look(i)
		}
	}
	return best
}

// joining is a run of fixes on a route, or on a part of it, that the device was
// not on before.
type joining struct {
	key   uint64 // of the route; 0 for none, and all else is zero then
	first mark
	from  float64 // where along the route the run began
	count int     // of fixes near enough to be back
}

// settle takes a fix that is near, or not, and tells whether the device is on
// that route for sure: it goes along it rather than across.
func (p *progress) settle(w *World, r *round, g sighting, near sight) bool {
	const standing, sure = 6, 200 // times BackAfter, metres
	settings, key := &w.settings.Routes, r.keys[near.route]
	if near.distance > near.corridor {
		p.in = joining{}
		return false
	}
	if g.vague(near.corridor) {
		return false
	}
	if p.in.key != key {
		p.in = joining{key: key, first: g.mark(), from: near.along}
	}
	tight := near.distance <= max(settings.BackShare*near.corridor, min(g.uncertainty, near.corridor))
	if tight {
		p.in.count = min(p.in.count+1, 2)
	}
	elapsed := g.time - p.in.first.time
	moved := p.in.first.metres(g)
	got := math.Abs(p.in.got(r.paths[near.route], g))
	goes := moved >= 2*max(g.uncertainty, lineSpread) && got >= moved/2
	lasts := elapsed.duration() >= settings.BackAfter
	stays := elapsed.duration()/standing >= settings.BackAfter
	switch {
	case lasts && goes && p.in.count >= 2:
	case stays && got >= sure:
	case stays && p.in.count >= 2 && (p.phase == following || p.phase == astray):
	default:
		return false
	}
	return p.phase != finished || p.in.got(r.paths[near.route], g) > 0
}

// got is how far along path p the device has got since the run began.
func (n *joining) got(p *path, g sighting) float64 {
	reach := detour*n.first.metres(g) + g.uncertainty + lineSpread
	x, _ := p.nearest(g.spot, n.from-reach, n.from+reach)
	return x - n.from
}
