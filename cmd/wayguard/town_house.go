package main

import (
	"math"
	"math/rand/v2"
)

// townHouse is a building on a street.
type townHouse struct {
	outline townLine
	// edge, s and left say where on the network its door is: s metres along the
	// edge, on which side. The edge is -1 where the house has no address.
	edge int
	s    float64
	left bool
	zone townZone
}

// townStyle is how houses stand along a street: lengths in metres, each drawn
// between a least and a most.
type townStyle struct {
	width, depth, setback, gap [2]float64
	// turn is how far, in radians, a house may be off its street's direction.
	turn float64
	// empty is the share of plots without a house, winged that of houses with a
	// wing.
	empty, winged float64
}

func (z townZone) style() townStyle {
	switch z {
	case zoneTownOld:
		return townStyle{[2]float64{7, 12}, [2]float64{9, 13}, [2]float64{0.8, 1.6}, [2]float64{0, 0}, 0.01, 0.05, 0.15}
	case zoneTownCentre:
		return townStyle{[2]float64{11, 19}, [2]float64{11, 15}, [2]float64{1.5, 3}, [2]float64{0, 4}, 0.01, 0.06, 0.3}
	case zoneTownEstate:
		return townStyle{[2]float64{26, 62}, [2]float64{22, 44}, [2]float64{8, 14}, [2]float64{10, 26}, 0.03, 0.1, 0.35}
	case zoneTownCountry:
		return townStyle{[2]float64{10, 18}, [2]float64{9, 14}, [2]float64{10, 40}, [2]float64{60, 260}, 0.4, 0.55, 0.5}
	default:
		return townStyle{[2]float64{9, 13}, [2]float64{8, 11.5}, [2]float64{4, 7}, [2]float64{5, 11}, 0.05, 0.08, 0.3}
	}
}

// halfWidth of a street in metres, pavement included.
func (c townClass) halfWidth() float64 {
	if c == classTownMajor {
		return 7.5
	}
	return 5
}

// townBuilder puts houses where there is room.
type townBuilder struct {
	ground  *townGround
	zones   *townZones
	net     *townNet
	streets *townIndex // Line is the edge
	walls   *townIndex
	closed  []*townRing // parks, yards: no house there
	houses  []townHouse
	rng     *rand.Rand
}

// line builds houses along both sides of every street.
func (b *townBuilder) line() {
	for i := range b.net.edges {
		if b.net.edges[i].class == classTownYard {
			continue
		}
		b.row(i, true)
		b.row(i, false)
	}
}

func (b *townBuilder) row(edge int, left bool) {
	e := &b.net.edges[edge]
	reach := e.line.length()
	for s := 6 + 4*b.rng.Float64(); s < reach-6; {
		p, _ := e.line.at(s)
		zone := b.zones.at(p)
		style := zone.style()
		width := b.between(style.width)
		h := townHouse{edge: edge, s: s + width/2, left: left, zone: zone}
		if s+width < reach-4 && b.rng.Float64() >= style.empty && b.build(h, style, width) {
			s += width
		} else {
			s += width / 2
		}
		s += b.between(style.gap)
	}
}

func (b *townBuilder) between(r [2]float64) float64 { return r[0] + (r[1]-r[0])*b.rng.Float64() }

// build puts up h if there is room for it.
func (b *townBuilder) build(h townHouse, style townStyle, width float64) bool {
	depth, setback := b.between(style.depth), b.between(style.setback)
	turn := (2*b.rng.Float64() - 1) * style.turn
	frame := b.frame(h, width, depth, setback, turn)
	winged := b.rng.Float64() < style.winged
	if !b.free(frame, min(2, style.gap[0]/2)) {
		return false
	}
	h.outline = frame
	if winged {
		h.outline = townWinged(frame, 0.35+0.3*b.rng.Float64(), 0.4+0.3*b.rng.Float64(), b.rng.IntN(2) == 0)
	}
	b.put(h)
	return true
}

func (b *townBuilder) put(h townHouse) {
	b.houses = append(b.houses, h)
	b.walls.add(len(b.houses)-1, append(h.outline[:len(h.outline):len(h.outline)], h.outline[0]))
}

