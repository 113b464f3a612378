package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
)

// The decoder is our own: orb's types take null and missing numbers as 0, and
// orb/geojson, which has the same leniency, would add a BSON encoder to the
// server (1.2 MB, eight packages).

// ParseGeometry reads a GeoJSON geometry (RFC 7946, section 3.1): an orb.Point,
// orb.LineString, orb.Polygon or orb.MultiPolygon of finite numbers. Nothing
// else of it is checked.
func ParseGeometry(data json.RawMessage) (orb.Geometry, error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	return parseGeometry(data)
}

// MarshalGeometry writes what ParseGeometry reads.
func MarshalGeometry(g orb.Geometry) (json.RawMessage, error) {
	return json.Marshal(geometryJSON{Type: g.GeoJSONType(), Coordinates: g})
}

func parseGeometry(data json.RawMessage) (orb.Geometry, error) {
	if data == nil || isNull(data) {
		return nil, errors.New("no geometry")
	}
	m, err := splitObject(data)
	if err != nil {
		return nil, fmt.Errorf("geometry: %w", err)
	}
	coordinates := m.get("coordinates")
	switch kind := stringOf(m.get("type")); kind {
	case "Point":
		return parsePoint(coordinates)
	case "LineString":
		return parseLine(coordinates)
	case "Polygon":
		return parsePolygon(coordinates)
	case "MultiPolygon":
		return parseMultiPolygon(coordinates)
	default:
		return nil, fmt.Errorf(`geometry type is %.40q, want "Point", "LineString", "Polygon" or "MultiPolygon"`, kind)
	}
}

func parsePoint(data json.RawMessage) (orb.Point, error) {
	var p position
	if err := decodeCoordinates(data, &p, "a position"); err != nil {
		return orb.Point{}, err
	}
	if p.fault != "" {
		return orb.Point{}, errors.New("the position " + p.fault)
	}
	return p.point, nil
}

func parseLine(data json.RawMessage) (orb.LineString, error) {
	var line []position
	if err := decodeCoordinates(data, &line, "a list of positions"); err != nil {
		return nil, err
	}
	return points(line)
}

func parsePolygon(data json.RawMessage) (orb.Polygon, error) {
	var rings [][]position
	if err := decodeCoordinates(data, &rings, "a list of rings"); err != nil {
		return nil, err
	}
	return polygon(rings)
}

func parseMultiPolygon(data json.RawMessage) (orb.MultiPolygon, error) {
	var parts [][][]position
	if err := decodeCoordinates(data, &parts, "a list of polygons"); err != nil {
		return nil, err
	}
	polygons := make(orb.MultiPolygon, 0, len(parts))
	for i, rings := range parts {
		p, err := polygon(rings)
		if err != nil {
			return nil, fmt.Errorf("polygon %d: %w", i+1, err)
		}
		polygons = append(polygons, p)
	}
	return polygons, nil
}

func decodeCoordinates(data json.RawMessage, into any, want string) error {
	if data == nil || isNull(data) {
		return errors.New("geometry has no coordinates")
	}
	// The text is known to be JSON: what fails is the nesting.
	if json.Unmarshal(data, into) != nil {
		return fmt.Errorf("coordinates must be %s, each position [longitude, latitude]", want)
	}
	return nil
}

func polygon(rings [][]position) (orb.Polygon, error) {
	p := make(orb.Polygon, 0, len(rings))
	for i, ring := range rings {
		r, err := points(ring)
		if err != nil {
			return nil, fmt.Errorf("ring %d: %w", i+1, err)
		}
		p = append(p, orb.Ring(r))
	}
	return p, nil
}

func points(line []position) (orb.LineString, error) {
	l := make(orb.LineString, len(line))
	for i, p := range line {
		if p.fault != "" {
			return nil, fmt.Errorf("position %d %s", i+1, p.fault)
		}
		l[i] = p.point
	}
	return l, nil
}

// position is a point, or a clause that says what is wrong with it: that way
// whoever knows where it stands can tell.
type position struct {
	point orb.Point
	fault string
}

// UnmarshalJSON takes [longitude, latitude] and [longitude, latitude,
// altitude]; the altitude is checked and dropped.
func (p *position) UnmarshalJSON(data []byte) error {
	*p = position{}
	inner, isList := bytes.CutPrefix(data, []byte("["))
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	if !isList || !closed {
		p.fault = fmt.Sprintf("is %.20q, want [longitude, latitude]", data)
		return nil
	}
	n := bytes.Count(inner, []byte(",")) + 1
	if n < 2 || n > 3 {
		p.fault = "must be [longitude, latitude] or [longitude, latitude, altitude]"
		return nil
	}
	i := 0
	for part := range bytes.SplitSeq(inner, []byte(",")) {
		part = bytes.TrimSpace(part)
		// ParseFloat also takes hexadecimal, "inf" and "nan", none of which
		// can stand here in valid JSON.
		v, err := strconv.ParseFloat(string(part), 64)
		if err != nil {
			p.fault = fmt.Sprintf("has %.20q where a number should be", part)
			return nil
		}
		if i < 2 {
			p.point[i] = v
		}
		i++
	}
	return nil
}
