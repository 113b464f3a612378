package web

import (
	"math"
	"net/http"
	"slices"

	"wayguard/tracker"
)

const (
	defaultEvents = 100
	maxEvents     = 1000
	// maxScan is how many entries of the log one request looks at for those
	// that its filter selects: about half a second's worth.
	maxScan = 100_000
)

type eventsJSON struct {
	Events []tracker.Event `json:"events"`
	// NextAfter is where to go on. The log has no more when it is what was
	// asked for.
	NextAfter uint64 `json:"next_after"`
}

func (s *Server) listEvents(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	filter := tracker.EventFilter{Device: tracker.DeviceID(q.text("device")), Type: q.text("type"), Subject: q.text("subject")}
	var page eventsJSON
	var err error
	if q.has("last") {
		page, err = s.lastEvents(q, filter)
	} else {
		page, err = s.eventsAfter(q, filter)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page)
}

// eventsAfter reads forward. Where the filter selects little, it stops after
// maxScan entries, perhaps with no event: then next_after has still moved.
func (s *Server) eventsAfter(q query, filter tracker.EventFilter) (page eventsJSON, err error) {
	first := s.fleet.FirstSeq()
	after, err := q.count("after", 0, math.MaxInt64, first-1)
	if err == nil {
		err = keptAfter(after, first)
	}
	if err != nil {
		return page, err
	}
	limit, err := q.count("limit", 1, maxEvents, defaultEvents)
	if err != nil {
		return page, err
	}
	page = eventsJSON{Events: []tracker.Event{}, NextAfter: after}
	for scanned := 0; scanned < maxScan && len(page.Events) < int(limit); scanned += maxEvents {
		found, next, err := s.fleet.Events(page.NextAfter, maxEvents, filter)
		if err != nil {
			return page, err
		}
		if next == page.NextAfter {
			break
		}
		page.add(found, next, int(limit))
	}
	return page, nil
}

// add takes what fits below limit and goes on after that.
func (p *eventsJSON) add(found []tracker.Event, next uint64, limit int) {
	room := limit - len(p.Events)
	if len(found) < room {
		p.Events, p.NextAfter = append(p.Events, found...), next
		return
	}
	p.Events = append(p.Events, found[:room]...)
	p.NextAfter = p.Events[limit-1].Seq
}

// lastEvents reads the log backwards, window by window, at most maxScan
// entries of it.
func (s *Server) lastEvents(q query, filter tracker.EventFilter) (page eventsJSON, err error) {
	if q.has("after") || q.has("limit") {
		return page, badParameter("last", "goes without after and limit.")
	}
	last, err := q.count("last", 1, maxEvents, 0)
	if err != nil {
		return page, err
	}
	newest := s.fleet.LastSeq()
	page = eventsJSON{Events: []tracker.Event{}, NextAfter: newest}
	first := s.fleet.FirstSeq()
	for end := newest; end >= first && newest-end < maxScan && len(page.Events) < int(last); {
		start := max(end-min(end, maxEvents), first-1)
		found, err := s.window(start, end, filter)
		if err != nil {
			return page, err
		}
		page.Events = append(found, page.Events...)
		end = start
	}
	page.Events = page.Events[max(0, len(page.Events)-int(last)):]
	return page, nil
}

// window returns the events with sequence numbers in (start, end].
func (s *Server) window(start, end uint64, filter tracker.EventFilter) ([]tracker.Event, error) {
	found, _, err := s.fleet.Events(start, int(end-start), filter)
	if err != nil {
		return nil, err
	}
	// With a subject the log is read by its index, past the end.
	beyond := slices.IndexFunc(found, func(e tracker.Event) bool { return e.Seq > end })
	if beyond >= 0 {
		found = found[:beyond]
	}
	return found, nil
}
