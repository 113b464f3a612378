package native

import (
	"errors"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

// Decode reads one payload that device published and the server received at
// received, keys as in [Door]. An error is always a *tracker.Refusal; then there
// is no report.
func Decode(keys Keys, device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	var answer tracker.Answer
	r, err := parse(keys, device, payload, &answer)
	if err != nil {
		return tracker.Report{}, err
	}
	answer.Time, answer.Applied, answer.Firmware = geofence.Millis(r.Time), r.Applied, r.Firmware
	report := tracker.Report{Device: device, Received: received, Key: key(&r), Readings: r.Readings, Answer: &answer}
	for i := range r.Fixes {
		report.Fixes = append(report.Fixes, fix(&r.Fixes[i]))
	}
	return report, nil
}

// parse reads either form, and notes in a how it came.
func parse(keys Keys, device tracker.DeviceID, payload []byte, a *tracker.Answer) (r firmware.Report, err error) {
	h, err := head(payload)
	if err != nil {
		return r, refusal(err)
	}
	a.JSON = payload[0] == '{'
	switch sealed := h.Protection != firmware.Plain; {
	case sealed:
		return open(keys, device, payload, a)
	case keys != nil:
		if _, required := keys(device, false); required {
			return r, tracker.Refuse(ReasonPlain, "the report is not sealed, and the device's earlier ones were: it may not be the device's. Seal it, or give the device a new secret")
		}
	}
	if a.JSON {
		err = r.UnmarshalJSON(payload)
	} else {
		r, err = firmware.ParseReport(payload, nil)
	}
	if err != nil {
		return firmware.Report{}, refusal(err)
	}
	return r, nil
}

// head is that of a frame, and a plain one's of JSON.
func head(payload []byte) (firmware.Header, error) {
	if len(payload) > 0 && payload[0] == '{' {
		return firmware.Header{}, nil
	}
	return firmware.ParseHeader(payload)
}

// open reads a sealed report, and notes in a which key it was sealed with.
func open(keys Keys, device tracker.DeviceID, payload []byte, a *tracker.Answer) (r firmware.Report, err error) {
	err = tracker.Refuse(ReasonSealed, "the report is sealed, and there is no key to open it with: send it plain, over TLS")
	if keys == nil {
		return r, err
	}
	fitting, _ := keys(device, true)
	for _, key := range fitting {
		var bad error
		if r, bad = firmware.ParseReport(payload, key.Key); bad == nil {
			a.Sealed = key.Epoch
			return r, nil
		}
		err = refusal(bad)
		if !errors.Is(bad, firmware.ErrTag) {
			break
		}
	}
	return firmware.Report{}, err
}

// refusal is what to say of an error of package firmware, whose texts hold
// numbers and names of fields, nothing else of the payload.
func refusal(err error) *tracker.Refusal {
	switch {
	case errors.Is(err, firmware.ErrVersion):
		return tracker.Refuse(ReasonVersion, "%v", err)
	case errors.Is(err, firmware.ErrTag):
		return tracker.Refuse(ReasonTag, "%v", err)
	}
	return tracker.Refuse(ReasonFrame, "%v", err)
}

// key is boot and sequence. It is no hash, since the fleet remembers numbers
// that count up in next to no room.
func key(r *firmware.Report) tracker.ReportKey {
	return tracker.ReportKey(uint64(r.Boot)<<32 | uint64(r.Sequence))
}

// fix is f in degrees and metres.
func fix(f *firmware.Fix) geofence.Fix {
	g := geofence.Fix{
		Time:  geofence.Millis(f.Time),
		Point: [2]float64{float64(f.Lon) / 1e7, float64(f.Lat) / 1e7},
	}
	if f.Flags&firmware.Mocked != 0 {
		g.Flags |= geofence.FlagMock
	}
	if f.Flags&firmware.Jammed != 0 {
		g.Flags |= geofence.FlagJamming
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
