package geofence

import "slices"

// State is what the engine remembers of one device: its newest fix, how it
// stands to the fences it is in or near, and how many episodes it had. The
// zero value is a device never seen. Use Clone to copy a State: a plain copy
// shares memory with it.
type State struct {
	// What every fix looks at comes first and together: with thousands of devices
	// each line of the processor's cache counts.
	last Fix
	duty *duty // what the World called version wants; nil to look it up
	seen bool
	// fog: the device has not had a fix good enough to know how it stands to
	// the small fences around last.
	fog      bool
	version  uint64 // of the World that last was judged under
	trail    trail
	clearing clearing
	guard    guard
	silence  silence
	motion   motion

	episodes  uint64     // numbers given so far
	relations []relation // in order of fence
	spare     []relation // memory for the next relations
	device    DeviceID
	tour      tour
	progress  progress
	forecast  forecast
	escort    escort
	lookout   lookout
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
		s.clearing = clearing{}
		s.progress.adopt(s.duty.round)
		s.pursue(s.duty.round)
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
	c.forecast, c.escort, c.lookout = s.forecast.clone(), s.escort.clone(), s.lookout.clone()
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
	s.lookout.renumber(number)
}
