package geofence

import "slices"

// hold marks the fences that the sudden step to a leads through. Whether the
// device went that way the next fix tells; what is drawn until then has no part
// in it.
func (s *State) hold(w *World, a *arrival) {
	// The next fix measures the step at its own latitude: a little less will do.
	if !s.possible(a.before, a.mark(), steady*a.length) {
		return
	}
	l := newLeg(w.settings.sight(&s.last), a.sighting)
	var buffer [foundAtOnce]*zone
	zones, _ := w.within(around(a.spot, 0).extend(beside(a.lon, s.last.Point)), l.uncertainty(), buffer[:0])
	for _, z := range zones {
		if _, ok := z.crossed(&l); ok {
			s.mark(w, z, a)
		}
	}
}

// mark notes that the step to a leads through z.
func (s *State) mark(w *World, z *zone, a *arrival) {
	i, known := s.find(z.fence.ID)
	if !known {
		if s.fog && w.settings.judge(z, &a.sighting, farOutside).side == unknown {
			return
		}
		s.relations = slices.Insert(s.relations, i, relation{fence: z.fence.ID, shape: z.key, side: sideOutside})
	}
	s.relations[i].through = true
}
