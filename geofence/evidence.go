package geofence

import "math"

// side is where a device is, or is taken to be.
type side uint8

const (
	unknown side = iota
	sideInside
	sideOutside
)

// evidence is what one fix says about where its device is. The side is unknown
// where the fix is too inaccurate for so small a fence to say anything.
type evidence struct {
	side  side
	exact bool // in raw mode: this fix decides
	// depth is how far on that side of the boundary the fix is, as a multiple
	// of its uncertainty.
	depth float64
	// meters is the distance from the boundary that was measured, positive inside,
	// good up to what is easily measured; 0 in raw mode.
	meters float64
}

// farOutside is the depth from which on there is nothing to remember of a
// device outside: then it is there with a probability of 99.9 %.
const farOutside = 2.0

// sighting is a fix as decisions see it.
type sighting struct {
	spot
	time        Millis
	uncertainty float64 // metres; 0 in raw mode
	altitude    float64 // metres above the ellipsoid, NaN where it is not known
	weak        bool    // FlagWeak
}

func (g *sighting) mark() mark {
	return mark{time: g.time, point: g.point(), uncertainty: g.uncertainty}
}

// sight is fix under the settings.
func (s *Settings) sight(fix *Fix) sighting {
	g := sighting{spot: newSpot(fix.Point), time: fix.Time, uncertainty: s.uncertainty(fix), altitude: math.NaN(), weak: fix.Flags&FlagWeak != 0}
	if fix.Known&KnownAltitude != 0 {
		g.altitude = float64(fix.AltitudeMeters)
	}
	return g
}

// mark is sight without what only a fence's shape asks for.
func (s *Settings) mark(fix *Fix) mark {
	return mark{time: fix.Time, point: fix.Point, uncertainty: s.uncertainty(fix)}
}

func (s *Settings) uncertainty(fix *Fix) float64 {
	if s.Raw {
		return 0
	}
	u := s.DefaultAccuracyMeters
	if fix.Known&KnownAccuracy != 0 && fix.AccuracyMeters > 0 {
		u = float64(fix.AccuracyMeters)
	}
	return max(u, s.MinAccuracyMeters)
}

// reach is the distance from which on g is clearly outside of a fence.
func (s *Settings) reach(g *sighting) float64 { return farOutside * g.uncertainty }

// judge weighs what g says about z. The depth is good up to limit.
func (s *Settings) judge(z *zone, g *sighting, limit float64) evidence {
	if s.Raw {
		return z.judgeExactly(g)
	}
	return z.weigh(g, limit, z.shape.distance(g.spot, max(limit*g.uncertainty, z.easy)))
}

// weigh is judge of a fix that is so many metres inside, or outside where that
// is negative.
func (z *zone) weigh(g *sighting, limit, meters float64) evidence {
	u := g.uncertainty
	depth := max(-limit*u, min(meters, limit*u)) / u
	if depth < -limit*(1-1e-9) {
		depth = -limit // farther out than was looked, whatever rounding says
	}
	vague := u > z.size
	if z.banded {
		up := z.band.distance(g.altitude) / (verticalFactor * u)
		if up < depth {
			depth = up
		}
		vague = vague || math.IsNaN(up) || verticalFactor*u > z.band.size()
	}
	switch {
	case depth < 0 && !(vague && -depth < z.thresholds.ExitMargin):
		return evidence{side: sideOutside, depth: -depth, meters: meters}
	case depth >= 0 && !vague:
		return evidence{side: sideInside, depth: depth, meters: meters}
	}
	return evidence{meters: meters}
}

func (z *zone) judgeExactly(g *sighting) evidence {
	e := evidence{side: sideInside, exact: true}
	if z.shape.locate(g.spot) == outside {
		e.side = sideOutside
	} else if z.banded {
		switch d := z.band.distance(g.altitude); {
		case d < 0:
			e.side = sideOutside
		case math.IsNaN(d):
			return evidence{}
		}
	}
	return e
}
