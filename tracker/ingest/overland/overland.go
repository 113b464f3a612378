// Package overland decodes what Overland, a logger for phones, sends over HTTP:
// batches of GeoJSON points (https://github.com/aaronpk/Overland-iOS#api).
//
// Start at [Door], which a server asks what a request says. It is pure: no clock,
// no I/O, no state.
//
// A request becomes one report. The app deletes what it sent when it reads that
// the result is ok, and sends the batch again for any other answer.
//
// # What is taken from a location
//
//	geometry             a Point: longitude and latitude in degrees; required
//	timestamp            ISO 8601 with a time zone; required
//	horizontal_accuracy  metres; unknown if 0 or negative
//	speed                metres per second; unknown if negative
//	course               degrees from true north, 0 to 360; unknown otherwise
//	altitude             metres above the sea; unknown if vertical_accuracy is
//	                     negative
//	battery_level        0 to 1; unknown otherwise. The last one of a batch counts
//	device_id            the sender's own id, or empty
//
// What stands among the locations and is none is left out: trips and visits,
// which have a type, and notes on the app, which have an action. So is the member
// current, which comes again when its turn is, and trip.
package overland

import (
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Door is Overland as a door for HTTP. The zero value is ready.
type Door struct{}

// Name is the door's part of the address, and stands in metrics and in the
// quarantine.
func (Door) Name() string { return "overland" }

// Answer is what the app must read to delete what it sent.
func (Door) Answer() string { return `{"result":"ok"}` }

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine
// and do not change.
const (
	// ReasonJSON: not the JSON that is documented.
	ReasonJSON = tracker.ReasonJSON
	// ReasonTime: a timestamp is missing, or is none.
	ReasonTime = "bad_time"
	// ReasonPosition: a location is no point on the globe.
	ReasonPosition = "bad_position"
	// ReasonTooLarge: there are more positions than a report can hold.
	ReasonTooLarge = "too_large"
)

// Decode reads one request of device that the server received at received. The
// report's key is the xxHash64 of the payload, so that the same batch sent again
// is found to be the same. An empty request, by which the app asks for the name
// of an account, is ignored.
//
// An error is always a *tracker.Refusal. A batch is taken whole or refused whole.
func (Door) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	if len(payload) == 0 {
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "the request is empty")
	}
	var b struct {
		Locations *[]location `json:"locations"`
	}
	if err := json.Unmarshal(payload, &b); err != nil {
		return tracker.Report{}, tracker.RefuseJSON(err)
	}
	if b.Locations == nil {
		return tracker.Report{}, tracker.Refuse(ReasonJSON, "locations is missing")
	}
	r := tracker.Report{Device: device, Received: received, Key: tracker.ReportKey(xxhash.Sum64(payload))}
	for _, l := range *b.Locations {
		if err := l.addTo(&r); err != nil {
			return tracker.Report{}, err
		}
	}
	switch {
	case len(r.Fixes) == 0:
		return tracker.Report{}, tracker.Refuse(tracker.ReasonIgnored, "there is no position to store")
	case len(r.Fixes) > tracker.MaxFixes:
		return tracker.Report{}, tracker.Refuse(ReasonTooLarge, "the request has %d positions, at most %d are accepted: set fewer points per batch", len(r.Fixes), tracker.MaxFixes)
	}
	return r, nil
}

// location is one feature, reduced to what matters.
type location struct {
	Geometry struct {
		Type        string    `json:"type"`
		Coordinates []float64 `json:"coordinates"`
	} `json:"geometry"`
	Properties properties `json:"properties"`
}

type properties struct {
	Type             string   `json:"type"`
	Action           string   `json:"action"`
	DeviceID         string   `json:"device_id"`
	Timestamp        string   `json:"timestamp"`
	Accuracy         *float64 `json:"horizontal_accuracy"`
	Speed            *float64 `json:"speed"`
	Course           *float64 `json:"course"`
	Altitude         *float64 `json:"altitude"`
	AltitudeAccuracy *float64 `json:"vertical_accuracy"`
	Battery          *float64 `json:"battery_level"`
}

// addTo adds l to r by the rules of the package comment.
func (l *location) addTo(r *tracker.Report) error {
	p := &l.Properties
	switch {
	case p.DeviceID != "" && p.DeviceID != string(r.Device):
		return tracker.Refuse(tracker.ReasonForeign, "device_id is not that of the device whose credentials were sent")
	case p.Type != "" || p.Action != "":
		return nil
	}
	at, ok := parseTime(p.Timestamp)
	if !ok {
		return tracker.Refuse(ReasonTime, "timestamp is missing or is not a time such as 2025-03-01T08:00:00Z")
	}
	c := l.Geometry.Coordinates
	if l.Geometry.Type != "Point" || len(c) < 2 || !(c[0] >= -180 && c[0] <= 180 && c[1] >= -90 && c[1] <= 90) {
		return tracker.Refuse(ReasonPosition, "geometry must be a Point with a longitude within -180 and 180 and a latitude within -90 and 90 degrees")
	}
	f := geofence.Fix{Time: at, Point: [2]float64{c[0], c[1]}}
	p.measure(&f)
	r.Fixes = append(r.Fixes, f)
	if p.Battery != nil {
		r.Battery = tracker.Charge(*p.Battery * 100)
	}
	return nil
}

func (p *properties) measure(f *geofence.Fix) {
	if p.Accuracy != nil {
		f.SetAccuracy(*p.Accuracy)
	}
	if p.Speed != nil {
		f.SetSpeed(*p.Speed)
	}
	if p.Course != nil {
		f.SetHeading(*p.Course)
	}
	if p.Altitude != nil && (p.AltitudeAccuracy == nil || *p.AltitudeAccuracy >= 0) {
		f.SetAltitude(*p.Altitude)
	}
}

// parseTime reads a time; older versions write its zone without a colon.
func parseTime(s string) (geofence.Millis, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return geofence.MillisOf(t), t.Unix() > 0
		}
	}
	return 0, false
}
