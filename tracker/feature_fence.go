package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// ErrBadFence is wrapped by every error about a fence that cannot be taken.
// The error's text names the fence and how to mend it; where the geometry is
// at fault it wraps geofence's error too.
var ErrBadFence = errors.New("bad fence")

// maxFenceName is in characters.
const maxFenceName = 256

// ParseFence reads a GeoJSON Feature: an id (1 to 128 printable characters
// without "/"), a Polygon, a MultiPolygon, a Point with properties.radius_m, or
// a LineString with properties.corridor_m, how many metres the fence reaches to
// either side of it. With properties.kind "hazard" it is a place to be warned
// of, perhaps with the time properties.until at which that ends,
// properties.speed_share and properties.severity (a word of the Common Alerting
// Protocol), see geofence.Peril. Optional are properties.name, dwell, floor_m and
// ceiling_m in metres above the ellipsoid, and the fence's own thresholds by the
// names of the settings, such as exit_margin and enter_after_s. The other
// properties are kept. The fence it returns is valid; Updated is zero.
func ParseFence(data []byte) (FenceRecord, error) {
	records, err := ParseFences(data)
	if err != nil {
		return FenceRecord{}, err
	}
	if len(records) != 1 {
		return FenceRecord{}, fmt.Errorf("%w: want one Feature, the text has %d", ErrBadFence, len(records))
	}
	return records[0], nil
}

// ParseFences reads a Feature or a FeatureCollection, all or nothing. No two
// fences may have the same id.
func ParseFences(data []byte) ([]FenceRecord, error) {
	features, err := ParseFeatures(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadFence, err)
	}
	records := make([]FenceRecord, 0, len(features))
	first := make(map[string]int, len(features))
	for _, f := range features {
		r, err := f.Fence()
		if n, taken := first[f.ID]; taken {
			err = fmt.Errorf("feature %d has the same id", n)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadFence, f.Fault(err))
		}
		first[f.ID] = f.Number
		records = append(records, r)
	}
	return records, nil
}

// Fence takes f as a fence, as ParseFence does. The error does not name it.
func (f Feature) Fence() (FenceRecord, error) {
	r := FenceRecord{Fence: geofence.Fence{ID: geofence.FenceID(f.ID)}}
	properties, err := splitObject(f.Properties)
	if err != nil {
		return FenceRecord{}, err
	}
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		r.Fence.Polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		r.Fence.Polygons = g
	case orb.Point:
		r.Fence.Center = g
		r.Fence.RadiusMeters, err = meters(properties, "a Point", "radius_m")
		properties = properties.without("radius_m")
	case orb.LineString:
		r.Fence.Line = g
		r.Fence.CorridorMeters, err = meters(properties, "a LineString of a fence", "corridor_m")
		properties = properties.without("corridor_m")
	default:
		err = fmt.Errorf("a %s cannot be a fence", g.GeoJSONType())
	}
	if err != nil {
		return FenceRecord{}, err
	}
	if r.Name, err = fenceName(properties.get("name")); err != nil {
		return FenceRecord{}, err
	}
	if r.Fence.Dwell, err = dwell(properties.get("dwell")); err != nil {
		return FenceRecord{}, err
	}
	if r.Fence.Hazard = stringOf(properties.get("kind")) == "hazard"; r.Fence.Hazard {
		r.Fence.Peril.Until = hazardEnd(properties.get("until"))
		if s := stringOf(properties.get("severity")); slices.Contains(severities, s) {
			r.Fence.Peril.Severity = s
		}
	}
	if properties, err = takeLimits(&r.Fence, properties); err != nil {
		return FenceRecord{}, err
	}
	if err := r.Fence.Validate(); err != nil {
		return FenceRecord{}, err
	}
	r.Properties = properties.without("name").object()
	return r, nil
}

// hazardEnd is when a hazard ends, 0 where it says nothing that is a time. The
// property stays where it is.
func hazardEnd(raw json.RawMessage) geofence.Millis {
	var at time.Time
	if raw == nil || json.Unmarshal(raw, &at) != nil || at.IsZero() {
		return 0
	}
	return geofence.MillisOf(at)
}

