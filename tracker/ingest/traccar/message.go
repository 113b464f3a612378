package traccar

import (
	"math"
	"strconv"
	"strings"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// message is a request of any form.
type message struct {
	device string
	// at is the time, if timed.
	at    geofence.Millis
	timed bool
	// percent is the battery's charge.
	percent *float64
	// invalid: the position is not one of now. elsewhere: something else says
	// where the device is, or why it reports.
	mock, invalid, elsewhere bool
	coords
}

// coords are a position with what belongs to it, nil where it is not given.
type coords struct {
	Latitude         *float64 `json:"latitude"`
	Longitude        *float64 `json:"longitude"`
	Accuracy         *float64 `json:"accuracy"`
	Speed            *float64 `json:"speed"` // metres per second
	Heading          *float64 `json:"heading"`
	Altitude         *float64 `json:"altitude"`
	AltitudeAccuracy *float64 `json:"altitude_accuracy"`
}

// refused checks what must be right for m to mean anything.
func (m *message) refused(device tracker.DeviceID) *tracker.Refusal {
	switch {
	case m.device == "":
		return tracker.Refuse(ReasonDevice, "id, the device's identifier, is missing")
	case m.device != string(device):
		return tracker.Refuse(tracker.ReasonForeign, "id is not that of the device whose credentials were sent")
	case (m.Latitude == nil) != (m.Longitude == nil):
		return tracker.Refuse(ReasonPosition, "lat and lon belong together: one of them is missing")
	case m.Latitude != nil && !(within(m.Latitude, 90) && within(m.Longitude, 180)):
		return tracker.Refuse(ReasonPosition, "lat must be within -90 and 90 degrees, lon within -180 and 180")
	case m.located() || m.charge() != nil:
		return nil
	case m.invalid || m.elsewhere:
		return tracker.Refuse(tracker.ReasonIgnored, "there is neither a position nor a battery to store")
	}
	return tracker.Refuse(ReasonPosition, "lat and lon are missing")
}

func within(degrees *float64, limit float64) bool { return math.Abs(*degrees) <= limit }

func (m *message) located() bool { return m.Latitude != nil && m.Longitude != nil && !m.invalid }

// fix is m as a fix; m is located.
func (m *message) fix(received time.Time) geofence.Fix {
	f := geofence.Fix{Time: geofence.MillisOf(received), Point: [2]float64{*m.Longitude, *m.Latitude}}
	if m.timed {
		f.Time = m.at
	}
	if m.mock {
		f.Flags = geofence.FlagMock
	}
	if m.Accuracy != nil {
		f.SetAccuracy(*m.Accuracy)
	}
	if m.Speed != nil {
		f.SetSpeed(*m.Speed)
	}
	if m.Heading != nil {
		f.SetHeading(*m.Heading)
	}
	if m.Altitude != nil && (m.AltitudeAccuracy == nil || *m.AltitudeAccuracy >= 0) {
		f.SetAltitude(*m.Altitude)
	}
	return f
}

// charge is the battery in percent, nil if unknown.
func (m *message) charge() *uint8 {
	if m.percent == nil {
		return nil
	}
	return tracker.Charge(*m.percent)
}

// millisecondsFrom is where numbers begin to be milliseconds: in seconds it is
// in the year 5138, in milliseconds in 1973.
const millisecondsFrom = 1e11

// lastMillis is the end of the year 9999, the latest time that can be shown.
const lastMillis = 253402300799999

// parseTime reads a time by the rules of the package comment.
func parseTime(s string) (geofence.Millis, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil {
		if v < millisecondsFrom {
			v *= 1000
		}
		if !(v > 0 && v <= lastMillis) {
			return 0, false
		}
		return geofence.Millis(math.Floor(v)), true
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, strings.Replace(s, " ", "T", 1)); err == nil {
			at := geofence.MillisOf(t)
			return at, at > 0 && at <= lastMillis
		}
	}
	return 0, false
}
