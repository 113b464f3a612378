package geofence

// The facts about routes. The subject is the route, of a skipped stop the stop.
const (
	RouteOff    EventType = "route.off"
	RouteBack   EventType = "route.back"
	WrongWay    EventType = "route.wrong_way"
	StopSkipped EventType = "route.stop_skipped"
)

// RouteSettings say what it is to be on a route; zero values stand for the
// defaults.
type RouteSettings struct {
	// CorridorMeters is how far to either side of a route is still on it.
	CorridorMeters float64
}

func (s *RouteSettings) settings() []setting {
	return []setting{amount("corridor_m", &s.CorridorMeters, 50, maxSetting)}
}

// progress is what is remembered of how far along its route a device is.
type progress struct{}

// at is the route, by its place in the round, that the device is on or was on
// last, how many metres along it, and whether it is on it now. ok is false
// where it has never been on one.
func (p *progress) at() (route int, along float64, on, ok bool) { return 0, 0, false, false }

// travel brings the progress up to date.
func (s *State) travel(w *World, g sighting, fix *Fix, events []Event) []Event { return events }

func (p *progress) clone() progress                { return *p }
func (p *progress) renumber(f func(uint64) uint64) {}
func (p *progress) empty() bool                    { return true }
func (p *progress) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) progress(s *State) progress { return progress{} }
