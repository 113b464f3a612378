package geofence

import "math"

// search is a question to a path and the best answer so far.
type search struct {
	from, to float64 // the part of the path in question, in metres along it
	square   float64 // of the distance
	along    float64
}

// nearest is the distance in metres from s to the part of the path between
// from and to metres along it, and where along the path that is.
func (p *path) nearest(s spot, from, to float64) (along, distance float64) {
	from = p.within(from)
	to = max(from, p.within(to))
	q := search{from, to, math.Inf(1), from}
	p.seek(s, &q)
	return q.answer()
}

// answer keeps what was rounded in its bounds.
func (q *search) answer() (along, distance float64) {
	return max(q.from, min(q.along, q.to)), math.Sqrt(q.square)
}

// distance is how far s is from the path if that is less than within, else
// within, in metres.
func (p *path) distance(s spot, within float64) float64 {
	q := search{0, p.length(), within * within, 0}
	p.seek(s, &q)
	return min(math.Sqrt(q.square), within)
}

// seek brings q up to date. Of the copies of s, a turn of 360 degrees apart,
// only those are asked about that some vertex is less than 180 degrees from.
func (p *path) seek(s spot, q *search) {
	b := &p.sections[0].box
	middle, half := (b.min[0]+b.max[0])/2, (b.max[0]-b.min[0])/2
	turn := math.RoundToEven((middle - s.lon) / 360)
	p.seekOnPlane(s.plane(turn), q)
	off := math.Abs(middle - east(s.lon, turn))
	for k := 1.0; 360*k-off-half < 180; k++ {
		p.seekOnPlane(s.plane(turn+k), q)
		p.seekOnPlane(s.plane(turn-k), q)
	}
}

// waiting is a section to be looked into after a nearer one.
type waiting struct {
	at     int32
	square float64 // of the distance to its box
}

// seekOnPlane looks into the nearer half of each section first.
func (p *path) seekOnPlane(m plane, q *search) {
	var stack [32]waiting // as deep as the tree is high
	depth, at := 0, int32(0)
	square := m.toBox(&p.sections[0].box)
	for {
		n := &p.sections[at]
		if square < q.square && p.along[n.last] >= q.from && p.along[n.first] <= q.to {
			if !n.leaf {
				left, right := at+1, p.sections[at+1].next
				toLeft, toRight := m.toBox(&p.sections[left].box), m.toBox(&p.sections[right].box)
				if toRight < toLeft {
					left, right, toLeft, toRight = right, left, toRight, toLeft
				}
				stack[depth] = waiting{right, toRight}
				depth++
				at, square = left, toLeft
				continue
			}
			p.scan(n, m, q)
		}
		if depth == 0 {
			return
		}
		depth--
		at, square = stack[depth].at, stack[depth].square
	}
}

// scan looks at each edge of leaf n and tells whether one is nearer.
func (p *path) scan(n *section, m plane, q *search) (nearer bool) {
	first, last := n.first, n.last
	for first < last && p.along[first+1] < q.from {
		first++
	}
	for first < last && p.along[last-1] > q.to {
		last--
	}
	vertices, along := p.vertices[first:last+1], p.along[first:last+1]
	ax, ay := (vertices[0][0]-m.x)*m.scaleX, (vertices[0][1]-m.y)*m.scaleY
	for i := range vertices[1:] {
		b, start, end := &vertices[i+1], along[i], along[i+1]
		bx, by := (b[0]-m.x)*m.scaleX, (b[1]-m.y)*m.scaleY
		t := foot(ax, ay, bx, by)
		if start < q.from || end > q.to {
			t = max((q.from-start)/(end-start), min(t, (q.to-start)/(end-start)))
		}
		x, y := ax+t*(bx-ax), ay+t*(by-ay)
		if square := x*x + y*y; square < q.square {
			q.square, q.along, nearer = square, start+t*(end-start), true
		}
		ax, ay = bx, by
	}
	return nearer
}

// foot is how far from a (0) to b (1) the line between them is nearest to the
// origin.
func foot(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	along, length := -(ax*dx + ay*dy), dx*dx+dy*dy
	switch {
	case along <= 0:
		return 0
	case along >= length:
		return 1
	}
	return along / length
}

