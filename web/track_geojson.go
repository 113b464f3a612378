package web

import (
	"encoding/json"
	"io"

	"wayguard/tracker"
)

// geoJSONTrack writes a FeatureCollection of Points (RFC 7946).
type geoJSONTrack struct {
	w         io.Writer
	separator string
}

type trackFeature struct {
	Type       string          `json:"type"`
	Geometry   trackGeometry   `json:"geometry"`
	Properties trackProperties `json:"properties"`
}

type trackGeometry struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

type trackProperties struct {
	Time     string `json:"time"`
	Received string `json:"received"`
	fixJSON
	Marks []string `json:"marks"`
}

func newGeoJSONTrack(w io.Writer) trackWriter {
	return &geoJSONTrack{w: w, separator: `{"type":"FeatureCollection","features":[` + "\n"}
}

func (t *geoJSONTrack) begin(trackSubject) error { return nil }

func (t *geoJSONTrack) point(p tracker.TrackPoint) error {
	feature, err := json.Marshal(trackFeature{
		Type:     "Feature",
		Geometry: trackGeometry{Type: "Point", Coordinates: p.Fix.Point},
		Properties: trackProperties{
			Time:     trackTime(p.Fix.Time.Time()),
			Received: trackTime(p.Received),
			fixJSON:  fixOf(p.Fix),
			Marks:    markNames(p),
		},
	})
	if err != nil {
		return err
	}
	_, err = t.w.Write(append([]byte(t.separator), feature...))
	t.separator = ",\n"
	return err
}

func (t *geoJSONTrack) end() error {
	last := "\n]}\n"
	if t.separator != ",\n" {
		last = t.separator + "]}\n"
	}
	_, err := io.WriteString(t.w, last)
	return err
}
