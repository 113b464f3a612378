package web

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"wayguard/geofence"
	"wayguard/tracker"
)

// csvTrack writes RFC 4180 with a header. What the device did not report is an
// empty field.
type csvTrack struct{ w *csv.Writer }

func newCSVTrack(w io.Writer) trackWriter { return csvTrack{csv.NewWriter(w)} }

func (t csvTrack) begin(trackSubject) error {
	return t.w.Write([]string{"time", "lat", "lon", "accuracy_m", "speed_mps", "heading_deg", "altitude_m", "received", "marks"})
}

func (t csvTrack) point(p tracker.TrackPoint) error {
	f := p.Fix
	known := func(which geofence.Known, v float32) string {
		if f.Known&which == 0 {
			return ""
		}
		return strconv.FormatFloat(float64(v), 'f', -1, 32)
	}
	return t.w.Write([]string{
		trackTime(f.Time.Time()),
		decimal(f.Point.Lat()),
		decimal(f.Point.Lon()),
		known(geofence.KnownAccuracy, f.AccuracyMeters),
		known(geofence.KnownSpeed, f.SpeedMPS),
		known(geofence.KnownHeading, f.HeadingDegrees),
		known(geofence.KnownAltitude, f.AltitudeMeters),
		trackTime(p.Received),
		strings.Join(markNames(p), " "),
	})
}

func (t csvTrack) end() error {
	t.w.Flush()
	return t.w.Error()
}

// decimal is the shortest text that gives v again, without an exponent.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
