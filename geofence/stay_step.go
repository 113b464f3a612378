package geofence

// move brings motion and the tour up to date: stays, and arrivals at and
// departures from the round's stops.
func (s *State) move(w *World, g sighting, fix *Fix, events []Event) []Event {
	if g.uncertainty > coarseMeters {
		return events
	}
	set, m := &w.settings.Stays, &s.motion
	m.gait.take(g)
	if s.duty.round != nil && s.tour.begun == 0 {
		s.tour.begun = nonzero(g.time)
	}
	switch {
	case m.here.fixes == 0:
		m.rest(s.duty.round, set, g)
	case !m.stand(s.duty.round, set, g):
		m.rest(s.duty.round, set, g)
		if !m.left(set, g) {
			return events
		}
		events = s.depart(set, events)
	}
	if m.here.fixes == 0 && m.pauses(set) {
		m.here, m.pause = m.pause, cluster{}
		m.inner, m.close, m.about = g.time, g.time, g.time
	}
	if m.here.fixes == 0 {
		return events
	}
	return s.settle(w, g, events)
}

// rest takes g as part of a pause, or as the beginning of one.
func (m *motion) rest(r *round, set *StaySettings, g sighting) {
	p := &m.pause
	if p.fixes == 0 || !near(p.first, g.spot, pauseMeters+g.uncertainty) {
		*p = newCluster(g)
		return
	}
	covered := covers(set, p.until, g.time)
	p.add(g, covered, r.counts(p.until, covered))
}

// pauses tells whether the pause is long enough to be a stay or to become one.
func (m *motion) pauses(set *StaySettings) bool {
	return m.pause.fixes > 1 && m.pause.lasted().duration() >= min(pausing, set.ArriveAfter, set.MinStay)
}

// stand takes g as part of the stay, unless it lies outside of it.
func (m *motion) stand(r *round, set *StaySettings, g sighting) bool {
	east, north := offset(m.here.center, g.spot)
	squared := east*east + north*north
	within := func(meters float64) bool { return squared <= meters*meters }
	// What a fix may be off by, nearly for sure.
	blur := 2 * max(g.uncertainty, m.here.accuracy())
	about := within(set.RadiusMeters+blur) || r.holds(m.stop, g, blur)
	if !about && (m.stop != 0 || !within(set.StrollMeters+blur) || m.gait.drove(m.inner)) {
		return false
	}
	covered := covers(set, m.here.until, g.time)
	m.here.add(g, covered, r.counts(m.here.until, covered))
	if about {
		m.about = g.time
	}
	if within(pauseMeters + blur) {
		m.close = g.time
	}
	if within(innerMeters) {
		m.inner = g.time
	}
	m.outs, m.out = 0, 0
	if m.pause.fixes > 0 {
		m.pause = cluster{}
	}
	return true
}

// stood is how long the device has been near the middle of the stay.
func (m *motion) stood() Millis { return elapsed(m.here.since, m.inner) }

// left tells whether the stay is over now that g lies outside of it. What is not
// worth telling of needs no confirmation but a second fix.
func (m *motion) left(set *StaySettings, g sighting) bool {
	if m.outs++; m.outs == 1 {
		m.out = g.time
		return false
	}
	short := m.episode == 0 && m.stood().duration() < set.MinStay
	return short || elapsed(m.out, g.time).duration() >= set.LeaveAfter
}

// covers is how much of the time from one fix to the next the device is known
// to have stood, if both say that it does.
func covers(set *StaySettings, from, to Millis) Millis {
	if gap := elapsed(from, to); gap.duration() <= set.MaxGap {
		return gap
	}
	return 0
}

// settle tells of the stay that g belongs to.
func (s *State) settle(w *World, g sighting, events []Event) []Event {
	set, m := &w.settings.Stays, &s.motion
	events = s.arrive(set, events)
	if m.episode == 0 && !m.unsure {
		events = s.tell(set, events)
	}
	if m.episode != 0 && !m.warned && m.stop == 0 && m.here.idle.duration() >= set.UnplannedAfter {
		events = s.warn(set, g, events)
	}
	return events
}

// tell tells of a stay away from stops if it has lasted long enough.
func (s *State) tell(set *StaySettings, events []Event) []Event {
	m := &s.motion
	about := elapsed(m.here.since, m.about).duration()
	if m.stood().duration() < set.MinStay && about-about/5*3 < set.MinStay {
		return events
	}
	m.episode, m.away = s.newEpisode(), true
	return append(events, m.begin("", m.episode))
}

// depart ends the stay.
func (s *State) depart(set *StaySettings, events []Event) []Event {
	m := &s.motion
	if m.episode == 0 {
		events = s.tell(set, events)
	}
	if m.episode != 0 {
		if elapsed(m.close, m.here.until) <= departing {
			m.here.until = m.close
		}
		m.last = m.stay()
		events = s.leave(events)
		if m.away {
			events = append(events, m.end("", m.episode))
		}
	}
	*m = motion{gait: m.gait, pause: m.pause, last: m.last}
	return events
}

// begin is the event of a stay that begins, end of one that is over.
func (m *motion) begin(stop StopID, episode uint64) Event {
	return m.event(StopBegin, stop, episode, m.here.since, m.here.first)
}

func (m *motion) end(stop StopID, episode uint64) Event {
	return m.event(StopEnd, stop, episode, m.here.until, m.here.center)
}

// event tells of the stay with the facts about it, as far as it goes now.
func (m *motion) event(kind EventType, stop StopID, episode uint64, at Millis, where spot) Event {
	e := Event{Type: kind, Time: at, Subject: string(stop), Episode: episode, Point: where.point()}
	e.Facts.add("duration_s", m.here.lasted().duration().Seconds())
	e.Facts.add("radius_m", m.here.radius())
	e.Facts.add("fixes", float64(m.here.fixes))
	e.Facts.add("uncertainty_m", m.here.uncertainty())
	return e
}
