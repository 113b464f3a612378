package geofence

import "math"

// gridCells is in how many cells of a grid to look for edges: where there are
// more, the tree finds them sooner.
const gridCells = 12

// measure is outline.measure; not ok where g does not tell.
func (g *grid) measure(o *outline, p plane, within float64) (at location, meters float64, ok bool) {
	if g.soft || p.scaleX == 0 {
		return outside, 0, false
	}
	c := g.around(p, within)
	if c.count() > gridCells {
		return outside, 0, false
	}
	best := within * within
	for row := c.bottom; row <= c.top; row++ {
		for i := row*g.columns + c.left; i <= row*g.columns+c.right; i++ {
			if best, ok = g.nearest(o, &g.cells[i], p, best); !ok {
				return outside, 0, false
			}
		}
	}
	if at = o.locate(p.x, p.y); at == boundary {
		return boundary, 0, true
	}
	return at, math.Sqrt(best), true
}

// nearest is the smaller of best and the square of the distance from p to the
// edges of c, which must be in no order.
func (g *grid) nearest(o *outline, c *gridCell, p plane, best float64) (squared float64, ok bool) {
	if c.count == crowded || c.chains[0] > 0 {
		return 0, false
	}
	for _, i := range g.edges[c.from : c.from+uint32(c.count)] {
		a, b := &o.vertices[i], &o.vertices[i+1]
		ax, ay := (a[0]-p.x)*p.scaleX, (a[1]-p.y)*p.scaleY
		bx, by := (b[0]-p.x)*p.scaleX, (b[1]-p.y)*p.scaleY
		best = min(best, fromOrigin(ax, ay, bx, by))
	}
	return best, true
}

// gridBlock are the cells of some columns and rows, the last ones included.
type gridBlock struct{ left, right, bottom, top int32 }

func (c gridBlock) count() int64 {
	return int64(c.right-c.left+1) * int64(c.top-c.bottom+1)
}

// around are the cells that hold what is within meters of p in g.
func (g *grid) around(p plane, meters float64) gridBlock {
	x, y := meters/p.scaleX, meters/p.scaleY
	return gridBlock{
		left:   slotAt((p.x-x-g.x)*g.perX-gridSlack, g.columns),
		right:  slotAt((p.x+x-g.x)*g.perX+gridSlack, g.columns),
		bottom: slotAt((p.y-y-g.y)*g.perY-gridSlack, g.rows),
		top:    slotAt((p.y+y-g.y)*g.perY+gridSlack, g.rows),
	}
}

// slotAt is slot of any number.
func slotAt(v float64, count int32) int32 {
	return int32(max(0, min(v, float64(count-1))))
}
