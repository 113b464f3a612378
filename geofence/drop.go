package geofence

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// The facts about where a parcel was left. The subject is the stop.
const (
	DropConfirmed    EventType = "drop.confirmed"
	DropWrongAddress EventType = "drop.wrong_address"
	DropUnverifiable EventType = "drop.unverifiable"
)

// DropSettings say how sure a drop check must be; zero values stand for the
// defaults.
//
// A drop is judged by Bayes' rule from where the device stayed: the parcel was
// left at the stop, or, with the prior of a wrong drop, at another stop of the
// round, at a known address or at one that nobody knows of. The prior makes the
// threshold. A stay that is at no known place may as well be that of a van at
// the kerb: what the kerb explains is held against nobody, so that drops at
// doors that nobody knows of are told from some 35 m on.
type DropSettings struct {
	// WrongPrior is the share of drops that are wrong. Default 0.5: the evidence
	// alone decides, and a wrong drop, which costs a parcel, is told where the
	// stay fits another place nine times better. A fleet that knows its share
	// gives it: with 0.01 it takes 900 times, and fewer neighbours are told apart.
	WrongPrior float64
	// Certainty is the probability from which on a wrong drop is told. Default
	// 0.9: most of what is told is far surer than the least sure, so that 97 of
	// 100 alerts are right where the share of wrong drops is the prior; of a stay
	// too coarse to confirm anything a third of the doubt is left.
	Certainty float64
	// Evidence is how many times better the stop must explain the stay than any
	// other place, known or not, before the drop is confirmed: without it, the
	// prior would confirm what nobody could see. Default 2: enough as long as stay
	// and stop together are known to some 20 m.
	Evidence float64
	// GeocodeAccuracyMeters is assumed of stops that give none: the radius that
	// holds what the address means with a probability of 68 %. Default 10: a
	// point on the right building, the door within a house's width.
	GeocodeAccuracyMeters float64
	// AddressAccuracyMeters is the same for known addresses. Default 5: they come
	// from surveys, as points on the house or at its entrance.
	AddressAccuracyMeters float64
	// HandoverMeters is how far from the door a device is when it hands over: the
	// radius that holds it with a probability of 68 %, unless the Device gives
	// one. Default 2: a phone in the hand or a tracker in the parcel is a step
	// away. Give vans' built-in trackers 15 or more: they stay where the van was
	// parked.
	HandoverMeters float64
	// NeighborMeters is the distance within which half of the wrong drops at
	// unknown places happen; the rest thins out with the fourth power of the
	// distance. Default 30: the doors beside the right one and across the street
	// are mostly nearer.
	NeighborMeters float64
	// Tolerance is how long after its stay a hand-off may be told, and how old
	// the newest fix may be; half of it, how long before. Default 2 min: time to
	// walk back to the van before the button is pressed, and for a tracker that
	// reports once a minute to lose one report.
	Tolerance time.Duration
}

func (s *DropSettings) settings() []setting {
	return []setting{
		amount("wrong_drop_prior", &s.WrongPrior, 0.5, 0.99),
		amount("drop_certainty", &s.Certainty, 0.9, 0.999999),
		amount("drop_evidence", &s.Evidence, 2, maxSetting),
		amount("geocode_accuracy_m", &s.GeocodeAccuracyMeters, 10, maxSetting),
		amount("address_accuracy_m", &s.AddressAccuracyMeters, 5, maxSetting),
		amount("handover_m", &s.HandoverMeters, 2, maxSetting),
		amount("neighbor_m", &s.NeighborMeters, 30, maxSetting),
		duration("handoff_tolerance_s", &s.Tolerance, 2*time.Minute, year),
	}
}

// Handoff is what a scan, a button or a driver's confirmation says: a parcel
// was handed over.
type Handoff struct {
	Time Millis
	// Stop is where it was meant to be.
	Stop StopID
	// Point is where the scanner says it was, if it says so.
	Point    orb.Point
	HasPoint bool
	// Noted: another device judges it. This one knows from then on that the
	// stop was served, and tells nothing.
	Noted bool
}

// Deliver judges a hand-off by where the device stayed and tells one of
// DropConfirmed, DropWrongAddress and DropUnverifiable, dated at the hand-off.
// It is to be called between the fixes before and after the hand-off, in order
// of time; only the newest stay is known. State.Passed tells of a hand-off that
// comes too late for that. The reason of
// DropUnverifiable is one of unknown_stop, stale_position (no fix for too long),
// moving, no_stay, poor_accuracy (not even a stay right at the stop would have
// confirmed it), ambiguous, and weak_source: nobody proved that what the device
// said is the device's (FlagWeak), and no scanner that knows its place was there.
// Two flats at one address are one place.
//
// The stop is one of the device's round, of a parcel's tracker of its
// carrier's.
//
// One that is only Noted tells nothing, but what follows from it may: of a
// parcel's tracker, that it was left at the right door or at a wrong one.
//
// A hand-off of the same stop and time as one of the last few tells nothing,
// nor does one without a stop. A parcel has one verdict for each stop: of its
// tracker, a hand-off of a stop that was judged before, by a hand-off or by the
// vehicle's leaving, is told only where the verdict has changed. A driver's
// device hands over many parcels at a stop: each hand-off is told.
func Deliver(w *World, s *State, h Handoff, events []Event) []Event {
	if n := len(h.Stop); n == 0 || n > MaxIDBytes || w.settings.Raw || s.escort.knows(h.Stop, h.Time) {
		return events
	}
	s.follow(w)
	if h.Noted {
		if s.escort.told(h.Stop) == "" {
			s.escort.pairing.settled = false // what was no drop is said to be one
		}
		s.escort.remember(h.Stop, h.Time, DropUnverifiable)
		s.servedBy(handover{Handoff: h}, s.newEpisode())
		return events
	}
	st, reason := s.stayAt(h.Time, w.settings.Drops.Tolerance)
	return s.tellDrop(w, handover{Handoff: h, stay: st, reason: reason}, events)
}

