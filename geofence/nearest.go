package geofence

// nearest is the smaller of best and the square of the distance from p to
// the edges of leaf s.
func (o *outline) nearest(s *span, p plane, best float64) float64 {
	vertices := o.vertices[s.first : s.last+1]
	ax, ay := (vertices[0][0]-p.x)*p.scaleX, (vertices[0][1]-p.y)*p.scaleY
	for i := range vertices[1:] {
		b := &vertices[i+1]
		bx, by := (b[0]-p.x)*p.scaleX, (b[1]-p.y)*p.scaleY
		best = min(best, fromOrigin(ax, ay, bx, by))
		ax, ay = bx, by
	}
	return best
}

// toBox is the square of the distance from p to b.
func (p plane) toBox(b *box) float64 {
	dx := max(b.min[0]-p.x, p.x-b.max[0], 0) * p.scaleX
	dy := max(b.min[1]-p.y, p.y-b.max[1], 0) * p.scaleY
	return dx*dx + dy*dy
}

// fromOrigin is the square of the distance from the origin to the line from a
// to b.
func fromOrigin(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	along, length := -(ax*dx + ay*dy), dx*dx+dy*dy
	switch {
	case along <= 0:
		return ax*ax + ay*ay
	case along >= length:
		return bx*bx + by*by
	}
	beside := ax*dy - ay*dx
	return beside * beside / length
}
