package geofence

import "time"

// The facts about a device that says nothing.
const (
	Silent EventType = "device.silent"
	Back   EventType = "device.back"
)

// SilenceSettings say when a device has been quiet for too long; zero values
// stand for the defaults.
type SilenceSettings struct {
	// After is how long a device may say nothing. Default 15 min.
	After time.Duration
}

func (s *SilenceSettings) settings() []setting {
	return []setting{duration("silent_after_s", &s.After, 15*time.Minute, year)}
}

// silence is what is remembered of when a device was heard.
type silence struct{}

// Tick tells the engine that it is now, by the server's clock, and that all
// that came of the device by then has been stepped.
func Tick(w *World, s *State, now Millis, events []Event) []Event {
	return events
}

// hear notes that the device has said something.
func (s *State) hear(w *World, fix *Fix, events []Event) []Event { return events }

func (q *silence) clone() silence                 { return *q }
func (q *silence) renumber(f func(uint64) uint64) {}
func (q *silence) empty() bool                    { return true }
func (q *silence) append(b []byte, s *State) []byte {
	return b
}

func (d *decoder) silence(s *State) silence { return silence{} }
