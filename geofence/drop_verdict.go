package geofence

import "math"

// lineup are the places at which a parcel may have been left.
type lineup struct {
	planned suspect
	others  []suspect
}

// suspect is one of them.
type suspect struct {
	id string
	// distance from the stay's center, 0 on the premises, in metres.
	distance float64
	// apart is how far the place is from the planned stop, in metres.
	apart float64
	// geocode is the radius that holds the place's door with a probability of
	// 68 %, handover the one around the door that holds the device.
	geocode, handover float64
	// area and outline of the premises, in square metres and metres; 0 for a
	// point.
	area, outline float64
}

// verdict is what is to be said of a drop.
type verdict struct {
	kind         EventType
	reason       string // of DropUnverifiable
	right, wrong float64
	likely       *suspect // the likeliest other place, nil where nobody knows it
}

// Errors of positions have heavier tails than the normal distribution: now and
// then a whole stay drifts, by some times the accuracy. These are assumptions.
// What they decide is how sure of a wrong drop anybody can be: where one drop in
// a hundred is wrong, nobody can tell one 20 m away from a drift that is as
// frequent. Of the wrong drops at 10 to 40 m with an accuracy of 5 m, a share of
// 0.001 finds four in five, 0.01 half as many; where half of the drops are wrong
// it does not matter.
const (
	driftShare = 0.003
	driftWidth = 3.0
)

// kerbMeters is how far from the door a device may be that was left in the van,
// whatever it was said to be: as a radius of 68 %. Nearer than that explains it,
// no stay is held against a place that nobody knows of.
const kerbMeters = 15.0

// sigmaPerAccuracy is the standard deviation along an axis of a normal error,
// the same in all directions, whose 68 % radius is 1: 1/sqrt(-2 ln 0.32).
const sigmaPerAccuracy = 1 / 1.5096

// judgeDrop weighs where a stay was. Each place explains it with a density, per
// square metre, and has a prior: the planned stop that of a right drop; the
// others share that of a wrong one, the nearer to the stop the more, with a
// place nobody knows of, which counts as one next door. Not all addresses are
// known, so that there always is such a place.
func judgeDrop(st stay, l lineup, s *DropSettings) verdict {
	weights := 1.0
	for i := range l.others {
		weights += closeness(l.others[i].apart, s)
	}
	v := verdict{kind: DropUnverifiable}
	density, kerb := l.planned.density(st), l.planned.fromTheKerb(st)
	// How much likelier than the stop the others are, the prior included.
	unknown := somewhere(st, l.planned, s)
	rival, most := unknown/kerb, unknown
	odds := s.WrongPrior / weights * rival
	for i := range l.others {
		o := &l.others[i]
		other := o.density(st)
		if other == 0 {
			continue
		}
		rival = max(rival, other/density)
		weight := closeness(o.apart, s)
		if weight*other > most {
			most, v.likely = weight*other, o
		}
		odds += s.WrongPrior * weight / weights * other / density
	}
	v.right = 1 / (1 + odds/(1-s.WrongPrior))
	v.wrong = 1 - v.right
	coarse := tooCoarse(st, l.planned, s)
	doubt := 1 - s.Certainty
	if coarse {
		doubt /= coarseDoubt
	}
	switch {
	case v.right <= doubt:
		v.kind = DropWrongAddress
	case v.right > v.wrong && s.Evidence*rival <= 1:
		v.kind = DropConfirmed
	case coarse:
		v.reason = "poor_accuracy"
	default:
		v.reason = "ambiguous"
	}
	return v
}

// coarseDoubt is how many times surer a wrong drop must be where the stay is too
// coarse to confirm a right one: there, what passes the threshold mostly just
// passes it, so that the alerts as a whole are hardly surer than the threshold.
const coarseDoubt = 3

// closeness is the weight of a place apart metres from the planned stop among
// those of wrong drops.
func closeness(apart float64, s *DropSettings) float64 {
	t := apart / s.NeighborMeters
	return 1 / (1 + t*t)
}

// tooCoarse: not even a stay right at the stop would confirm the drop.
func tooCoarse(st stay, planned suspect, s *DropSettings) bool {
	planned.distance = 0
	return planned.density(st) < s.Evidence*somewhere(st, planned, s)
}

// somewhere is the density of stays at places that nobody knows of: Student's
// t with two degrees of freedom in the plane, widened by the errors.
func somewhere(st stay, planned suspect, s *DropSettings) float64 {
	scale := s.NeighborMeters*s.NeighborMeters + planned.variance(st)
	t := 1 + planned.distance*planned.distance/scale
	return 1 / (math.Pi * scale * t * t)
}

// variance of the distance between the stay's center and the place, along an
// axis, in square metres. The parts are independent.
func (p *suspect) variance(st stay) float64 {
	u := math.Hypot(st.uncertainty, math.Hypot(p.geocode, p.handover)) * sigmaPerAccuracy
	return max(u*u, 1e-6)
}

// density is how likely a stay as st is, per square metre, if the parcel was
// left at the place.
func (p *suspect) density(st stay) float64 {
	v := p.variance(st)
	return (1-driftShare)*p.normal(v) + driftShare*p.normal(driftWidth*driftWidth*v)
}

// fromTheKerb is density for a device that may be at the door or in the van.
func (p *suspect) fromTheKerb(st stay) float64 {
	van := *p
	van.handover = max(p.handover, kerbMeters)
	return max(p.density(st), van.density(st))
}

// normal is the density of a place anywhere on the premises with a normal
// error of variance v. The premises swollen by a normal error have the volume
// that J. Steiner's formula gives for convex ones.
func (p *suspect) normal(v float64) float64 {
	volume := p.area + p.outline*math.Sqrt(math.Pi*v/2) + 2*math.Pi*v
	return math.Exp(-p.distance*p.distance/(2*v)) / volume
}

// report writes the verdict into e.
func (v *verdict) report(e *Event, st stay, l lineup, s *DropSettings) {
	e.Type = v.kind
	e.Facts.say("reason", v.reason)
	switch v.kind {
	case DropConfirmed:
		e.Facts.add("probability", v.right)
	case DropWrongAddress:
		e.Facts.add("probability", v.wrong)
	}
	e.Facts.add("p_wrong", v.wrong)
	e.Facts.add("certainty", s.Certainty)
	e.Facts.add("prior", s.WrongPrior)
	e.Facts.add("distance_m", l.planned.distance)
	e.Facts.add("uncertainty_m", st.uncertainty)
	e.Facts.add("geocode_m", l.planned.geocode)
	e.Facts.add("handover_m", l.planned.handover)
	if v.likely != nil && v.kind != DropConfirmed {
		e.Facts.say("likely", v.likely.id)
		e.Facts.add("likely_distance_m", v.likely.distance)
	}
	e.Facts.add("stay_s", between(st.since, st.until).Seconds())
}
