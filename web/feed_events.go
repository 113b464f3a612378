package web

import (
	"encoding/json"
	"fmt"

	"wayguard/tracker"
)

// ringLength is how many of the newest events are kept encoded: at a thousand
// a second those of the last four, in about two megabytes.
const ringLength = 4096

// encodedEvent is an event as a frame of the live feed.
type encodedEvent struct {
	seq   uint64
	frame []byte
	// owner is the partner whose delivery it is about, who gets shared; empty
	// for none.
	owner  tracker.PartnerID
	shared []byte
}

// frameFor is what a client is sent; nil for nothing.
func (e *encodedEvent) frameFor(partner tracker.PartnerID) []byte {
	switch partner {
	case "":
		return e.frame
	case e.owner:
		return e.shared
	}
	return nil
}

// readEvents reads and encodes a page of the log; next is as of
// tracker.Fleet.Events.
func readEvents(fleet *tracker.Fleet, after uint64, limit int) (page []encodedEvent, next uint64, err error) {
	events, next, err := fleet.Events(after, limit, tracker.EventFilter{})
	if err != nil {
		return nil, after, err
	}
	for _, e := range events {
		encoded, err := encodeEvent(fleet, e)
		if err != nil {
			return nil, after, fmt.Errorf("encode event %d: %w", e.Seq, err)
		}
		page = append(page, encoded)
	}
	return page, next, nil
}

func encodeEvent(fleet *tracker.Fleet, e tracker.Event) (encoded encodedEvent, err error) {
	encoded.seq = e.Seq
	if d, ok := fleet.DeliveryOf(&e); ok && d.Partner != "" {
		encoded.owner = d.Partner
		if encoded.shared, err = json.Marshal(e.Shared()); err != nil {
			return encoded, err
		}
	}
	encoded.frame, err = json.Marshal(e)
	return encoded, err
}

// eventRing holds the newest events without gaps. It starts with reset.
type eventRing struct {
	next   uint64 // the sequence number expected
	length int
	events [ringLength]encodedEvent
}

// reset empties the ring; the event after seq is expected.
func (r *eventRing) reset(seq uint64) { r.next, r.length = seq+1, 0 }

// last is the newest event that the ring had.
func (r *eventRing) last() uint64 { return r.next - 1 }

// add puts in the next event. A gap would be an event lost for everyone, so
// across one the ring starts afresh and the log is asked for the rest.
func (r *eventRing) add(e encodedEvent) {
	if e.seq != r.next {
		r.reset(e.seq - 1)
	}
	r.events[e.seq%ringLength] = e
	r.next++
	r.length = min(r.length+1, ringLength)
}

// after returns up to limit events after seq. ok is false where the ring does
// not reach back that far, or not forward.
func (r *eventRing) after(seq uint64, limit int) (events []encodedEvent, ok bool) {
	first := r.next - uint64(r.length)
	if seq+1 < first || seq+1 >= r.next {
		return nil, false
	}
	n := min(limit, int(r.next-seq-1))
	events = make([]encodedEvent, n)
	for i := range events {
		events[i] = r.events[(seq+1+uint64(i))%ringLength]
	}
	return events, true
}
