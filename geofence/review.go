package geofence

import (
	"cmp"
	"slices"
)

// The corrections of events that were told. The subject is the id under which
// the event stands in the event log.
const (
	Revised   EventType = "event.revised"
	Retracted EventType = "event.retracted"
)

// A stretch is reviewed when fixes come that belong before others which have
// been stepped already: a State from before the stretch goes through all of its
// fixes again, and Reconcile compares what this run finds with what was told.
//
//	past   := the State before the stretch
//	past.Rehearse()
//	found  = Step(w, &past, fix, found)   for each fix, in order
//	review := Reconcile(told, found, fresh, live.Episodes())
//	past.Settle(review.Numbers, &live)

// provisional and above are the numbers of episodes that a rehearsal gives.
const provisional = 1 << 63

// Rehearse makes s the State that a stretch is run again with: the episodes
// that it numbers from now on get provisional numbers, which Settle replaces.
func (s *State) Rehearse() { s.episodes = provisional }

// Episodes is how many episodes were numbered so far.
func (s *State) Episodes() uint64 { return s.episodes }

// Settle ends a rehearsal: s gets the lasting numbers. What live, the State
// that did without the late fixes, knows of the device's silence stays: it is a
// matter of when the device was heard, not of when its fixes were made. With
// nil for live, s is one from the middle of the stretch.
func (s *State) Settle(n *Numbers, live *State) {
	s.renumber(n.of)
	if live != nil {
		s.silence = live.silence.clone()
	}
	s.episodes = n.given
}

// Numbers are the lasting numbers of the episodes of a rehearsal.
type Numbers struct {
	given uint64
	known map[uint64]uint64
}

// of is the lasting number of an episode. One that no event was found of gets a
// new one.
func (n *Numbers) of(episode uint64) uint64 {
	if episode < provisional {
		return episode
	}
	if _, ok := n.known[episode]; !ok {
		n.given++
		n.known[episode] = n.given
	}
	return n.known[episode]
}

// Told is an event that stands in the log, as last corrected.
type Told struct {
	Event
	// Withdrawn: it was retracted. It counts only to be told again under its
	// old name.
	Withdrawn bool
}

// Correction is one difference between what was told and what was found, by
// places in the slices given to Reconcile, -1 for none: with both, the event
// is revised (or holds after all, if it was withdrawn), with Told alone it is
// retracted, with Found alone it is new.
type Correction struct{ Told, Found int }

// Review is what Reconcile finds.
type Review struct {
	// Corrections are in order of time.
	Corrections []Correction
	// Kept are the events that were told rightly. The fix that they were found
	// by may have been another one.
	Kept []Correction
	// Numbers are for the States of the rehearsal.
	Numbers *Numbers
}

// eventName names an event of a device.
type eventName struct {
	typ     EventType
	subject string
	episode uint64
}

func (e *Event) name() eventName { return eventName{e.Type, e.Subject, e.Episode} }

// Reconcile compares the events told of one stretch of one device with those
// that a rehearsal over all its fixes found, and gives the latter their lasting
// numbers, in place. An episode that was found where one of the same kind and
// subject was told keeps the number of that one. Applied, the corrections leave
// just what was found in force, each event once, and nothing to correct.
//
// fresh says that the rehearsal began with a device never seen, hence that told
// is all there is. Otherwise an episode that was told without its beginning
// began before the stretch, and only the State can say whether it goes on.
// given is how many episodes the device has had.
//
// Silence is left out: whether a device was heard does not depend on what it
// says later.
func Reconcile(told []Told, found []Event, fresh bool, given uint64) Review {
	n := &Numbers{given: given, known: make(map[uint64]uint64)}
	r := Review{Numbers: n}
	matchEpisodes(told, found, fresh, n)
	rest := make(map[eventName]int, len(told))
	for i := range told {
		if !aboutSilence(told[i].Type) {
			rest[told[i].name()] = i
		}
	}
	seen := make(map[eventName]bool, len(found))
	for i := range found {
		e := &found[i]
		e.Episode = n.of(e.Episode)
		if seen[e.name()] || aboutSilence(e.Type) {
			continue
		}
		seen[e.name()] = true
		was, ok := rest[e.name()]
		delete(rest, e.name())
		switch {
		case !ok:
			r.Corrections = append(r.Corrections, Correction{Told: -1, Found: i})
		case told[was].Withdrawn || told[was].Time != e.Time || told[was].Point != e.Point:
			r.Corrections = append(r.Corrections, Correction{Told: was, Found: i})
		default:
			r.Kept = append(r.Kept, Correction{Told: was, Found: i})
		}
	}
	for _, i := range rest {
		if !told[i].Withdrawn {
			r.Corrections = append(r.Corrections, Correction{Told: i, Found: -1})
		}
	}
	sortCorrections(r.Corrections, told, found)
	return r
}

// sortCorrections puts those of the same time that retract first, so that a
// reader never sees two episodes where there was one.
func sortCorrections(corrections []Correction, told []Told, found []Event) {
	at := func(c Correction) Millis {
		if c.Found >= 0 {
			return found[c.Found].Time
		}
		return told[c.Told].Time
	}
	slices.SortFunc(corrections, func(a, b Correction) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Found, b.Found), cmp.Compare(a.Told, b.Told))
	})
}

func aboutSilence(t EventType) bool { return t == Silent || t == Back }
