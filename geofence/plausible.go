package geofence

// Implausible is said of fixes that cannot be true. They are kept out of all
// other decisions.
const Implausible EventType = "fix.implausible"

// PlausibilitySettings say what fixes can be true; zero values stand for the
// defaults.
type PlausibilitySettings struct {
	// MaxSpeedMPS is how fast a device can move. Default 100.
	MaxSpeedMPS float64
}

func (s *PlausibilitySettings) settings() []setting {
	return []setting{amount("max_speed_mps", &s.MaxSpeedMPS, 100, maxSetting)}
}

// guard is what is remembered to tell whether fixes can be true.
type guard struct{}

// vet tells whether fix can be true.
func (s *State) vet(w *World, fix *Fix, events []Event) ([]Event, bool) {
	return events, true
}

func (g *guard) clone() guard                   { return *g }
func (g *guard) renumber(f func(uint64) uint64) {}
func (g *guard) empty() bool                    { return true }
func (g *guard) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) guard(s *State) guard { return guard{} }
