package geofence

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A chain is edges that cross a cell of a grid from side to side one behind the
// other as seen from the pin: whoever is beyond one is beyond those before it.
// Long spikes make such bundles, and a few questions find a place among them.

// maxChain is the most edges of a chain.
const maxChain = math.MaxUint16

// chord is an edge that crosses a cell from side to side, from the border to
// the border.
type chord struct {
	edge     int32
	from, to orb.Point // where it enters and leaves the cell
	left     bool      // the pin lies at its left
	away     float64   // from its line to the pin
}

// chains sorts the edges that pass through the cell into at most two chains and
// the others.
func (g *grid) chains(o *outline, column, row int32, edges []int32) (others []int32, chains [2][]int32) {
	var chords []chord
	for _, i := range edges {
		if c, ok := g.chord(o, column, row, i); ok {
			chords = append(chords, c)
		} else {
			others = append(others, i)
		}
	}
	slices.SortFunc(chords, func(a, b chord) int { return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.edge, b.edge)) })
	var last [2]*chord
	for n := range chords {
		c := &chords[n]
		at := slices.IndexFunc(last[:], func(l *chord) bool { return l == nil || g.beyond(o, l, c) })
		if at < 0 || len(chains[at]) == maxChain {
			others = append(others, c.edge)
			continue
		}
		last[at] = c
		chains[at] = append(chains[at], marked(c.edge, c.left))
	}
	return others, chains
}

// chord is edge i in the cell, not ok where it ends there or is too near the
// pin.
func (g *grid) chord(o *outline, column, row, i int32) (c chord, ok bool) {
	a, b := o.vertices[i], o.vertices[i+1]
	// The cell, a little larger.
	low := orb.Point{g.x + (float64(column)-2*gridSlack)/g.perX, g.y + (float64(row)-2*gridSlack)/g.perY}
	high := orb.Point{g.x + (float64(column+1)+2*gridSlack)/g.perX, g.y + (float64(row+1)+2*gridSlack)/g.perY}
	in := box{low, high}
	if in.contains(a[0], a[1]) || in.contains(b[0], b[1]) {
		return chord{}, false
	}
	from, to := 0.0, 1.0
	for axis := range 2 {
		d := b[axis] - a[axis]
		if d == 0 {
			continue
		}
		t, u := (low[axis]-a[axis])/d, (high[axis]-a[axis])/d
		from, to = max(from, min(t, u)), min(to, max(t, u))
	}
	x, y := g.pinOf(column, row)
	side := (a[0]-x)*(b[1]-y) - (a[1]-y)*(b[0]-x)
	if !(from < to) || math.Abs(side) <= g.unsure {
		return chord{}, false
	}
	at := func(t float64) orb.Point { return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])} }
	return chord{i, at(from), at(to), side > 0, math.Abs(side) / math.Hypot(b[0]-a[0], b[1]-a[1])}, true
}

// beyond tells for sure that all of c lies beyond l, as seen from the pin.
func (g *grid) beyond(o *outline, l, c *chord) bool {
	a, b := o.vertices[l.edge], o.vertices[l.edge+1]
	for _, p := range []orb.Point{c.from, c.to} {
		side := (a[0]-p[0])*(b[1]-p[1]) - (a[1]-p[1])*(b[0]-p[0])
		if l.left {
			side = -side
		}
		if side <= 4*g.unsure {
			return false
		}
	}
	return true
}

// passed is how many edges of a chain x,y lies beyond, not ok where it lies too
// near one to be sure.
func (g *grid) passed(o *outline, chain []int32, x, y float64) (count int, ok bool) {
	from, to := 0, len(chain)
	for from < to {
		middle := (from + to) / 2
		i, left := unmark(chain[middle])
		a, b := &o.vertices[i], &o.vertices[i+1]
		side := (a[0]-x)*(b[1]-y) - (a[1]-y)*(b[0]-x)
		if math.Abs(side) <= g.unsure {
			return 0, false
		}
		if (side > 0) == left {
			to = middle
		} else {
			from = middle + 1
		}
	}
	return from, true
}

// marked is how edge i stands in a chain; left: the pin lies at its left.
func marked(i int32, left bool) int32 {
	if left {
		return i
	}
	return ^i
}

func unmark(i int32) (edge int32, left bool) {
	if i < 0 {
		return ^i, false
	}
	return i, true
}
