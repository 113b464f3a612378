package geofence

import (
	"slices"

	"github.com/paulmach/orb"
)

// State is what the engine remembers of one device: its newest fix, how it
// stands to the fences it is in or near, and how many episodes it had. The
// zero value is a device never seen. Use Clone to copy a State: a plain copy
// shares memory with it.
type State struct {
	seen     bool
	last     Fix
	version  uint64 // of the World that last was judged under
	episodes uint64 // numbers given so far
	// fog: the device has not had a fix good enough to know how it stands to
	// the small fences around last.
	fog       bool
	relations []relation // in order of fence
	spare     []relation // memory for the next relations

	guard    guard
	silence  silence
	motion   motion
	tour     tour
	progress progress
	forecast forecast
	escort   escort

	device DeviceID
	duty   *duty // what the World called version wants; nil to look it up
}

// relation is how a device stands to a fence. A fence without one is far away
// and the device outside.
type relation struct {
	fence FenceID
	shape uint64 // the zone's key
	side  side
	// episode, beginning and whether it has been long enough for a Dwell, of
	// the visit where side is inside.
	episode uint64
	since   Millis
	dwelt   bool
	// turning: the newest fixes are on the other side, the first of them at
	// turn, but do not say enough yet; likely where one of them was.
	turning, likely bool
	turn            mark
}

// mark is where and when a change began.
type mark struct {
	time        Millis
	point       orb.Point
	uncertainty float64
}

// NewState is a device never seen, which id names in the World.
func NewState(id DeviceID) State { return State{device: id} }

// follow makes w the World that s goes by.
func (s *State) follow(w *World) {
	if s.seen && s.version != w.version {
		s.adopt(w)
	}
	if s.duty == nil || s.version != w.version {
		s.duty, s.version = w.duty(s.device), w.version
	}
}

// newEpisode is a number for a visit, excursion or stay.
func (s *State) newEpisode() uint64 {
	s.episodes++
	return s.episodes
}

// Last is the newest fix that Step took, if there was one.
func (s *State) Last() (fix Fix, ok bool) { return s.last, s.seen }

// Clone is a copy that shares no memory with s.
func (s *State) Clone() State {
	c := *s
	c.relations, c.spare = slices.Clone(s.relations), nil
	c.guard, c.silence, c.motion = s.guard.clone(), s.silence.clone(), s.motion.clone()
	c.tour, c.progress = s.tour.clone(), s.progress.clone()
	c.forecast, c.escort = s.forecast.clone(), s.escort.clone()
	return c
}

// Restart forgets where the device was; the next fix is as the first of a
// device never seen, but episodes go on where they were.
func (s *State) Restart() { *s = State{episodes: s.episodes, device: s.device} }

// renumber puts number(episode) in place of each episode that s remembers.
func (s *State) renumber(number func(uint64) uint64) {
	for i := range s.relations {
		if r := &s.relations[i]; r.episode != 0 {
			r.episode = number(r.episode)
		}
	}
	s.guard.renumber(number)
	s.silence.renumber(number)
	s.motion.renumber(number)
	s.tour.renumber(number)
	s.progress.renumber(number)
	s.forecast.renumber(number)
	s.escort.renumber(number)
}

// take lets e, which fix m says, count and tells whether the device changed
// sides. The first side that is known is no change.
func (r *relation) take(s *Settings, e evidence, m mark) (changed bool) {
	switch {
	case e.side == unknown:
		return false
	case r.side == unknown:
		if e.weight >= likely {
			r.side = e.side
		}
		return false
	case e.side == r.side:
		r.turning = false
		return false
	case !r.turning:
		r.turning, r.likely, r.turn = true, false, m
	}
	again := r.likely && e.weight == likely
	lasting := e.side == sideInside && (m.time-r.turn.time).duration() >= s.EnterAfter
	if e.weight < certain && !again && !lasting {
		r.likely = r.likely || e.weight == likely
		return false
	}
	r.side, r.turning = e.side, false
	return true
}

// reshape turns r into a relation to z, of which e is what the last fix says.
// What was known holds unless e says likely something else.
func (r *relation) reshape(z *zone, e evidence) {
	r.shape, r.turning = z.key, false
	if e.weight >= likely {
		r.side = e.side
	}
}
