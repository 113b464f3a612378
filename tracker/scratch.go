package tracker

// scratch is what the stepping goroutine needs for one batch and uses again for
// the next: under load it would be a kilobyte of garbage for each report. The
// zero value is ready.
type scratch struct {
	reports   []*Report
	outcomes  []outcome
	journaled []journaled
	devices   map[DeviceID]bool
	// entryBytes is how long the newest entry was.
	entryBytes int
}

// outcomesOf are n zero outcomes.
func (s *scratch) outcomesOf(n int) []outcome {
	if cap(s.outcomes) < n {
		s.outcomes = make([]outcome, n)
	}
	return s.outcomes[:n]
}

// none is an empty set of devices.
func (s *scratch) none() map[DeviceID]bool {
	if s.devices == nil {
		s.devices = make(map[DeviceID]bool)
	}
	clear(s.devices)
	return s.devices
}

// encode encodes an entry, with room for one that is somewhat longer than that
// before.
func (s *scratch) encode(e *entry) []byte {
	value := e.append(make([]byte, 0, s.entryBytes+s.entryBytes/8))
	s.entryBytes = len(value)
	return value
}

// release lets go of what a batch held.
func (s *scratch) release(reports []*Report, j []journaled) {
	clear(reports)
	clear(s.outcomes[:min(len(reports), cap(s.outcomes))])
	clear(j)
	s.reports, s.journaled = reports[:0], j[:0]
}
