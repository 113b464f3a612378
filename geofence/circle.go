package geofence

// circle is a cap of the sphere.
type circle struct {
	center spot
	radius float64 // metres
}

func (c circle) locate(s spot) location {
	switch d := haversine(c.center, s); {
	case d < c.radius:
		return inside
	case d == c.radius:
		return boundary
	}
	return outside
}

func (c circle) distance(s spot, within float64) float64 {
	d := c.radius - haversine(c.center, s)
	return max(-within, min(d, within))
}

func (c circle) bounds() box { return around(c.center, c.radius) }

func (c circle) size() float64 { return c.radius }
