package tracker

import (
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// toldEvent is an event as it was last told, where that stands in the log, and
// the time of the fix that it was then found by.
type toldEvent struct {
	geofence.Told
	seq uint64
	at  geofence.Millis
}

// toldOf reads what the engine said of a device, by id, in log entries above
// after.
func (f *Fleet) toldOf(device DeviceID, after uint64) (map[string]toldEvent, error) {
	told := make(map[string]toldEvent)
	for {
		page, err := f.store.EventsOf(device, after, pageSize)
		if err != nil {
			return nil, fmt.Errorf("events: %w", err)
		}
		for _, entry := range page {
			id, e, err := f.ledger.keys.parseTold(&entry)
			if err != nil {
				return nil, fmt.Errorf("event %d: %w", entry.Seq, err)
			}
			told[id] = e
			after = entry.Seq
		}
		if len(page) < pageSize {
			return told, nil
		}
	}
}

// parseTold reads an event of the engine or the correction of one; id is the
// event's in both cases.
func (k *Keyring) parseTold(entry *LogEntry) (id string, t toldEvent, err error) {
	e, err := k.decodeEvent(entry.Value)
	if err != nil {
		return "", toldEvent{}, err
	}
	d, err := toldDetail(&e)
	if err != nil {
		return "", toldEvent{}, err
	}
	if id = e.ID; isCorrection(&e) {
		id = e.Subject
	}
	t.Event = geofence.Event{
		Type: d.Type, Subject: d.Subject, Episode: d.Episode,
		Time: geofence.MillisOf(e.Time), Point: pointOf(e.Point),
	}
	t.Withdrawn = e.Type == string(geofence.Retracted)
	t.seq, t.at = entry.Seq, entry.At
	return id, t, nil
}

func isCorrection(e *Event) bool {
	return e.Type == string(geofence.Revised) || e.Type == string(geofence.Retracted)
}

// toldDetail is which event of the engine e is, or corrects.
func toldDetail(e *Event) (d correctedDetail, err error) {
	if e.of != nil {
		return *e.of, nil
	}
	if isCorrection(e) {
		return d, json.Unmarshal(e.Detail, &d)
	}
	d = correctedDetail{Type: geofence.EventType(e.Type), Subject: e.Subject}
	d.Episode, err = episodeOf(e.Detail)
	return d, err
}

func episodeOf(detail json.RawMessage) (uint64, error) {
	var d struct {
		Episode uint64 `json:"episode"`
	}
	err := json.Unmarshal(detail, &d)
	return d.Episode, err
}

func pointOf(p *orb.Point) orb.Point {
	if p == nil {
		return orb.Point{}
	}
	return *p
}

// stretch are the events that were told of r's stretch, and those withdrawn
// before that may hold again.
func (r *rerun) stretch(withdrawn []withdrawal) (events []geofence.Told, told []toldEvent) {
	for _, w := range withdrawn {
		id := EventID(r.device, string(w.typ), w.subject, w.episode)
		if _, ok := r.told[id]; !ok {
			e := geofence.Event{Type: w.typ, Subject: w.subject, Episode: w.episode, Time: w.time}
			r.told[id] = toldEvent{Told: geofence.Told{Event: e, Withdrawn: true}}
		}
	}
	for _, t := range r.since {
		r.told[EventID(r.device, string(t.Type), t.Subject, t.Episode)] = t
	}
	for _, t := range r.told {
		if r.fresh || t.Withdrawn || t.at > r.from {
			events, told = append(events, t.Told), append(told, t)
		}
	}
	return events, told
}
