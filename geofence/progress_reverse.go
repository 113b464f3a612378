package geofence

import "math"

// reversal is a run of fixes behind the farthest that the device got.
type reversal struct {
	count   int // of fixes up to 2; 0 for none, and all else is zero then
	first   mark
	low     float64 // how far back it went, in metres along the route
	episode uint64  // once WrongWay is told
}

const (
	// trust is how far, in metres, a device must have followed a branch of its
	// route to be taken to be on that and no other.
	trust = 300.0
	// blind is the time between fixes, in seconds, after which that is a guess.
	blind = 120.0
)

// proceed takes a fix that is on the route, at x metres along it.
func (s *State) proceed(w *World, g sighting, x float64, edge int32, events []Event) []Event {
	p := &s.progress
	t := &p.trail
	elapsed, before := t.met.since(g), p.short(w, s.duty.round, t.along)
	stride := max(math.Abs(x-t.here), t.pace*elapsed)
	if elapsed > 0 {
		if t.sure = min(t.sure+max(0, x-t.here), trust); elapsed > blind {
			t.sure = 0
		}
		const memory = 60 // seconds
		t.pace += elapsed / (elapsed + memory) * (min(max(0, x-t.here)/elapsed, gapSpeed) - t.pace)
	}
	t.here, t.edge, t.met = x, edge, g.mark()
	switch slack := max(g.uncertainty, lineSpread); {
	case p.phase == finished:
		t.along = max(t.along, x)
		return events
	case s.duty.round.Routes[t.route].Rough:
		t.along, p.reverse = x, reversal{}
	case p.reverse.episode != 0:
		// The episode lasts until it has gone half as far ahead again.
		if t.along = min(t.along, x); x-t.along >= max(w.settings.Routes.WrongWayMeters/2, 2*slack) {
			t.along, p.reverse = x, reversal{}
		}
	case x >= t.along-slack:
		t.along, p.reverse = max(t.along, x), reversal{}
	default:
		events = s.retreat(w, g, slack, stride, events)
	}
	// Whoever begins in the last stretch may be driving away from the end.
	if before && p.reverse.episode == 0 && !p.short(w, s.duty.round, t.along) {
		p.phase, p.reverse = finished, reversal{}
	}
	return events
}

// retreat takes a fix behind the farthest.
func (s *State) retreat(w *World, g sighting, slack, stride float64, events []Event) []Event {
	p := &s.progress
	t, v := &p.trail, &p.reverse
	if v.count == 0 {
		*v = reversal{first: g.mark(), low: t.here}
	}
	v.count = min(v.count+1, 2)
	ahead := t.here - v.low
	v.low = min(v.low, t.here)
	gone := t.along - t.here
	if gone >= 3*lineSpread && ahead <= 0 && p.turn(s.duty.round.paths[t.route], g, stride) {
		return events
	}
	enough := max(w.settings.Routes.WrongWayMeters, 3*g.uncertainty)
	switch {
	case gone < enough || v.count < 2:
	case ahead > slack:
		// It was back there for a moment, or only seemed to be.
		t.along, *v = t.here, reversal{}
	case ahead <= 0 && !s.resting() && !s.excused(w, g):
		v.episode = s.newEpisode()
		e := Event{Type: WrongWay, Time: v.first.time, Subject: string(s.duty.round.Routes[t.route].ID), Episode: v.episode, Point: v.first.point}
		e.Facts.add("distance_m", gone)
		e.Facts.add("wrong_way_m", enough)
		e.Facts.add("uncertainty_m", g.uncertainty)
		e.Facts.add("along_m", t.here)
		events = append(events, e)
		t.along = t.here
	}
	return events
}

func (s *State) resting() bool {
	_, ok := s.motion.current()
	return ok
}

// turn puts the device on another branch of the route that runs the other way:
// where a route goes out and back on the same street, one that turns early is
// not going the wrong way, and where it turns for a house it has passed, it is
// not on its way back yet.
func (p *progress) turn(path *path, g sighting, stride float64) bool {
	// The most of the route that may be left out for a turn, in metres; between
	// two fixes it may have gone on and come back.
	most := 500 + 2*stride
	if p.trail.sure < trust {
		most = math.Inf(1) // at the end of a way out and back its beginning is just the length away
	}
	t := &p.trail
	x, y := path.direction(t.here)
	_, off := path.nearest(g.spot, t.here, t.here)
	slack := max(g.uncertainty, lineSpread)
	gone := t.along - t.here
	best, found := math.Inf(1), 0.0
	// It looks a little farther: where the search ends is no pass of the route,
	// and lies just at the most, where rounding would decide.
	path.passes(g.spot, t.along-most-slack, t.along+most+gone+slack, off+slack, slack/2, func(along, _ float64) {
		left := along - t.along - gone
		if along < t.along {
			left = t.along - along + gone
		}
		if u, v := path.direction(along); x*u+y*v < -0.5 && left <= most && math.Abs(left) < best {
			best, found = math.Abs(left), along
		}
	})
	if math.IsInf(best, 1) {
		return false
	}
	t.along, t.here, t.edge = found, found, int32(path.edge(found))
	p.reverse = reversal{}
	return true
}
