package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// Limits of GeoJSON texts. How many positions a fence may have is the geofence
// package's to say.
const (
	// MaxFeatures is the most features one text may hold.
	MaxFeatures = 200_000
	// MaxProperties is the most bytes the properties of one feature may take.
	MaxProperties = 64 << 10
	// maxFeatureID is in characters.
	maxFeatureID = 128
)

// Feature is a GeoJSON Feature (RFC 7946, section 3.2) that has an id. Other
// members of the Feature, such as bbox, are not kept.
type Feature struct {
	// ID is the member "id" or, without one, properties.id; a number's digits
	// are taken as they stand.
	ID string
	// Line is where the feature begins in its text, from 1.
	Line int
	// Number is the feature's place in its collection, from 1; 0 for a lone
	// Feature.
	Number int
	// Geometry is an orb.Point, orb.LineString, orb.Polygon or
	// orb.MultiPolygon of finite numbers; nothing else of it is checked.
	Geometry orb.Geometry
	// Properties is a JSON object without duplicate names.
	Properties json.RawMessage
}

// Fault is err as an error about f.
func (f Feature) Fault(err error) *FeatureError {
	return &FeatureError{Line: f.Line, Number: f.Number, ID: f.ID, Err: err}
}

// FeatureError says which part of a GeoJSON text is wrong.
type FeatureError struct {
	// Line is where the feature begins, or where the text is no longer JSON,
	// from 1.
	Line int
	// Number is the feature's place in its collection, from 1; 0 for a lone
	// Feature and for what concerns the text as a whole.
	Number int
	// ID is empty where it is not known.
	ID  string
	Err error
}

// Subject names the feature for a sentence: `feature 3 "depot"`.
func (e *FeatureError) Subject() string {
	subject := "feature"
	if e.Number > 0 {
		subject = fmt.Sprintf("feature %d", e.Number)
	}
	if e.ID != "" {
		subject += fmt.Sprintf(" %q", e.ID)
	}
	return subject
}

// Error tells the line where the text has more than one.
func (e *FeatureError) Error() string {
	text := fmt.Sprintf("%s: %v", e.Subject(), e.Err)
	if e.Line > 1 {
		return fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

// Unwrap returns what is wrong with the feature.
func (e *FeatureError) Unwrap() error { return e.Err }

// ParseFeatures reads a Feature or a FeatureCollection. Ids may repeat. Every
// error is a *FeatureError.
func ParseFeatures(data []byte) ([]Feature, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkText(data); err != nil {
		return nil, err
	}
	top, err := splitObject(data)
	if err != nil {
		return nil, &FeatureError{Line: 1, Err: err}
	}
	switch kind := stringOf(top.get("type")); kind {
	case "Feature":
		f, err := parseFeature(data)
		f.Line = 1
		if err != nil {
			return nil, f.Fault(err)
		}
		return []Feature{f}, nil
	case "FeatureCollection":
		return parseCollection(data, top)
	default:
		return nil, &FeatureError{Line: 1, Err: fmt.Errorf(`"type" is %.40q, want "Feature" or "FeatureCollection"`, kind)}
	}
}

func parseCollection(data []byte, top members) ([]Feature, error) {
	var features []Feature
	list := top.get("features")
	if len(list) == 0 || list[0] != '[' {
		return nil, &FeatureError{Line: 1, Err: errors.New(`"features" must be a list`)}
	}
	lines := lineCounter{data: data, line: 1}
	offset := top.offset("features")
	for raw, at := range elements(list) {
		f, err := parseFeature(raw)
		f.Line, f.Number = lines.at(offset+at), len(features)+1
		if f.Number > MaxFeatures {
			err = fmt.Errorf("more than %d features: split the text", MaxFeatures)
		}
		if err != nil {
			return nil, f.Fault(err)
		}
		features = append(features, f)
	}
	return features, nil
}

// parseFeature returns the id, where it got that far, with an error too.
func parseFeature(data []byte) (f Feature, err error) {
	m, err := splitObject(data)
	if err != nil {
		return f, err
	}
	if kind := stringOf(m.get("type")); kind != "Feature" {
		return f, fmt.Errorf(`"type" is %.40q, want "Feature"`, kind)
	}
	f.Properties = json.RawMessage("{}")
	if given := m.get("properties"); given != nil && !isNull(given) {
		f.Properties = given
	}
	if len(f.Properties) > MaxProperties {
		return f, fmt.Errorf("properties take %d bytes, the limit is %d", len(f.Properties), MaxProperties)
	}
	properties, notObject := splitObject(f.Properties)
	f.ID, err = featureID(m.get("id"), properties.get("id"))
	if notObject != nil {
		return f, fmt.Errorf("properties: %w", notObject)
	}
	if err != nil {
		return f, err
	}
	f.Geometry, err = parseGeometry(m.get("geometry"))
	return f, err
}

// featureID takes the first of candidates that is there.
func featureID(candidates ...json.RawMessage) (string, error) {
	for _, raw := range candidates {
		if raw == nil || isNull(raw) {
			continue
		}
		id := string(raw)
		if raw[0] == '"' {
			id = stringOf(raw)
		} else if !isNumber(raw) {
			return "", errors.New(`"id" must be a string or a number`)
		}
		if err := checkFeatureID(id); err != nil {
			return "", err
		}
		return id, nil
	}
	return "", fmt.Errorf(`no id: add "id" or properties.id, 1 to %d characters`, maxFeatureID)
}

// checkFeatureID admits what can be shown, logged and put into a URL's path:
// "/" cannot, and a client resolves "." and ".." before it sends them.
func checkFeatureID(id string) error {
	if n := utf8.RuneCountInString(id); n < 1 || n > maxFeatureID {
		return fmt.Errorf("the id has %d characters, it must have 1 to %d", n, maxFeatureID)
	}
	if len(id) > geofence.MaxIDBytes {
		return fmt.Errorf("the id takes %d bytes, the limit is %d", len(id), geofence.MaxIDBytes)
	}
	if id == "." || id == ".." {
		return fmt.Errorf("the id %q cannot stand in a URL: choose another", id)
	}
	for _, r := range id {
		if r == '/' || !unicode.IsPrint(r) {
			return fmt.Errorf("the id %q contains %q: only printable characters other than / are allowed", id, r)
		}
	}
	return nil
}

// checkText refuses what is not JSON in UTF-8, naming the line.
func checkText(data []byte) error {
	if !utf8.Valid(data) {
		return &FeatureError{Line: 1, Err: errors.New("the text is not UTF-8")}
	}
	var whole json.RawMessage
	err := json.Unmarshal(data, &whole)
	if err == nil {
		return nil
	}
	line := 1
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line += bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
	}
	return &FeatureError{Line: line, Err: fmt.Errorf("not JSON (which has no NaN, Infinity or comments): %w", err)}
}
