package main

// townContours returns the rings around the regions where f is positive, on a
// square grid of that step within reach of the centre: marching squares (after
// Lorensen and Cline, Marching Cubes, 1987, a dimension lower). Rings run
// counterclockwise around a region and clockwise around a hole in one.
func townContours(f func(townVec) float64, reach, step float64) []townLine {
	n := int(2*reach/step) + 1
	values := make([]float64, n*n)
	for i := range values {
		values[i] = f(townVec{float64(i%n)*step - reach, float64(i/n)*step - reach})
	}
	g := townGrid{values, n, reach, step}
	next := map[int]int{}
	var starts []int
	for row := range n - 1 {
		for col := range n - 1 {
			for _, s := range g.pieces(row*n + col) {
				next[s[0]] = s[1]
				starts = append(starts, s[0])
			}
		}
	}
	var rings []townLine
	for _, start := range starts {
		var ring townLine
		for at := start; ; {
			to, ok := next[at]
			if !ok {
				break
			}
			ring = append(ring, g.point(at))
			delete(next, at)
			at = to
		}
		if len(ring) > 3 {
			rings = append(rings, ring)
		}
	}
	return rings
}

// townGrid is a square of values. Its edges are numbered: twice the number of
// the value at their western or southern end, plus one for those that run
// north.
type townGrid struct {
	values      []float64
	n           int
	reach, step float64
}

// pieces are the contour's pieces within the square north-east of value i, each
// from edge to edge, the positive side to the left.
func (g townGrid) pieces(i int) [][2]int {
	south, west, north, east := 2*i, 2*i+1, 2*(i+g.n), 2*(i+1)+1
	kind := 0
	for bit, corner := range [4]int{i, i + 1, i + g.n + 1, i + g.n} {
		if g.values[corner] > 0 {
			kind |= 1 << bit
		}
	}
	switch kind {
	case 1:
		return [][2]int{{south, west}}
	case 2:
		return [][2]int{{east, south}}
	case 3:
		return [][2]int{{east, west}}
	case 4:
		return [][2]int{{north, east}}
	case 5:
		return [][2]int{{south, west}, {north, east}}
	case 6:
		return [][2]int{{north, south}}
	case 7:
		return [][2]int{{north, west}}
	case 8:
		return [][2]int{{west, north}}
	case 9:
		return [][2]int{{south, north}}
	case 10:
		return [][2]int{{east, south}, {west, north}}
	case 11:
		return [][2]int{{east, north}}
	case 12:
		return [][2]int{{west, east}}
	case 13:
		return [][2]int{{south, east}}
	case 14:
		return [][2]int{{west, south}}
	}
	return nil
}

// point is where the value is 0 on that edge.
func (g townGrid) point(edge int) townVec {
	i := edge / 2
	j := i + 1
	if edge%2 == 1 {
		j = i + g.n
	}
	place := func(k int) townVec {
		return townVec{float64(k%g.n)*g.step - g.reach, float64(k/g.n)*g.step - g.reach}
	}
	return place(i).mix(place(j), g.values[i]/(g.values[i]-g.values[j]))
}
