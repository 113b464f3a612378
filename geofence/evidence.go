package geofence

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
	side   side
	weight weight
}

// weight is how much a fix says.
type weight uint8

const (
	leaning weight = iota // too near the boundary to count alone
	likely                // beyond the margin
	certain               // beyond doubt
)

// sighting is a fix as decisions see it.
type sighting struct {
	spot
	time        Millis
	uncertainty float64 // metres; 0 in raw mode
}

func (g sighting) mark() mark {
	return mark{time: g.time, point: g.point(), uncertainty: g.uncertainty}
}

// sight is fix under the settings.
func (s *Settings) sight(fix *Fix) sighting {
	g := sighting{spot: newSpot(fix.Point), time: fix.Time}
	if s.Raw {
		return g
	}
	g.uncertainty = s.DefaultAccuracyMeters
	if fix.Known&KnownAccuracy != 0 && fix.AccuracyMeters > 0 {
		g.uncertainty = float64(fix.AccuracyMeters)
	}
	g.uncertainty = max(g.uncertainty, s.MinAccuracyMeters)
	return g
}

// reach is the distance from which on g is clearly outside of a fence.
func (s *Settings) reach(g sighting) float64 { return s.ExitClear * g.uncertainty }

// judge weighs what g says about z.
func (s *Settings) judge(z *zone, g sighting) evidence {
	if s.Raw {
		if z.shape.locate(g.spot) == outside {
			return evidence{sideOutside, certain}
		}
		return evidence{sideInside, certain}
	}
	u := g.uncertainty
	d := z.shape.distance(g.spot, max(s.EnterClear, s.ExitClear)*u)
	if d < 0 {
		e := evidence{sideOutside, weigh(-d, s.ExitMargin*u, s.ExitClear*u)}
		if e.weight == leaning && u > z.size {
			return evidence{}
		}
		return e
	}
	if u > z.size {
		return evidence{}
	}
	return evidence{sideInside, weigh(d, s.EnterMargin*u, s.EnterClear*u)}
}

func weigh(distance, margin, beyondDoubt float64) weight {
	switch {
	case distance >= beyondDoubt:
		return certain
	case distance >= margin:
		return likely
	}
	return leaning
}
