package geofence

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// path is a line on the globe, prepared for queries. Over its vertices lies a
// binary tree of sections, each a run of consecutive edges with its box; a
// query descends only into those that are near enough and belong to the part
// asked for. It takes some 40 bytes a vertex.
//
// Lengths along the path are measured on the sphere. Distances from a point are
// measured on its plane, on which edges are straight: off by about
// tan(latitude)*d/R/2 at a distance d, 0.05 % of 5 km at 50 degrees. An edge of
// more than some 100 km is taken for a straight line on the map, which is not
// the shortest way: where it runs east at 50 degrees, one of 100 km bends away
// by 0.2 km, one of 10 km by 2 m.
type path struct {
	vertices []orb.Point // longitudes run on, so that no edge spans more than 180 degrees
	along    []float64   // metres from the beginning to each vertex, ascending
	sections []section   // the tree in preorder
	leaves   []int32     // where in sections each run of sectionEdges edges stands
}

// section is a run of edges: an inner node of the tree, or a leaf.
type section struct {
	box         box
	first, last int32 // places of the run's first and last vertex
	next        int32 // place of the first section that is not part of this one
	leaf        bool
}

// sectionEdges is the most edges of a leaf, found by measuring: queries are no
// faster with 4 or 16.
const sectionEdges = 8

// newPath prepares a line. A position that adds no length is left out. Errors:
// ErrTooFew, ErrCoordinates.
func newPath(line orb.LineString) (*path, error) {
	p := &path{}
	turn, length := 0.0, 0.0
	for i, v := range line {
		if !onGlobe(v) {
			return nil, fmt.Errorf("%w: position %d, %v, is not on the globe", ErrCoordinates, i+1, v)
		}
		if i > 0 {
			turn -= math.Round((v[0] - line[i-1][0]) / 360)
			length += haversine(newSpot(line[i-1]), newSpot(v))
			if length <= p.length() {
				continue
			}
		}
		p.vertices = append(p.vertices, orb.Point{east(v[0], turn), v[1]})
		p.along = append(p.along, length)
	}
	if len(p.vertices) < 2 {
		return nil, fmt.Errorf("%w: a line needs two different positions or more", ErrTooFew)
	}
	leaves := p.cut()
	p.sections = make([]section, 0, 2*len(leaves)-1)
	p.appendTree(leaves)
	return p, nil
}

// cut is the leaves of the tree, in order.
func (p *path) cut() []section {
	var leaves []section
	edges := len(p.vertices) - 1
	for from := 0; from < edges; from += sectionEdges {
		to := min(from+sectionEdges, edges)
		leaves = append(leaves, section{
			box: bounds(p.vertices[from : to+1]), first: int32(from), last: int32(to), leaf: true,
		})
	}
	return leaves
}

// appendTree appends the tree over at least one leaf.
func (p *path) appendTree(leaves []section) {
	at := len(p.sections)
	p.sections = append(p.sections, leaves[0])
	if len(leaves) == 1 {
		p.leaves = append(p.leaves, int32(at))
	} else {
		whole := &p.sections[at]
		whole.leaf, whole.last = false, leaves[len(leaves)-1].last
		for _, l := range leaves[1:] {
			whole.box = whole.box.extend(l.box.min).extend(l.box.max)
		}
		p.appendTree(leaves[:len(leaves)/2])
		p.appendTree(leaves[len(leaves)/2:])
	}
	p.sections[at].next = int32(len(p.sections))
}

// length is how long the path is, in metres.
func (p *path) length() float64 { return p.along[len(p.along)-1] }

// within is along, moved onto the path.
func (p *path) within(along float64) float64 {
	if !(along > 0) {
		return 0
	}
	return min(along, p.length())
}

// edge is the place of the edge at so many metres along the path.
func (p *path) edge(along float64) int {
	i, _ := slices.BinarySearch(p.along, along)
	return max(0, min(i-1, len(p.along)-2))
}

// edgeFrom is edge, found at once where it is hint.
func (p *path) edgeFrom(hint int32, along float64) int32 {
	if i := int(hint); i < len(p.along)-1 && p.along[i] < along && along <= p.along[i+1] {
		return hint
	}
	return int32(p.edge(along))
}

// at is the point at so many metres along the path.
func (p *path) at(along float64) orb.Point {
	i := p.edge(along)
	a, b := p.vertices[i], p.vertices[i+1]
	t := max(0, min((along-p.along[i])/(p.along[i+1]-p.along[i]), 1))
	return orb.Point{math.Remainder(a[0]+t*(b[0]-a[0]), 360), a[1] + t*(b[1]-a[1])}
}

// direction is which way the path leads there: east and north, of length 1, or
// 0 where that cannot be said.
func (p *path) direction(along float64) (east, north float64) {
	i := p.edge(along)
	a, b := p.vertices[i], p.vertices[i+1]
	east = (b[0] - a[0]) * max(math.Cos((a[1]+b[1])/2*radians), 0)
	north = b[1] - a[1]
	length := math.Hypot(east, north)
	if length == 0 {
		return 0, 0
	}
	return east / length, north / length
}
