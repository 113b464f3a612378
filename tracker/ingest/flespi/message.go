package flespi

import (
	"math"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

// message is one object, reduced to what matters.
type message struct {
	Ident     string   `json:"ident"`
	Timestamp *float64 `json:"timestamp"`
	Latitude  *float64 `json:"position.latitude"`
	Longitude *float64 `json:"position.longitude"`
	Valid     *bool    `json:"position.valid"`
	Speed     *float64 `json:"position.speed"` // km/h
	Direction *float64 `json:"position.direction"`
	Altitude  *float64 `json:"position.altitude"`
	Battery   *float64 `json:"battery.level"`
	Ignition  *bool    `json:"engine.ignition.status"`
}

// lastSecond is the end of the year 9999 in Unix seconds, the latest time that
// can be shown. Milliseconds, a common mistake, lie beyond it.
const lastSecond = 253402300799

// refused checks what must be right for m to mean anything.
func (m *message) refused(device tracker.DeviceID) error {
	switch {
	case m.Ident == "":
		return tracker.Refuse(ReasonDevice, "ident, the device's identifier, is missing")
	case m.Ident != string(device):
		return tracker.Refuse(tracker.ReasonForeign, "ident is not that of the device whose credentials were sent")
	case m.Timestamp == nil || *m.Timestamp <= 0 || *m.Timestamp > lastSecond:
		return tracker.Refuse(ReasonTime, "timestamp, in Unix seconds, is missing or out of range")
	case (m.Latitude == nil) != (m.Longitude == nil):
		return tracker.Refuse(ReasonPosition, "position.latitude and position.longitude belong together: one of them is missing")
	case m.Latitude != nil && (math.Abs(*m.Latitude) > 90 || math.Abs(*m.Longitude) > 180):
		return tracker.Refuse(ReasonPosition, "position.latitude must be within -90 and 90 degrees, position.longitude within -180 and 180")
	}
	return nil
}

func (m *message) located() bool { return m.Latitude != nil && (m.Valid == nil || *m.Valid) }

// fix is m as a fix; m is located.
func (m *message) fix() geofence.Fix {
	f := geofence.Fix{
		Time:  geofence.Millis(math.Floor(*m.Timestamp * 1000)),
		Point: [2]float64{*m.Longitude, *m.Latitude},
	}
	if m.Speed != nil {
		f.SetSpeed(*m.Speed / 3.6)
	}
	if m.Direction != nil {
		f.SetHeading(*m.Direction)
	}
	if m.Altitude != nil {
		f.SetAltitude(*m.Altitude)
	}
	return f
}

// ignition is whether it is on, if that is said.
func (m *message) ignition() (x firmware.Reading, said bool) {
	if m.Ignition == nil {
		return x, false
	}
	x = firmware.Reading{Kind: firmware.Ignition, Time: firmware.Millis(*m.Timestamp * 1000)}
	if *m.Ignition {
		x.Value = 1
	}
	return x, true
}

// charge is the battery in percent, nil if unknown.
func (m *message) charge() *uint8 {
	if m.Battery == nil {
		return nil
	}
	return tracker.Charge(*m.Battery)
}
