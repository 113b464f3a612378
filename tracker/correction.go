package tracker

import (
	"encoding/json"
	"fmt"
	"time"

	"wayguard/geofence"
)

// timeLayout is that of times within a detail.
const timeLayout = "2006-01-02T15:04:05.999Z"

func writtenTime(t geofence.Millis) string { return t.Time().Format(timeLayout) }

// Revision makes the log entry, yet without Seq and ID, that says of an event
// which was told as of the time was that it is now e. Its subject is that
// event's id; the detail holds the event's type, subject and episode, its time
// now and as last told, and the facts behind it.
func Revision(device DeviceID, e *geofence.Event, was geofence.Millis, knownAt time.Time) Event {
	r := correction(device, geofence.Revised, e, was, knownAt)
	r.Time, r.Point = e.Time.Time(), &e.Point
	return r
}

// Retraction says of an event, which was last told as e, that it did not
// happen.
func Retraction(device DeviceID, e *geofence.Event, knownAt time.Time) Event {
	bare := geofence.Event{Type: e.Type, Time: e.Time, Subject: e.Subject, Episode: e.Episode, Point: e.Point}
	return correction(device, geofence.Retracted, &bare, e.Time, knownAt)
}

func correction(device DeviceID, typ geofence.EventType, e *geofence.Event, was geofence.Millis, knownAt time.Time) Event {
	subject := subjectOf(device, e)
	quoted, _ := json.Marshal(subject) // a string always can be written
	b := fmt.Appendf(nil, `{"type":%q,"subject":%s,"episode":%d`, e.Type, quoted, e.Episode)
	if typ == geofence.Revised {
		b = fmt.Appendf(b, `,"time":%q`, writtenTime(e.Time))
	}
	b = fmt.Appendf(b, `,"was":%q`, writtenTime(was))
	return Event{
		Type:    string(typ),
		Time:    e.Time.Time(),
		KnownAt: knownAt.UTC(),
		Device:  device,
		Subject: EventID(device, string(e.Type), subject, e.Episode),
		Point:   &e.Point,
		Detail:  appendFacts(b, e),
	}
}

// correctedDetail is what the detail of an event of the engine, or of a
// correction, says of the event.
type correctedDetail struct {
	Type    geofence.EventType `json:"type"`
	Subject string             `json:"subject"`
	Episode uint64             `json:"episode"`
}
