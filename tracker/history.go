package tracker

import (
	"encoding/binary"
	"math"
	"slices"

	"wayguard/geofence"
)

// history is what is remembered of a track to evaluate parts of it again.
type history struct {
	// late is the time of the earliest late fix that no review covers, 0 for
	// none.
	late geofence.Millis
	// partial: fixes were stepped before there were snapshots, so that without
	// one there is nothing to begin a review with.
	partial bool
	// withdrawn are events that were retracted, of visits, excursions or stays
	// that may go on: if the engine finds one of them again, it holds after all.
	withdrawn []withdrawal
	// review is under way; nil for none.
	review *review
	// awaited are hand-offs that were judged before the fixes of their time came.
	awaited []awaited

	// What follows begins anew with each start: snapped is the time of the fix
	// that the newest snapshot was made of, cut that of the fix with which old
	// ones were last dropped, and swept tells whether those of a device that no
	// longer reports are gone. heard is when it reported last.
	snapped, cut, heard geofence.Millis
	swept               bool
}

// withdrawal is an event that was retracted.
type withdrawal struct {
	typ     geofence.EventType
	subject string // as the log names it
	episode uint64
	// time is what was last told of it.
	time geofence.Millis
}

func (w *withdrawal) is(e *geofence.Event, subject string) bool {
	return w.typ == e.Type && w.subject == subject && w.episode == e.Episode
}

// maxWithdrawn bounds how many retracted events of a device are remembered.
// Those matter whose visit, excursion or stay goes on, of which there are as
// many as fences that overlap.
const maxWithdrawn = 64

// miss notes that a late fix waits for a review.
func (h *history) miss(at geofence.Millis) {
	h.late = earlier(h.late, at)
	if h.review != nil {
		h.review.late = earlier(h.review.late, at)
	}
}

// earlier is the earlier of two times, 0 being none.
func earlier(a, b geofence.Millis) geofence.Millis {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// note is what is to be noted of an event, about subject, that a fix made at
// the time at gave.
func (h *history) note(e *geofence.Event, subject string, at geofence.Millis) note {
	n := note{at: at}
	i := slices.IndexFunc(h.withdrawn, func(w withdrawal) bool { return w.is(e, subject) })
	if i >= 0 {
		revived := h.withdrawn[i]
		n.revived = &revived
		h.withdrawn = slices.Delete(h.withdrawn, i, i+1)
	}
	return n
}

// withdraw notes that t is retracted.
func (h *history) withdraw(t *toldEvent) {
	h.withdrawn = append(h.withdrawn, withdrawal{typ: t.Type, subject: t.Subject, episode: t.Episode, time: t.Time})
	if n := len(h.withdrawn) - maxWithdrawn; n > 0 {
		h.withdrawn = slices.Delete(h.withdrawn, 0, n)
	}
}

// revive forgets that e was retracted, if it was.
func (h *history) revive(e *geofence.Event) {
	h.withdrawn = slices.DeleteFunc(h.withdrawn, func(w withdrawal) bool { return w.is(e, e.Subject) })
}

// restart gives up what concerns the time before.
func (h *history) restart() {
	h.late, h.snapped, h.cut, h.awaited = 0, 0, 0, nil
	if h.review != nil {
		h.review.void = true
	}
}

// append writes what outlasts the process.
func (h *history) append(b []byte) []byte {
	b = binary.AppendVarint(b, int64(h.late))
	partial := byte(0)
	if h.partial {
		partial = 1
	}
	return appendWithdrawn(append(b, partial), h.withdrawn)
}

func (h *history) read(r *reader) {
	h.late = geofence.Millis(r.varint())
	h.partial = r.byte() == 1
	h.withdrawn = readWithdrawn(r)
}

func appendWithdrawn(b []byte, withdrawn []withdrawal) []byte {
	b = binary.AppendUvarint(b, uint64(len(withdrawn)))
	for _, w := range withdrawn {
		b = appendString(appendString(b, string(w.typ)), w.subject)
		b = binary.AppendUvarint(b, w.episode)
		b = binary.AppendVarint(b, int64(w.time))
	}
	return b
}

func readWithdrawn(r *reader) []withdrawal {
	var withdrawn []withdrawal
	for n := r.count(); n > 0 && r.err == nil; n-- {
		withdrawn = append(withdrawn, withdrawal{
			typ: geofence.EventType(r.string()), subject: r.string(),
			episode: r.uvarint(), time: geofence.Millis(r.varint()),
		})
	}
	return withdrawn
}

// Times before and after all.
const (
	firstMillis = geofence.Millis(math.MinInt64)
	lastMillis  = geofence.Millis(math.MaxInt64)
)