// meters is the length that a geometry cannot be a fence without.
func meters(m members, geometry, name string) (float64, error) {
	raw := m.get(name)
	var meters float64
	if raw == nil || !isNumber(raw) || json.Unmarshal(raw, &meters) != nil || meters <= 0 {
		return 0, fmt.Errorf("%s needs properties.%s, a positive number of metres", geometry, name)
	}
	return meters, nil
}

func fenceName(raw json.RawMessage) (string, error) {
	if raw == nil || isNull(raw) {
		return "", nil
	}
	name := stringOf(raw)
	if raw[0] != '"' || utf8.RuneCountInString(name) > maxFenceName {
		return "", fmt.Errorf("properties.name must be a string of at most %d characters", maxFenceName)
	}
	return name, nil
}

// dwell reads seconds, or a duration as time.ParseDuration takes it. Whether it
// makes sense is for geofence.Fence.Validate to say.
func dwell(raw json.RawMessage) (time.Duration, error) {
	if raw == nil || isNull(raw) {
		return 0, nil
	}
	var d time.Duration
	var seconds float64
	err := errors.New("neither")
	if raw[0] == '"' {
		d, err = time.ParseDuration(stringOf(raw))
	} else if json.Unmarshal(raw, &seconds) == nil && math.Abs(seconds) <= math.MaxInt32 {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d == 0 {
		return 0, fmt.Errorf(`properties.dwell must be seconds above 0 or a duration such as "5m", not %.40s`, raw)
	}
	return d, nil
}

type featureJSON struct {
	Type       string           `json:"type"`
	ID         geofence.FenceID `json:"id"`
	Geometry   geometryJSON     `json:"geometry"`
	Properties json.RawMessage  `json:"properties"`
}

type geometryJSON struct {
	Type        string       `json:"type"`
	Coordinates orb.Geometry `json:"coordinates"`
}

// MarshalFeature writes r as the GeoJSON Feature that ParseFence reads: what
// stands in fields of its own first among the properties, a single polygon as a Polygon.
// Updated is not part of it.
func (r FenceRecord) MarshalFeature() ([]byte, error) {
	properties, err := r.allProperties()
	if err != nil {
		return nil, fmt.Errorf("fence %q: properties: %w", r.Fence.ID, err)
	}
	shape := r.shape()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(featureJSON{
		Type: "Feature", ID: r.Fence.ID,
		Geometry:   geometryJSON{Type: shape.GeoJSONType(), Coordinates: shape},
		Properties: properties,
	}); err != nil {
		return nil, fmt.Errorf("fence %q: %w", r.Fence.ID, err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func (r FenceRecord) shape() orb.Geometry {
	switch {
	case r.Fence.RadiusMeters > 0:
		return r.Fence.Center
	case r.Fence.Line != nil:
		return r.Fence.Line
	case len(r.Fence.Polygons) == 1:
		return r.Fence.Polygons[0]
	default:
		return r.Fence.Polygons
	}
}

// allProperties are r.Properties with those that stand in fields of their own.
func (r FenceRecord) allProperties() (json.RawMessage, error) {
	var all, others members
	if len(r.Properties) > 0 {
		var err error
		if others, err = splitObject(r.Properties); err != nil {
			return nil, err
		}
	}
	if r.Name != "" {
		all = append(all, member{name: "name", value: quoted(r.Name)})
		others = others.without("name")
	}
	for name, value := range limits(&r.Fence) {
		all = append(all, member{name: name, value: strconv.AppendFloat(nil, value, 'f', -1, 64)})
		others = others.without(name)
	}
	if given, err := dwell(others.get("dwell")); err != nil || given != r.Fence.Dwell {
		others = others.without("dwell")
		if r.Fence.Dwell != 0 {
			all = append(all, member{name: "dwell", value: strconv.AppendFloat(nil, r.Fence.Dwell.Seconds(), 'f', -1, 64)})
		}
	}
	if all = append(all, others...); len(all) == 0 {
		return json.RawMessage("{}"), nil
	}
	return all.object(), nil
}
