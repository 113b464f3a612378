package geofence

import (
	"cmp"
	"math"
	"slices"
)

// eventRole is what an event says about the episode that it belongs to.
type eventRole uint8

const (
	lone   eventRole = iota // it is all there is
	opens                   // it began
	within                  // it goes on
	closes                  // it is over
)

// episodeKinds are the kinds of episodes and what each type of event says of them. An
// event of any other type stands alone.
var episodeKinds = map[EventType]struct {
	kind string
	role eventRole
}{
	Enter: {"visit", opens}, Dwell: {"visit", within}, Exit: {"visit", closes},
	RouteOff: {"excursion", opens}, RouteBack: {"excursion", closes},
	StopBegin: {"stay", opens}, StopUnplanned: {"stay", within}, StopEnd: {"stay", closes},
	Delayed: {"delay", opens}, OnTimeAgain: {"delay", closes},
	HazardAhead: {"prospect", opens},
	Separated:   {"parting", opens}, Reunited: {"parting", closes},
	DropConfirmed: {"drop", lone}, DropWrongAddress: {"drop", lone}, DropUnverifiable: {"drop", lone},
}

// loneBound is how far apart in time two events without an extent may be to be
// the same. Late fixes between two others move the moment of a crossing by less
// than those were apart, and a device that reports less often than every ten
// minutes tells nothing of crossings.
const loneBound = Millis(10 * 60 * 1000)

// maxCandidates bounds the told episodes that one found is compared with.
// Episodes of the same kind and subject follow one another, so there are
// seldom more than two.
const maxCandidates = 16

// episodeSpan is one episode and the time that it took, as far as events tell.
type episodeSpan struct {
	number        uint64
	kind, subject string
	first, last   Millis // of its events
	from, to      Millis // without end where the events do not tell
	opened        bool
	lone          bool
}

// take lets e count as one of the episode's.
func (t *episodeSpan) take(e *Event) {
	k, known := episodeKinds[e.Type]
	if !known {
		k.kind = string(e.Type)
	}
	if t.kind == "" || t.lone && k.role != lone {
		t.kind, t.subject = k.kind, e.Subject
		t.lone = k.role == lone
	}
	t.first, t.last = min(t.first, e.Time), max(t.last, e.Time)
	switch k.role {
	case opens:
		t.opened, t.from = true, e.Time
	case closes:
		t.to = e.Time
	}
}

// episodeSpans are the episodes of events in order of kind, subject and time. None
// reaches into the next of its kind and subject.
func episodeSpans(events func(yield func(*Event) bool)) []episodeSpan {
	byNumber := make(map[uint64]int)
	var all []episodeSpan
	for e := range events {
		i, ok := byNumber[e.Episode]
		if !ok {
			i = len(all)
			byNumber[e.Episode] = i
			all = append(all, episodeSpan{number: e.Episode, first: e.Time, last: e.Time, from: math.MinInt64, to: math.MaxInt64})
		}
		all[i].take(e)
	}
	slices.SortFunc(all, func(a, b episodeSpan) int {
		return cmp.Or(a.compareKind(&b), cmp.Compare(a.first, b.first), cmp.Compare(a.number, b.number))
	})
	for i := range all {
		all[i].bound(all, i)
	}
	return all
}

func (t *episodeSpan) compareKind(o *episodeSpan) int {
	return cmp.Or(cmp.Compare(t.kind, o.kind), cmp.Compare(t.subject, o.subject))
}

// bound ends t, which is all[i], where its neighbours are.
func (t *episodeSpan) bound(all []episodeSpan, i int) {
	if t.lone {
		t.from, t.to = t.first, t.last
		return
	}
	if i > 0 && all[i-1].compareKind(t) == 0 {
		t.from = max(t.from, min(all[i-1].last, t.first))
	}
	if i+1 < len(all) && all[i+1].compareKind(t) == 0 {
		t.to = min(t.to, max(all[i+1].first, t.last))
	}
}

// spanPair says how much two episodes have in common.
type spanPair struct {
	told, found int
	// together: both began at the same moment, which says more than how long
	// they lasted.
	together bool
	common   float64 // milliseconds; less than 0 is a distance
}

// matchEpisodes gives found episodes with provisional numbers the numbers of told ones
// in n.
func matchEpisodes(told []Told, found []Event, fresh bool, n *Numbers) {
	gone := make(map[uint64]bool) // numbers that are no candidates
	was := episodeSpans(func(yield func(*Event) bool) {
		for i := range told {
			if e := &told[i]; !e.Withdrawn && !aboutSilence(e.Type) && !yield(&e.Event) {
				return
			}
		}
	})
	now := episodeSpans(func(yield func(*Event) bool) {
		for i := range found {
			if e := &found[i]; !aboutSilence(e.Type) && !yield(e) {
				return
			}
		}
	})
	for i := range now {
		gone[now[i].number] = true
	}
	for i := range was {
		// What began before the stretch goes on only under its own number.
		if !fresh && !was[i].opened && !was[i].lone {
			gone[was[i].number] = true
		}
	}
	pairs := spanPairs(was, now)
	slices.SortFunc(pairs, func(a, b spanPair) int {
		return cmp.Or(falseFirst(b.together, a.together), cmp.Compare(b.common, a.common), cmp.Compare(a.found, b.found), cmp.Compare(a.told, b.told))
	})
	for _, p := range pairs {
		old, number := now[p.found].number, was[p.told].number
		if _, done := n.known[old]; old < provisional || done || gone[number] {
			continue
		}
		n.known[old], gone[number] = number, true
	}
}

// spanPairs are the pairs that have time in common or, standing alone, are
// near enough.
func spanPairs(was, now []episodeSpan) []spanPair {
	var pairs []spanPair
	start := 0
	for i := range now {
		f := &now[i]
		for start < len(was) && was[start].before(f) {
			start++
		}
		for j := start; j < len(was) && j < start+maxCandidates && !f.before(&was[j]); j++ {
			common := min(float64(f.to), float64(was[j].to)) - max(float64(f.from), float64(was[j].from))
			if common >= -f.slack() {
				together := f.opened && was[j].opened && f.from == was[j].from
				pairs = append(pairs, spanPair{told: j, found: i, together: together, common: common})
			}
		}
	}
	return pairs
}

// slack is how far apart an episode may be from another to be the same.
func (t *episodeSpan) slack() float64 {
	if t.lone {
		return float64(loneBound)
	}
	return 0
}

// before tells whether t is over, for certain, before o begins, in the order of
// spans.
func (t *episodeSpan) before(o *episodeSpan) bool {
	if c := t.compareKind(o); c != 0 {
		return c < 0
	}
	return float64(t.to)+t.slack() < float64(o.from)
}
