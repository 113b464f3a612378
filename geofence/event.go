package geofence

import "github.com/paulmach/orb"

// EventType names a kind of fact, as it stands in the event log.
type EventType string

// The facts about areas.
const (
	Enter EventType = "geofence.enter"
	Exit  EventType = "geofence.exit"
	// Dwell: a visit has lasted as long as the fence's Dwell.
	Dwell EventType = "geofence.dwell"
	// HazardEnter stands for an Enter or a Cross of a hazard.
	HazardEnter EventType = "hazard.enter"
)

// Event is one fact about one device.
type Event struct {
	Type EventType
	// Time is the device time at which it happened: that of the first fix on the
	// other side of the boundary, though it may have taken more to be sure. Of a
	// Dwell, when the time was up.
	Time Millis
	// Subject is the id of what the event is about: a fence, route, stop or
	// device; empty where that is the device itself.
	Subject string
	// Episode numbers the visit, excursion or stay: the events of one episode
	// have the same number, no two episodes of one device do. Type, Subject and
	// Episode together name an event of a device.
	Episode uint64
	// Point is where the device was at Time; of a Dwell, where it was at the
	// first fix inside after Time.
	Point orb.Point
	// Facts are the numbers behind it.
	Facts Facts
}

// Fact is a number, or a word, behind an event. Its name ends with the unit:
// _m metres, _mps metres per second, _s seconds; a share or a probability has
// none.
type Fact struct {
	Name  string
	Value float64
	Text  string // instead of Value where not empty
}

// maxFacts is how many an event has at most.
const maxFacts = 16

// Facts are up to 16 in the order in which they were added. The zero value has
// none.
type Facts struct {
	count int
	list  [maxFacts]Fact
}

// All are the facts. The slice must not be changed.
func (f *Facts) All() []Fact { return f.list[:f.count] }

// Number is the value of the fact called name, 0 if there is none.
func (f *Facts) Number(name string) float64 { return f.find(name).Value }

// Text is the word of the fact called name, empty if there is none.
func (f *Facts) Text(name string) string { return f.find(name).Text }

func (f *Facts) find(name string) Fact {
	for _, fact := range f.All() {
		if fact.Name == name {
			return fact
		}
	}
	return Fact{}
}

// add appends a number; one that is not finite is left out.
func (f *Facts) add(name string, value float64) {
	if value-value == 0 {
		f.append(Fact{Name: name, Value: value})
	}
}

// say appends a word, unless it is empty.
func (f *Facts) say(name, text string) {
	if text != "" {
		f.append(Fact{Name: name, Text: text})
	}
}

func (f *Facts) append(fact Fact) {
	if f.count < maxFacts {
		f.list[f.count] = fact
		f.count++
	}
}