// follow is nearest, quicker where edge lies between from and to, or near. It
// also gives the edge of the answer. Of places that are equally near it may
// choose another one than nearest does, but always the same for the same edge.
func (p *path) follow(s spot, from, to float64, edge int32) (along, distance float64, found int32) {
	from = p.within(from)
	to = max(from, p.within(to))
	q := search{from, to, math.Inf(1), from}
	at := max(0, min(int(edge)/sectionEdges, len(p.leaves)-1))
	n := &p.sections[p.leaves[at]]
	b := &p.sections[0].box
	// On a path around the globe the way to the nearest vertex is not always
	// the same way around.
	if p.along[n.last] < from || p.along[n.first] > to || b.max[0]-b.min[0] > 90 {
		p.seek(s, &q)
		along, distance = q.answer()
		return along, distance, int32(p.edge(along))
	}
	m := s.plane(math.RoundToEven((n.box.min[0] - s.lon) / 360))
	leaf := at
	for i := at; i < len(p.leaves); i++ {
		if n := &p.sections[p.leaves[i]]; p.along[n.first] > to {
			break
		} else if m.toBox(&n.box) < q.square && p.scan(n, m, &q) {
			leaf = i
		}
	}
	for i := at - 1; i >= 0; i-- {
		if n := &p.sections[p.leaves[i]]; p.along[n.last] < from {
			break
		} else if m.toBox(&n.box) < q.square && p.scan(n, m, &q) {
			leaf = i
		}
	}
	along, distance = q.answer()
	i := leaf * sectionEdges
	for i > 0 && p.along[i] >= along {
		i--
	}
	for p.along[i+1] < along {
		i++
	}
	return along, distance, int32(i)
}

// passes calls yield, in order, for each place at which the path between from
// and to comes near s: where its distance is least, at most within metres, and
// on either side grows by rise or more before it falls again.
func (p *path) passes(s spot, from, to, within, rise float64, yield func(along, distance float64)) {
	from = p.within(from)
	to = max(from, p.within(to))
	b := &p.sections[0].box
	middle, half := (b.min[0]+b.max[0])/2, (b.max[0]-b.min[0])/2
	turn := math.RoundToEven((middle - s.lon) / 360)
	off := math.Abs(middle - east(s.lon, turn))
	v := valley{within: within, rise: rise}
	p.pass(s.plane(turn), from, to, &v, yield)
	for k := 1.0; 360*k-off-half < 180; k++ {
		p.pass(s.plane(turn+k), from, to, &v, yield)
		p.pass(s.plane(turn-k), from, to, &v, yield)
	}
}

func (p *path) pass(m plane, from, to float64, v *valley, yield func(along, distance float64)) {
	end := int32(0)
	for i := 0; i < len(p.sections); {
		n := &p.sections[i]
		if p.along[n.last] < from || p.along[n.first] > to || m.toBox(&n.box) > v.within*v.within {
			i = int(n.next)
			continue
		}
		i++
		if !n.leaf {
			continue
		}
		if n.first != end {
			v.leave(yield)
		}
		for j := n.first; j < n.last; j++ {
			q := search{from, to, math.Inf(1), 0}
			edge := section{first: j, last: j + 1}
			p.scan(&edge, m, &q)
			v.take(q.along, math.Sqrt(q.square), yield)
			if p.along[j+1] >= from && p.along[j+1] < to {
				b := &p.vertices[j+1]
				v.take(p.along[j+1], math.Hypot((b[0]-m.x)*m.scaleX, (b[1]-m.y)*m.scaleY), yield)
			}
		}
		end = n.last
	}
	v.leave(yield)
}

// valley follows a distance that goes up and down.
type valley struct {
	within, rise float64
	open, rising bool
	along        float64 // of the least distance
	extreme      float64 // the least distance, or while rising the greatest
}

func (v *valley) take(along, distance float64, yield func(along, distance float64)) {
	switch {
	case distance > v.within:
		v.leave(yield)
	case !v.open || v.rising && distance <= v.extreme-v.rise:
		v.open, v.rising, v.along, v.extreme = true, false, along, distance
	case v.rising:
		v.extreme = max(v.extreme, distance)
	case distance < v.extreme:
		v.along, v.extreme = along, distance
	case distance >= v.extreme+v.rise:
		yield(v.along, v.extreme)
		v.rising, v.extreme = true, distance
	}
}

// leave ends a valley that is open.
func (v *valley) leave(yield func(along, distance float64)) {
	if v.open && !v.rising {
		yield(v.along, v.extreme)
	}
	v.open, v.rising = false, false
}
