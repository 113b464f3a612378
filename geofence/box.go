package geofence

import "github.com/paulmach/orb"

// box is an upright rectangle, its edges included: of longitude and latitude in
// degrees, or of any plane.
type box struct{ min, max orb.Point }

func (b *box) intersects(c *box) bool {
	return b.min[0] <= c.max[0] && b.max[0] >= c.min[0] && b.min[1] <= c.max[1] && b.max[1] >= c.min[1]
}

func (b *box) contains(x, y float64) bool {
	return b.min[0] <= x && x <= b.max[0] && b.min[1] <= y && y <= b.max[1]
}

// extend is the smallest box that holds b and p.
func (b box) extend(p orb.Point) box {
	return box{
		min: orb.Point{min(b.min[0], p[0]), min(b.min[1], p[1])},
		max: orb.Point{max(b.max[0], p[0]), max(b.max[1], p[1])},
	}
}
