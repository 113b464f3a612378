package geofence

import (
	"cmp"
	"encoding/binary"
	"math"
	"time"
)

// The facts about a device that says nothing. Any fix counts that Step does
// not pass over, even one that cannot be true.
const (
	// Silent: nothing was heard for as long as the device may say nothing. It
	// happens at the last fix plus that time.
	Silent EventType = "device.silent"
	// Back: the silence is over. It happens at the fix that ends it, but not
	// before the silence began: where the fix is older than that, the device
	// had been keeping its fixes all along, which the fact "reason" calls
	// "buffered".
	Back EventType = "device.back"
)

const buffered = "buffered"

// SilenceSettings say when a device has been quiet for too long; zero values
// stand for the defaults.
type SilenceSettings struct {
	// After is how long a device may say nothing. Default 15 min: the
	// Gotthard road tunnel, 16.9 km long, takes 13 min at 80 km/h.
	After time.Duration
}

func (s *SilenceSettings) settings() []setting {
	return []setting{duration("silent_after_s", &s.After, 15*time.Minute, year)}
}

// silence is what is remembered of when a device was heard. Of that there is
// only the device's own time, and a device that sends what it has kept is heard
// now while it speaks of long ago. So once a device has been silent, fixes that
// are older than the server's time of then show that it is being heard, and it
// is asked again after as long as it may say nothing, until the fixes are as
// new as that.
type silence struct {
	episode uint64 // of the silence that the device is in, 0 for none
	began   Millis
	// checked, of behind, is the server's time when it was last due. late: since
	// then a fix was heard that is older.
	behind, late bool
	checked      Millis
}

// Tick tells the engine that it is now, by the server's clock, and that all
// that came of the device by then has been stepped. It says once a silence that
// a device is silent, whenever it is called; a clock that goes wrong does no
// harm but to say so too early or too late.
func Tick(w *World, s *State, now Millis, events []Event) []Event {
	q := &s.silence
	if q.behind && now < q.checked {
		q.checked = now // the server's clock was put back
	}
	due, ok := s.SilentAt(w)
	if !ok || now < due {
		return events
	}
	late := q.late
	q.behind, q.late, q.checked = true, false, now
	if late {
		return events
	}
	q.episode, q.began = s.newEpisode(), due
	heard, _ := s.heard()
	e := Event{Type: Silent, Time: due, Episode: q.episode, Point: s.last.Point}
	e.Facts.add("silent_for_s", between(heard, due).Seconds())
	e.Facts.add("silent_after_s", s.silentAfter(w).Seconds())
	return append(events, e)
}

// SilentAt is when Tick has something to say or to note if nothing is heard
// till then; before it there is no need of Tick. There is no such time for a
// device that was never seen or is silent already, nor in raw mode.
func (s *State) SilentAt(w *World) (Millis, bool) {
	heard, _ := s.heard()
	if !s.seen || s.silence.episode != 0 || w.settings.Raw {
		return 0, false
	}
	if s.silence.behind {
		heard = max(heard, s.silence.checked)
	}
	return heard.plus(s.silentAfter(w)), true
}

// silentAfter is how long the device may say nothing. It leaves the State's
// duty alone, which may be that of an older World.
func (s *State) silentAfter(w *World) time.Duration {
	return max(0, cmp.Or(w.duties.devices[s.device].SilentAfter, w.settings.Silence.After))
}

// plus is m later by d, which is not negative, or the end of time.
func (m Millis) plus(d time.Duration) Millis {
	if sum := m + Millis(d.Milliseconds()); sum >= m {
		return sum
	}
	return math.MaxInt64
}

// hear notes that the device has said something.
func (s *State) hear(fix *Fix, events []Event) []Event {
	q := &s.silence
	if q.episode != 0 {
		events = append(events, s.back(fix))
		q.episode, q.began = 0, 0
	}
	if q.behind {
		q.late = true
		if fix.Time >= q.checked {
			*q = silence{}
		}
	}
	return events
}

// back is the end of a silence by a fix.
func (s *State) back(fix *Fix) Event {
	q := &s.silence
	heard, _ := s.heard()
	e := Event{Type: Back, Time: max(fix.Time, q.began), Episode: q.episode, Point: fix.Point}
	if fix.Flags != 0 || s.atNullIsland(fix.Point) {
		e.Point = s.last.Point
	}
	e.Facts.add("silent_for_s", between(heard, e.Time).Seconds())
	e.Facts.add("silent_after_s", between(heard, q.began).Seconds())
	if fix.Time < q.began {
		e.Facts.say("reason", buffered)
	}
	return e
}

func (q *silence) clone() silence { return *q }

func (q *silence) renumber(number func(uint64) uint64) {
	if q.episode != 0 {
		q.episode = number(q.episode)
	}
}

func (q *silence) empty() bool { return *q == silence{} }

const (
	flagSilent = 1 << 0
	flagBehind = 1 << 1
	flagLate   = 1 << 2
)

// append writes
//
//	flags    1 byte: bit 0 silent, bit 1 behind, bit 2 late
//	episode  if silent: its number and when it began
//	checked  if behind
func (q *silence) append(b []byte, s *State) []byte {
	flags := byte(0)
	if q.episode != 0 {
		flags |= flagSilent
	}
	if q.behind {
		flags |= flagBehind
	}
	if q.late {
		flags |= flagLate
	}
	b = append(b, flags)
	if q.episode != 0 {
		b = binary.AppendUvarint(b, q.episode)
		b = binary.AppendVarint(b, int64(q.began-s.last.Time))
	}
	if q.behind {
		b = binary.AppendVarint(b, int64(q.checked-s.last.Time))
	}
	return b
}

func (d *decoder) silence(s *State) silence {
	flags := d.byte()
	q := silence{behind: flags&flagBehind != 0, late: flags&flagLate != 0}
	if flags&flagSilent != 0 {
		q.episode = d.uvarint()
		q.began = s.last.Time + Millis(d.varint())
	}
	if q.behind {
		q.checked = s.last.Time + Millis(d.varint())
	}
	if q.episode > s.episodes || !s.seen || q.late && !q.behind || q.episode != 0 && (q.late || !q.behind) {
		d.fail("a silence cannot be")
	}
	return q
}
