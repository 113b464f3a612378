package geofence

// The facts about when a stop will be reached. The subject is the stop.
const (
	Approaching EventType = "delivery.approaching"
	Delayed     EventType = "delivery.delayed"
	OnTimeAgain EventType = "delivery.on_time_again"
)

// ForecastSettings say how arrivals are foretold; zero values stand for the
// defaults.
type ForecastSettings struct{}

func (s *ForecastSettings) settings() []setting { return nil }

// forecast is what is remembered of what was foretold.
type forecast struct{}

// foresee brings the forecast up to date.
func (s *State) foresee(w *World, g sighting, fix *Fix, events []Event) []Event { return events }

func (f *forecast) clone() forecast                     { return *f }
func (f *forecast) renumber(number func(uint64) uint64) {}
func (f *forecast) empty() bool                         { return true }
func (f *forecast) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) forecast(s *State) forecast { return forecast{} }
