package geofence

import (
	"math"
	"slices"
)

// grid tells at once where most points of an outline's box lie. In each of its
// cells stands the sum of crossings for one place, the pin, and which edges pass
// through the cell: the sum for any other place in the cell differs by the
// edges between the two. Where spikes lie side by side, see chains. Its size is held to some 60 bytes a vertex, where
// shapes like combs would like more: cells that hold too many edges then, and
// places too near an edge to be sure, are left to the tree.
type grid struct {
	columns    int32
	rows       int32
	x, y       float64
	perX, perY float64 // cells a unit
	cells      []gridCell
	edges      []int32 // first vertices
	unsure     float64 // determinants up to this say nothing
	soft       bool    // some edges are no boundary
	// sums are, of the edges of a chain up to each, the crossings on the way
	// from the pin.
	sums []int16
}

// gridCell is a cell: in grid.edges stand, one after another, count edges in no
// order and two chains.
type gridCell struct {
	from    uint32
	count   uint8
	chains  [2]uint16
	winding int8
}

const (
	// gridFrom is the fewest edges for which a grid is faster than the tree.
	gridFrom = 12
	// gridMeasures is the fewest vertices for which to locate with the grid and
	// to measure with the tree beats doing both with the tree, where neither is
	// in the processor's caches.
	gridMeasures = 512
	// gridEdges is the most edges of a cell in no order: scanning more takes as
	// long as the tree does. A crowded cell has none. With more than gridBundle
	// chains are looked for.
	gridEdges  = 32
	gridBundle = 8
	crowded    = gridEdges + 1
	// gridRefs is how many cells more than one an edge may pass through on
	// average.
	gridRefs = 8
	// pinX and pinY are where in its cell the pin is: where people put corners
	// it should not be.
	pinX, pinY = 0.4637, 0.5419
	// gridSlack, in cells, is more than the rounding of where an edge passes.
	gridSlack = 1e-6
)

// newGrid is the grid of o, nil for an outline too small for one.
func newGrid(o *outline) *grid {
	edges := 0
	var lengthX, lengthY float64
	o.eachEdge(func(i int32) {
		edges++
		lengthX += math.Abs(o.vertices[i+1][0] - o.vertices[i][0])
		lengthY += math.Abs(o.vertices[i+1][1] - o.vertices[i][1])
	})
	if edges < gridFrom {
		return nil
	}
	b := &o.spans[0].box
	width, height := b.max[0]-b.min[0], b.max[1]-b.min[1]
	most := max(-b.min[0], b.max[0], -b.min[1], b.max[1])
	if !(min(width, height)*0x1p30 > most) {
		return nil
	}
	columns, rows := gridSize(float64(edges), lengthX/width, lengthY/height)
	g := &grid{
		columns: int32(columns), rows: int32(rows),
		x: b.min[0], y: b.min[1], perX: columns / width, perY: rows / height,
		// Twice what 3 products of 2 differences, each off by 4 units of the
		// largest number, can amount to, decimals read as binary fractions
		// included.
		unsure: 0x1p-46 * most * max(width, height),
		cells:  make([]gridCell, int(columns*rows)),
	}
	g.soft = slices.ContainsFunc(o.spans, func(s span) bool { return s.soft })
	g.list(o)
	g.pin(o)
	return g
}

// gridSize divides a box that edges cross as often from side to side and from
// bottom to top: into at most as many cells as edges, and so that either way
// takes half of the memory.
func gridSize(edges, across, upwards float64) (columns, rows float64) {
	columns, rows = gridRefs/2*edges/across, gridRefs/2*edges/upwards
	if shrink := math.Sqrt(edges / (columns * rows)); shrink < 1 {
		columns, rows = columns*shrink, rows*shrink
	}
	columns = max(1, min(math.Floor(columns), edges))
	return columns, max(1, min(math.Floor(rows), math.Floor(edges/columns)))
}

// eachEdge calls visit with the first vertex of every edge.
func (o *outline) eachEdge(visit func(i int32)) {
	for i := range o.spans {
		if s := &o.spans[i]; s.leaf {
			for at := s.first; at < s.last; at++ {
				visit(at)
			}
		}
	}
}

// list writes down which edges pass through each cell.
func (g *grid) list(o *outline) {
	ends := make([]uint32, len(g.cells)+1)
	o.eachEdge(func(i int32) {
		g.pass(o, i, func(cell int32) { ends[cell+1]++ })
	})
	for i := range g.cells {
		ends[i+1] += ends[i]
	}
	edges, at := make([]int32, ends[len(g.cells)]), slices.Clone(ends)
	o.eachEdge(func(i int32) {
		g.pass(o, i, func(cell int32) {
			edges[at[cell]] = i
			at[cell]++
		})
	})
	g.edges = make([]int32, 0, len(edges))
	for i := range g.cells {
		g.arrange(o, int32(i), edges[ends[i]:ends[i+1]])
	}
	g.sums = slices.Clip(g.sums)
}

