package geofence

import "github.com/paulmach/orb"

// The facts about where a parcel was left. The subject is the stop.
const (
	DropConfirmed    EventType = "drop.confirmed"
	DropWrongAddress EventType = "drop.wrong_address"
	DropUnverifiable EventType = "drop.unverifiable"
)

// DropSettings say how sure a drop check must be; zero values stand for the
// defaults.
type DropSettings struct{}

func (s *DropSettings) settings() []setting { return nil }

// Handoff is what a scan, a button or a driver's confirmation says: a parcel
// was handed over.
type Handoff struct {
	Time Millis
	// Stop is where it was meant to be.
	Stop StopID
	// Point is where the scanner says it was, if it says so.
	Point    orb.Point
	HasPoint bool
}

// Deliver judges a hand-off by where the device stayed.
func Deliver(w *World, s *State, h Handoff, events []Event) []Event { return events }
