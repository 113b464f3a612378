package native

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/cespare/xxhash/v2"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

// Content is what a payload says.
type Content struct {
	// Report is what the fleet takes of it.
	Report tracker.Report
	// Native is all of it: the readings of sensors, what became of the desired
	// state, the firmware that runs.
	Native firmware.Report
}

// Decode reads one payload that device published and the server received at
// received. An error is always a *tracker.Refusal; then there is no content.
func Decode(device tracker.DeviceID, payload []byte, received time.Time) (Content, error) {
	r, err := parse(payload)
	if err != nil {
		return Content{}, err
	}
	c := Content{Native: r, Report: tracker.Report{Device: device, Received: received, Key: key(&r), Battery: battery(&r)}}
	for i := range r.Fixes {
		c.Report.Fixes = append(c.Report.Fixes, fix(&r.Fixes[i]))
	}
	return c, nil
}

func parse(payload []byte) (firmware.Report, error) {
	if len(payload) > 0 && payload[0] == '{' {
		var r firmware.Report
		if err := r.UnmarshalJSON(payload); err != nil {
			return firmware.Report{}, refusal(err)
		}
		return r, nil
	}
	h, err := firmware.ParseHeader(payload)
	if err != nil {
		return firmware.Report{}, refusal(err)
	}
	if h.Protection != firmware.Plain {
		return firmware.Report{}, tracker.Refuse(ReasonSealed, "the report is sealed, and this server cannot open seals: send it plain, over TLS")
	}
	r, err := firmware.ParseReport(payload, nil)
	if err != nil {
		return firmware.Report{}, refusal(err)
	}
	return r, nil
}

// refusal is what to say of an error of package firmware, whose texts hold
// numbers and names of fields, nothing else of the payload.
func refusal(err error) *tracker.Refusal {
	if errors.Is(err, firmware.ErrVersion) {
		return tracker.Refuse(ReasonVersion, "%v", err)
	}
	return tracker.Refuse(ReasonFrame, "%v", err)
}

// key is a hash of boot and sequence.
func key(r *firmware.Report) tracker.ReportKey {
	var name [8]byte
	binary.BigEndian.PutUint32(name[:], r.Boot)
	binary.BigEndian.PutUint32(name[4:], r.Sequence)
	return tracker.ReportKey(xxhash.Sum64(name[:]))
}

// fix is f in degrees and metres.
func fix(f *firmware.Fix) geofence.Fix {
	g := geofence.Fix{
		Time:  geofence.Millis(f.Time),
		Point: [2]float64{float64(f.Lon) / 1e7, float64(f.Lat) / 1e7},
	}
	if f.Known&firmware.KnownAccuracy != 0 {
		g.AccuracyMeters, g.Known = float32(f.Accuracy)/10, g.Known|geofence.KnownAccuracy
	}
	if f.Known&firmware.KnownSpeed != 0 {
		g.SpeedMPS, g.Known = float32(f.Speed)/10, g.Known|geofence.KnownSpeed
	}
	if f.Known&firmware.KnownHeading != 0 {
		g.HeadingDegrees, g.Known = float32(f.Heading), g.Known|geofence.KnownHeading
	}
	if f.Known&firmware.KnownAltitude != 0 {
		g.AltitudeMeters, g.Known = float32(f.Altitude)/10, g.Known|geofence.KnownAltitude
	}
	return g
}

// battery is the charge of the newest reading, nil if there is none.
func battery(r *firmware.Report) *uint8 {
	var newest *firmware.Reading
	for i := range r.Readings {
		if x := &r.Readings[i]; x.Kind == firmware.Battery && (newest == nil || x.Time >= newest.Time) {
			newest = x
		}
	}
	if newest == nil {
		return nil
	}
	return new(uint8(newest.Value))
}