// arrange puts edges into the cell.
func (g *grid) arrange(o *outline, cell int32, edges []int32) {
	c := &g.cells[cell]
	c.from = uint32(len(g.edges))
	var chains [2][]int32
	if len(edges) > gridBundle {
		edges, chains = g.chains(o, cell%g.columns, cell/g.columns, edges)
	}
	if len(edges) > gridEdges {
		c.count = crowded
		return
	}
	c.count = uint8(len(edges))
	g.edges = append(g.edges, edges...)
	g.sums = append(g.sums, make([]int16, len(edges))...)
	for n, chain := range chains {
		c.chains[n] = uint16(len(chain))
		g.edges = append(g.edges, chain...)
		sum := int16(0)
		for _, i := range chain {
			if _, left := unmark(i); left {
				sum--
			} else {
				sum++
			}
			g.sums = append(g.sums, sum)
		}
	}
}

// pass calls visit with the cells that edge i passes through.
func (g *grid) pass(o *outline, i int32, visit func(cell int32)) {
	ax, ay := (o.vertices[i][0]-g.x)*g.perX, (o.vertices[i][1]-g.y)*g.perY
	bx, by := (o.vertices[i+1][0]-g.x)*g.perX, (o.vertices[i+1][1]-g.y)*g.perY
	if ay > by {
		ax, ay, bx, by = bx, by, ax, ay
	}
	for row := slot(ay-gridSlack, g.rows); row <= slot(by+gridSlack, g.rows); row++ {
		from, to := ax, bx
		if low := float64(row) - gridSlack; ay < low {
			from = ax + (bx-ax)*((low-ay)/(by-ay))
		}
		if high := float64(row+1) + gridSlack; by > high {
			to = ax + (bx-ax)*((high-ay)/(by-ay))
		}
		last := slot(max(from, to)+gridSlack, g.columns)
		for column := slot(min(from, to)-gridSlack, g.columns); column <= last; column++ {
			visit(row*g.columns + column)
		}
	}
}

// slot is which of count rows or columns is v of them from the first one.
func slot(v float64, count int32) int32 { return max(0, min(int32(v), count-1)) }

// pin works out the sums at the pins.
func (g *grid) pin(o *outline) {
	for i := range g.cells {
		c := &g.cells[i]
		x, y := g.pinOf(int32(i)%g.columns, int32(i)/g.columns)
		winding, touched := o.winding(x, y)
		if touched || winding != int(int8(winding)) {
			c.count = crowded
		}
		c.winding = int8(winding)
	}
}

func (g *grid) pinOf(column, row int32) (x, y float64) {
	return g.x + (float64(column)+pinX)/g.perX, g.y + (float64(row)+pinY)/g.perY
}

// winding is outline.winding at a place in the box of o, for which g was made;
// not ok where g does not tell.
func (g *grid) winding(o *outline, x, y float64) (winding int, ok bool) {
	column, row := slot((x-g.x)*g.perX, g.columns), slot((y-g.y)*g.perY, g.rows)
	c := &g.cells[row*g.columns+column]
	if c.count == crowded {
		return 0, false
	}
	between, ok := g.between(o, c, column, row, x, y)
	if !ok {
		return 0, false
	}
	winding = int(c.winding) + between
	from := c.from + uint32(c.count)
	for _, count := range c.chains {
		if count == 0 {
			break
		}
		n, ok := g.passed(o, g.edges[from:from+uint32(count)], x, y)
		if !ok {
			return 0, false
		}
		if n > 0 {
			winding += int(g.sums[from+uint32(n)-1])
		}
		from += uint32(count)
	}
	return winding, true
}

// between sums the crossings, from the pin to x,y, of those edges of c that are
// in no order.
func (g *grid) between(o *outline, c *gridCell, column, row int32, x, y float64) (winding int, ok bool) {
	dx, dy := g.pinOf(column, row)
	dx, dy = dx-x, dy-y
	for _, i := range g.edges[c.from : c.from+uint32(c.count)] {
		a, b := &o.vertices[i], &o.vertices[i+1]
		ax, ay, bx, by := a[0]-x, a[1]-y, b[0]-x, b[1]-y
		// The sides of the line to the pin on which a and b lie.
		sideA, sideB := dx*ay-dy*ax, dx*by-dy*bx
		if min(sideA, sideB) > g.unsure || max(sideA, sideB) < -g.unsure {
			continue
		}
		// The sides of the edge on which the place and the pin lie.
		here := ax*by - ay*bx
		there := here + sideA - sideB
		if min(math.Abs(sideA), math.Abs(sideB), math.Abs(here), math.Abs(there)) <= g.unsure {
			return 0, false
		}
		switch {
		case here > 0 && there < 0:
			winding++
		case here < 0 && there > 0:
			winding--
		}
	}
	return winding, true
}