// frame is the rectangle of a house: its front, parallel to the street but for
// turn, first. It runs counterclockwise.
func (b *townBuilder) frame(h townHouse, width, depth, setback, turn float64) townLine {
	e := &b.net.edges[h.edge]
	p, dir := e.line.at(h.s)
	if !h.left {
		dir = dir.times(-1)
	}
	dir = townHeading(dir.angle() + turn)
	out := dir.left()
	front := p.plus(out.times(e.class.halfWidth() + setback))
	a, c := front.minus(dir.times(width/2)), front.plus(dir.times(width/2))
	return townLine{a, c, c.plus(out.times(depth)), a.plus(out.times(depth))}
}

// townWinged cuts a corner off the back of frame.
func townWinged(frame townLine, across, deep float64, mirrored bool) townLine {
	a, b, c, d := frame[0], frame[1], frame[2], frame[3]
	if mirrored {
		left, back := a.mix(d, deep), d.mix(c, across)
		return townLine{a, b, c, back, back.plus(left.minus(d)), left}
	}
	right, back := b.mix(c, deep), c.mix(d, across)
	return townLine{a, b, right, back.plus(right.minus(c)), back, d}
}

// free tells whether frame is on dry, open ground, clear of streets and at
// least gap from other houses; where gap is 0 walls may touch.
func (b *townBuilder) free(frame townLine, gap float64) bool {
	if !b.clearOfStreets(frame) || !b.clearOfWalls(frame, gap) {
		return false
	}
	for _, p := range frame {
		if !b.ground.dry(p, 7) || b.ground.seaward.distance(p, 21) < 21 {
			return false
		}
		for _, ring := range b.closed {
			if ring.holds(p) {
				return false
			}
		}
	}
	return true
}

func (b *townBuilder) clearOfStreets(frame townLine) bool {
	clear := true
	b.streets.beside(frame, 9, func(s townSegment) {
		clear = clear && frame.apart(s) >= b.net.edges[s.Line].class.halfWidth()+0.5
	})
	return clear
}

func (b *townBuilder) clearOfWalls(frame townLine, gap float64) bool {
	middle := frame[0].mix(frame[2], 0.5)
	if gap == 0 {
		// Terraced houses share walls: only what is well inside counts.
		shrunk := make(townLine, len(frame))
		for i, p := range frame {
			shrunk[i] = p.plus(middle.minus(p).unit().times(0.9))
		}
		frame = shrunk
	}
	clear := true
	b.walls.beside(frame, gap, func(s townSegment) {
		clear = clear && frame.apart(s) > gap && townToSegment(middle, s.A, s.B) > 4
	})
	return clear
}

// beside calls fn for the segments of x that may lie within margin of ring.
func (x *townIndex) beside(ring townLine, margin float64, fn func(townSegment)) {
	low, high := ring[0], ring[0]
	for _, p := range ring {
		low = townVec{min(low.X, p.X), min(low.Y, p.Y)}
		high = townVec{max(high.X, p.X), max(high.Y, p.Y)}
	}
	x.around(low, high, margin, func(s townSegment) {
		if max(s.A.X, s.B.X) >= low.X-margin && min(s.A.X, s.B.X) <= high.X+margin &&
			max(s.A.Y, s.B.Y) >= low.Y-margin && min(s.A.Y, s.B.Y) <= high.Y+margin {
			fn(s)
		}
	})
}

// apart is the distance between the outline of the ring l and a segment.
func (l townLine) apart(s townSegment) float64 {
	nearest := math.Inf(1)
	for i, p := range l {
		nearest = min(nearest, townApart(p, l[(i+1)%len(l)], s.A, s.B))
	}
	return nearest
}

// townApart is the distance between two segments, 0 where they cross.
func townApart(a, b, c, d townVec) float64 {
	if _, _, crosses := townCrossing(a, b, c, d); crosses {
		return 0
	}
	return math.Min(
		math.Min(townToSegment(a, c, d), townToSegment(b, c, d)),
		math.Min(townToSegment(c, a, b), townToSegment(d, a, b)))
}
