package tracker

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// Event is one entry of the event log.
type Event struct {
	// ID derives from device, type, subject and episode, of a correction from
	// its place in the log, and never changes.
	ID string
	// Seq is the event's place in the log, from 1, without gaps.
	Seq uint64
	// Type is the kind, such as "geofence.enter".
	Type string
	// Time is when it happened, by the device's clock; KnownAt when the server
	// came to know it.
	Time, KnownAt time.Time
	// Device is empty where no device is concerned.
	Device DeviceID
	// Subject is what the event is about: for geofence events the fence's id,
	// for corrections the id of an earlier event.
	Subject string
	// Point is nil where no place is concerned.
	Point *orb.Point
	// Detail is a JSON object.
	Detail json.RawMessage
	// Customer is whose key seals Point and Detail in the log; empty where
	// neither is personal. It is not shown.
	Customer CustomerID
	// of is what stands beside what is sealed; nil where nothing is.
	of *correctedDetail
}

// EventID derives an event's id: 26 letters and digits, 128 bits of a SHA-256
// over the four parts, each preceded by its length.
func EventID(device DeviceID, typ, subject string, episode uint64) string {
	parts := fmt.Sprintf("%d:%s%d:%s%d:%s%d", len(device), device, len(typ), typ, len(subject), subject, episode)
	sum := sha256.Sum256([]byte(parts))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// GeofenceEvent makes a log entry, yet without Seq, of what the engine found.
// Its detail holds the episode and the facts behind it. Where the engine names
// no subject, it is the device.
func GeofenceEvent(device DeviceID, e geofence.Event, knownAt time.Time) Event {
	subject := subjectOf(device, &e)
	return Event{
		ID:      EventID(device, string(e.Type), subject, e.Episode),
		Type:    string(e.Type),
		Time:    e.Time.Time(),
		KnownAt: knownAt.UTC(),
		Device:  device,
		Subject: subject,
		Point:   &e.Point,
		Detail:  detail(&e),
	}
}

// subjectOf is what the log says that an event is about.
func subjectOf(device DeviceID, e *geofence.Event) string { return cmp.Or(e.Subject, string(device)) }

// detail writes numbers to three decimals.
func detail(e *geofence.Event) json.RawMessage {
	return appendFacts(fmt.Appendf(nil, `{"episode":%d`, e.Episode), e)
}

// appendFacts writes the rest of an object that has begun.
func appendFacts(b []byte, e *geofence.Event) json.RawMessage {
	for _, fact := range e.Facts.All() {
		b = append(strconv.AppendQuote(append(b, ','), fact.Name), ':')
		if fact.Text == "" {
			b = strconv.AppendFloat(b, math.Round(fact.Value*1000)/1000, 'g', -1, 64)
			continue
		}
		text, _ := json.Marshal(fact.Text) // a string always can be written
		b = append(b, text...)
	}
	return append(b, '}')
}

type eventJSON struct {
	ID      string          `json:"id"`
	Seq     uint64          `json:"seq"`
	Type    string          `json:"type"`
	Time    time.Time       `json:"time"`
	KnownAt time.Time       `json:"known_at"`
	Device  *DeviceID       `json:"device"`
	Subject string          `json:"subject"`
	Lon     *float64        `json:"lon"`
	Lat     *float64        `json:"lat"`
	Detail  json.RawMessage `json:"detail"`
}

// MarshalJSON writes the event as the API and the live feed show it.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.shown()) }

func (e *Event) shown() eventJSON {
	j := eventJSON{ID: e.ID, Seq: e.Seq, Type: e.Type, Time: e.Time.UTC(), KnownAt: e.KnownAt.UTC(), Subject: e.Subject, Detail: e.Detail}
	if e.Device != "" {
		j.Device = &e.Device
	}
	if e.Point != nil {
		j.Lon, j.Lat = &e.Point[0], &e.Point[1]
	}
	if j.Detail == nil {
		j.Detail = json.RawMessage("{}")
	}
	return j
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Event) UnmarshalJSON(b []byte) error {
	var j eventJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*e = j.event()
	return nil
}

func (j *eventJSON) event() Event {
	e := Event{ID: j.ID, Seq: j.Seq, Type: j.Type, Time: j.Time, KnownAt: j.KnownAt, Subject: j.Subject, Detail: j.Detail}
	if j.Device != nil {
		e.Device = *j.Device
	}
	if j.Lon != nil && j.Lat != nil {
		e.Point = &orb.Point{*j.Lon, *j.Lat}
	}
	return e
}
