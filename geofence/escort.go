package geofence

// The facts about a parcel and its vehicle. The subject is the carrier.
const (
	Separated EventType = "parcel.separated"
	Reunited  EventType = "parcel.reunited"
)

// PairSettings say when a parcel has parted from its vehicle; zero values stand
// for the defaults.
type PairSettings struct{}

func (s *PairSettings) settings() []setting { return nil }

// escort is what is remembered of a parcel's tracker and the vehicle that it
// is in.
type escort struct{}

// Accompany takes fix, one of the device that carries the device of s, which
// is in order of time among the carrier's own.
func Accompany(w *World, s *State, fix Fix, events []Event) []Event { return events }

// escorted takes a fix of the parcel's own tracker.
func (s *State) escorted(w *World, g sighting, fix *Fix, events []Event) []Event { return events }

func (e *escort) clone() escort                  { return *e }
func (e *escort) renumber(f func(uint64) uint64) {}
func (e *escort) empty() bool                    { return true }
func (e *escort) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) escort(s *State) escort { return escort{} }
