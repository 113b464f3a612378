package geofence

import "time"

// The facts about stays. The subject is the stop, or empty away from stops.
const (
	StopBegin     EventType = "stop.begin"
	StopEnd       EventType = "stop.end"
	StopUnplanned EventType = "stop.unplanned"
)

// StaySettings say what a stay is; zero values stand for the defaults.
type StaySettings struct {
	// UnplannedAfter is how long a device may stand away from stops, depots and
	// breaks. Default 10 min.
	UnplannedAfter time.Duration
}

func (s *StaySettings) settings() []setting {
	return []setting{duration("unplanned_after_s", &s.UnplannedAfter, 10*time.Minute, year)}
}

// motion is what is remembered of how the device moves, and of its stay.
type motion struct{}

// stay is where a device was while it did not travel.
type stay struct {
	episode      uint64
	since, until Millis // until: the newest fix that belongs to it
	center       spot   // the estimate of where it is
	// uncertainty is the radius around center, in metres, that holds the true
	// place with a probability of 68 %.
	uncertainty float64
	fixes       int
	stop        int // of the round's stops, -1 for none
}

// current is the stay that the newest fix belongs to.
func (m *motion) current() (stay, bool) { return stay{}, false }

// recent is the current stay, or the last one that is over.
func (m *motion) recent() (stay, bool) { return stay{}, false }

// move brings motion and the tour up to date: stays, and arrivals at and
// departures from the round's stops.
func (s *State) move(w *World, g sighting, fix *Fix, events []Event) []Event { return events }

func (m *motion) clone() motion                  { return *m }
func (m *motion) renumber(f func(uint64) uint64) {}
func (m *motion) empty() bool                    { return true }
func (m *motion) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) motion(s *State) motion { return motion{} }