// handover is a hand-off with the stay to judge it by, or the reason why there
// is none.
type handover struct {
	Handoff
	stay    stay
	reason  string
	implied bool // by the vehicle's leaving
}

// stayAt is the stay that covers a hand-off, or the reason why there is none.
func (s *State) stayAt(at Millis, tolerance time.Duration) (st stay, reason string) {
	if st, known := s.motion.recent(); known && st.covers(at, tolerance) {
		return st, ""
	}
	_, standing := s.motion.current()
	return stay{}, s.excuse(at, tolerance, standing)
}

// covers tells whether a hand-off at some time may have been in the stay: until
// the tolerance after it, and from half of that before it, for a device that
// reports seldom. More would let a hand-off that comes late be judged by the
// next stay.
func (st stay) covers(at Millis, tolerance time.Duration) bool {
	return between(at, st.since) <= tolerance/2 && between(st.until, at) <= tolerance
}

// excuse is why no stay covers a hand-off.
func (s *State) excuse(at Millis, tolerance time.Duration, standing bool) string {
	switch {
	case !s.seen || between(s.last.Time, at) > tolerance:
		return "stale_position"
	case !standing && between(at, s.last.Time) <= tolerance:
		return "moving"
	}
	return "no_stay"
}

// tellDrop judges a hand-off and remembers it.
func (s *State) tellDrop(w *World, h handover, events []Event) []Event {
	e := s.dropEvent(w, h)
	again := s.duty.device.Carrier != "" && s.escort.told(h.Stop) == e.Type
	s.escort.remember(h.Stop, h.Time, e.Type)
	if again {
		return events
	}
	e.Episode = s.newEpisode()
	s.servedBy(h, e.Episode)
	return append(events, e)
}

// servedBy lets a stop count as served where a hand-off is told of, though the
// stay may have been too short to be an arrival: it was not forgotten.
func (s *State) servedBy(h handover, episode uint64) {
	if s.duty.round == nil || s.duty.device.Carrier != "" {
		return
	}
	i := s.duty.round.stop(h.Stop)
	if i < 0 || i >= len(s.tour.calls) || s.tour.calls[i].made() {
		return
	}
	at := nonzero(h.Time)
	s.tour.calls[i] = call{stop: h.Stop, arrived: at, departed: at, episode: episode}
}

// dropEvent is what there is to say of a hand-off.
func (s *State) dropEvent(w *World, h handover) Event {
	e := Event{Type: DropUnverifiable, Time: h.Time, Subject: string(h.Stop), Point: s.dropPoint(h.Handoff)}
	if h.implied {
		e.Facts.say("handoff", "implied")
	}
	r, stop := s.errand(w, h.Stop)
	switch {
	case stop < 0:
		e.Facts.say("reason", "unknown_stop")
	case h.reason != "":
		e.Facts.say("reason", h.reason)
	default:
		e.Point = h.stay.center.point()
		l := s.lineup(w, r, stop, h.stay)
		v := judgeDrop(h.stay, l, &w.settings.Drops)
		switch {
		case v.kind == DropUnverifiable:
		case h.elsewhere(&w.settings):
			v.kind, v.reason = DropUnverifiable, "ambiguous"
		case h.stay.weak && !h.placed():
			v.kind, v.reason = DropUnverifiable, "weak_source"
		}
		v.report(&e, h.stay, l, &w.settings.Drops)
	}
	return e
}

// dropPoint is the best that is known of where a hand-off without a stay was.
func (s *State) dropPoint(h Handoff) orb.Point {
	switch {
	case s.seen:
		return s.last.Point
	case h.HasPoint && onGlobe(h.Point):
		return h.Point
	}
	return orb.Point{}
}

// elsewhere: the scanner says it was at another place than the device stayed,
// by more than three times what the accuracies of both explain. Then one of them
// does not speak of this hand-off.
func (h *handover) elsewhere(s *Settings) bool {
	if !h.placed() {
		return false
	}
	explained := math.Hypot(h.stay.uncertainty, s.DefaultAccuracyMeters) + s.Drops.HandoverMeters
	return haversine(h.stay.center, newSpot(h.Point)) > 3*explained
}

// placed: the scanner says where it was.
func (h *handover) placed() bool { return h.HasPoint && onGlobe(h.Point) }

// errand is the round that a device delivers for, its carrier's if it has one,
// and where in it the stop is, -1 if there is none.
func (s *State) errand(w *World, id StopID) (*round, int) {
	r := s.duty.round
	if c := s.duty.device.Carrier; c != "" {
		r = w.roundOf(c)
	}
	if r == nil {
		return nil, -1
	}
	return r, r.stop(id)
}
