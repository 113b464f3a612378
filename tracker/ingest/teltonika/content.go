package teltonika

import (
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Content is what a packet says.
type Content struct {
	// Report is what the fleet takes of it. It may have neither fixes nor
	// readings: then there is nothing to store.
	Report tracker.Report
	// Packet is all of it.
	Packet Packet
}

// Decode reads one packet of a device, from its preamble to its CRC, which the
// server received at received. An error is always a *tracker.Refusal; then there is no
// content.
func Decode(device tracker.DeviceID, b []byte, received time.Time) (Content, error) {
	p, err := ParsePacket(b)
	if err != nil {
		return Content{}, err
	}
	c := Content{Packet: p, Report: tracker.Report{Device: device, Received: received, Key: tracker.ReportKey(xxhash.Sum64(b))}}
	for i := range p.Records {
		if f, ok := p.Records[i].fix(); ok {
			c.Report.Fixes = append(c.Report.Fixes, f)
		}
	}
	c.Report.Readings = readings(p.Records)
	return c, nil
}

const (
	// perDegree is how many of the units of Lon and Lat a degree has.
	perDegree = 1e7
	// noSpeed is the speed of a box that does not know it.
	noSpeed = math.MaxUint16
	// latest is the end of the year 9999, the latest time that the fleet takes.
	latest = 253402300799999
)

// fix is r by the rules of the package comment, if it has a position.
func (r *Record) fix() (geofence.Fix, bool) {
	g := &r.GPS
	if g.Satellites == 0 || g.Lon == 0 && g.Lat == 0 || r.Time > latest {
		return geofence.Fix{}, false
	}
	lon, lat := float64(g.Lon)/perDegree, float64(g.Lat)/perDegree
	if math.Abs(lon) > 180 || math.Abs(lat) > 90 {
		return geofence.Fix{}, false
	}
	f := geofence.Fix{
		Time: geofence.Millis(r.Time), Point: [2]float64{lon, lat},
		AltitudeMeters: float32(g.Altitude), Known: geofence.KnownAltitude, Flags: geofence.FlagWeak,
	}
	if g.Speed != noSpeed {
		f.SpeedMPS, f.Known = float32(g.Speed)/3.6, f.Known|geofence.KnownSpeed
	}
	if g.Angle <= 360 {
		f.HeadingDegrees, f.Known = float32(g.Angle%360), f.Known|geofence.KnownHeading
	}
	return f, true
}

// Reasons of a tracker.Refusal. They are part of metrics and of the quarantine and do
// not change.
const (
	// ReasonFrame: the packet is cut short or contradicts the protocol.
	ReasonFrame = "bad_frame"
	// ReasonCRC: it was damaged on the way.
	ReasonCRC = "bad_crc"
	// ReasonCodec: it is of a codec that is not read here.
	ReasonCodec = "unknown_codec"
	// ReasonTooLarge: it is larger than Limits.PacketBytes.
	ReasonTooLarge = "too_large"
	// ReasonReport: the fleet says that it can never be stored.
	ReasonReport = "bad_report"
)
