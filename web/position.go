package web

import (
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// fixJSON is what positions and track points have in common; absent is what
// the device did not report.
type fixJSON struct {
	AccuracyM *float32 `json:"accuracy_m,omitempty"`
	SpeedMPS  *float32 `json:"speed_mps,omitempty"`
	HeadingD  *float32 `json:"heading_deg,omitempty"`
	AltitudeM *float32 `json:"altitude_m,omitempty"`
}

func fixOf(f geofence.Fix) fixJSON {
	known := func(which geofence.Known, v float32) *float32 {
		if f.Known&which == 0 {
			return nil
		}
		return &v
	}
	return fixJSON{
		AccuracyM: known(geofence.KnownAccuracy, f.AccuracyMeters),
		SpeedMPS:  known(geofence.KnownSpeed, f.SpeedMPS),
		HeadingD:  known(geofence.KnownHeading, f.HeadingDegrees),
		AltitudeM: known(geofence.KnownAltitude, f.AltitudeMeters),
	}
}

type positionJSON struct {
	Device   tracker.DeviceID `json:"device"`
	Time     time.Time        `json:"time"`
	Received time.Time        `json:"received"`
	Lon      float64          `json:"lon"`
	Lat      float64          `json:"lat"`
	fixJSON
	Battery *uint8 `json:"battery_percent,omitempty"`
}

func positionOf(p tracker.Position) positionJSON {
	return positionJSON{
		Device:   p.Device,
		Time:     p.Fix.Time.Time(),
		Received: p.Received.UTC(),
		Lon:      p.Fix.Point[0],
		Lat:      p.Fix.Point[1],
		fixJSON:  fixOf(p.Fix),
		Battery:  p.Battery,
	}
}
