package web

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// gpxTrack writes GPX 1.1 (https://www.topografix.com/GPX/1/1/) with one
// segment. Speed and course go into Garmin's TrackPointExtension v2, which
// other programs read; accuracy, receipt and marks, for which there is no
// usual place, into elements of our own.
type gpxTrack struct {
	w   io.Writer
	xml *xml.Encoder
}

// The prefixes are written out: encoding/xml would declare the name space
// again with every element.
const gpxHead = xml.Header + `<gpx version="1.1" creator="Wayguard"` +
	` xmlns="http://www.topografix.com/GPX/1/1"` +
	` xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"` +
	` xmlns:wg="urn:x-wayguard:track:1">` + "\n"

// The order of the elements is the schema's.
type gpxPoint struct {
	XMLName    xml.Name      `xml:"trkpt"`
	Lat        string        `xml:"lat,attr"`
	Lon        string        `xml:"lon,attr"`
	Elevation  *decimal32    `xml:"ele"`
	Time       string        `xml:"time"`
	Extensions gpxExtensions `xml:"extensions"`
}

type gpxExtensions struct {
	Motion   *gpxMotion `xml:"gpxtpx:TrackPointExtension"`
	Accuracy *decimal32 `xml:"wg:accuracy_m"`
	Received string     `xml:"wg:received"`
	Marks    string     `xml:"wg:marks,omitempty"`
}

type gpxMotion struct {
	Speed  *decimal32 `xml:"gpxtpx:speed"`
	Course *decimal32 `xml:"gpxtpx:course"`
}

func newGPXTrack(w io.Writer) trackWriter { return &gpxTrack{w, xml.NewEncoder(w)} }

func (t *gpxTrack) begin(s trackSubject) error {
	if _, err := io.WriteString(t.w, gpxHead+"<trk><name>"); err != nil {
		return err
	}
	if err := xml.EscapeText(t.w, []byte(s.name)); err != nil {
		return err
	}
	_, err := io.WriteString(t.w, "</name><trkseg>\n")
	return err
}

func (t *gpxTrack) point(p tracker.TrackPoint) error {
	f := fixOf(p.Fix)
	e := gpxExtensions{
		Accuracy: (*decimal32)(f.AccuracyM),
		Received: trackTime(p.Received),
		Marks:    strings.Join(markNames(p), " "),
	}
	if f.SpeedMPS != nil || f.HeadingD != nil {
		e.Motion = &gpxMotion{(*decimal32)(f.SpeedMPS), (*decimal32)(f.HeadingD)}
	}
	err := t.xml.Encode(gpxPoint{
		Lat:        decimal(p.Fix.Point.Lat()),
		Lon:        decimal(p.Fix.Point.Lon()),
		Elevation:  (*decimal32)(f.AltitudeM),
		Time:       trackTime(p.Fix.Time.Time()),
		Extensions: e,
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(t.w, "\n")
	return err
}

func (t *gpxTrack) end() error {
	_, err := io.WriteString(t.w, "</trkseg></trk>\n</gpx>\n")
	return err
}

// decimal32 is written without an exponent, which the schema's decimals do not
// have.
type decimal32 float32

// MarshalText writes the shortest text that gives d again.
func (d decimal32) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(d), 'f', -1, 32), nil
}
