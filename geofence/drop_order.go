package geofence

// Passed reports whether a hand-off comes too late for Deliver to judge it as if
// it had come in order: the device has gone on since that time, and has left the
// stay of then, if there was one, so that another one may stand in its place.
// Then the fixes from before the hand-off on are to be stepped again with the
// hand-off among them. While the device is still where it was then, or as long as
// nothing else is known of it, what came after only makes its place better known.
//
// Of a parcel's tracker, what came after may have told that it is apart from its
// vehicle, which nobody tells of a parcel that was handed over.
func (s *State) Passed(w *World, at Millis) bool {
	if w.settings.Raw || !s.seen || s.last.Time <= at {
		return false
	}
	if st, known := s.motion.recent(); !known || at < st.since || at > st.until {
		return true
	}
	carried := w.duties.devices[s.device].Carrier != ""
	return carried && between(at, s.last.Time) > w.settings.Pairs.After
}

// Expects reports whether a stop is one that a device delivers to: one of its
// round, of a parcel's tracker of its carrier's. Else Deliver cannot judge a
// hand-off there.
func (w *World) Expects(id DeviceID, stop StopID) bool {
	d := w.duty(id)
	r := d.round
	if c := d.device.Carrier; c != "" {
		r = w.roundOf(c)
	}
	return r != nil && !w.settings.Raw && r.stop(stop) >= 0
}
