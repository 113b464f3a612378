package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// maxPlan is in bytes; a plan, unlike a trace, is held in memory.
const maxPlan = 256 << 20

// plan is what a plan file says: a GeoJSON FeatureCollection whose features
// have a properties.kind and an id, unique within its kind, and whose optional
// member "settings" holds the engine's. All of it is checked; what the engine
// does not evaluate is only counted.
type plan struct {
	name     string
	settings geofence.Settings
	fences   []geofence.Fence
	routes   []route
	stops    []stop
	// addresses are known neighbours of stops, hazards areas to be warned of.
	addresses []place
	hazards   []geofence.Fence
}

// readPlan reads the file name. Errors name it, the line and the feature.
func readPlan(name string) (*plan, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPlan+1))
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	if len(data) > maxPlan {
		return nil, fmt.Errorf("read plan %s: more than %d bytes", name, maxPlan)
	}
	return parsePlan(name, data)
}

func parsePlan(name string, data []byte) (*plan, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	features, err := tracker.ParseFeatures(data)
	if err != nil {
		return nil, planError(name, err)
	}
	p := &plan{name: name}
	if err := p.readTop(data); err != nil {
		return nil, err
	}
	seen := make(map[string]int, len(features))
	for _, f := range features {
		kind, err := p.add(f)
		key := kind + " " + f.ID
		if n := seen[key]; err == nil && n > 0 {
			err = fmt.Errorf("feature %d is a %s of the same id", n, kind)
		}
		if err != nil {
			return nil, planError(name, f.Fault(err))
		}
		seen[key] = f.Number
	}
	return p, nil
}

func planError(name string, err error) error {
	var at *tracker.FeatureError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %s: %w", name, at.Line, at.Subject(), at.Err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// readTop checks what stands beside the features.
func (p *plan) readTop(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		line := 1 + bytes.Count(data[:d.InputOffset()], []byte("\n"))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		switch {
		case name == "type" && string(value) != `"FeatureCollection"`:
			return fmt.Errorf(`%s:%d: a plan must be a FeatureCollection, its "type" is %.40s`, p.name, line, value)
		case name == "settings" && string(value) != "null":
			if err := p.readSettings(value); err != nil {
				return fmt.Errorf("%s:%d: settings: %w", p.name, line, err)
			}
		}
	}
	return nil
}

// readSettings takes the fields of geofence.Settings, in snake case and with
// the unit as _m or _s. NewWorld checks how they go together.
func (p *plan) readSettings(raw json.RawMessage) error {
	var given properties
	if json.Unmarshal(raw, &given) != nil {
		return errors.New("must be a JSON object")
	}
	var enterAfter float64
	fields := map[string]*float64{
		"default_accuracy_m": &p.settings.DefaultAccuracyMeters,
		"min_accuracy_m":     &p.settings.MinAccuracyMeters,
		"enter_margin":       &p.settings.EnterMargin,
		"enter_clear":        &p.settings.EnterClear,
		"enter_after_s":      &enterAfter,
		"exit_margin":        &p.settings.ExitMargin,
		"exit_clear":         &p.settings.ExitClear,
	}
	known := slices.Sorted(maps.Keys(fields))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		field := fields[name]
		if field == nil {
			return fmt.Errorf("unknown member %.60q: the settings are %s", name, strings.Join(known, ", "))
		}
		var err error
		if *field, _, err = given.positive(name); err != nil {
			return err
		}
	}
	p.settings.EnterAfter = time.Duration(min(enterAfter, maxEnterAfter) * float64(time.Second))
	return nil
}

// maxEnterAfter keeps a setting in seconds within what a Duration holds: a
// year.
const maxEnterAfter = 365 * 24 * 3600

// add takes one feature and returns its kind.
func (p *plan) add(f tracker.Feature) (kind string, err error) {
	var given properties
	if err := json.Unmarshal(f.Properties, &given); err != nil {
		return "", err
	}
	kind, _, err = given.text("kind")
	if err != nil {
		return "", err
	}
	switch kind {
	case "fence":
		err = p.addFence(f)
	case "route":
		err = p.addRoute(f, given)
	case "stop":
		err = p.addStop(f, given)
	case "address":
		err = p.addAddress(f)
	case "hazard":
		err = p.addHazard(f)
	case "":
		err = errors.New("no properties.kind: add fence, route, stop, address or hazard")
	default:
		err = fmt.Errorf("unknown kind %.60q: the kinds are fence, route, stop, address and hazard", kind)
	}
	return kind, err
}

// notEvaluated is a sentence about what the engine does not look at yet, empty
// if there is nothing.
func (p *plan) notEvaluated() string {
	var parts []string
	for _, c := range []struct {
		n         int
		one, many string
	}{
		{len(p.routes), "route", "routes"},
		{len(p.stops), "stop", "stops"},
		{len(p.addresses), "address", "addresses"},
		{len(p.hazards), "hazard", "hazards"},
	} {
		if c.n > 0 {
			parts = append(parts, count(c.n, c.one, c.many))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: read and checked, but not evaluated by this version: %s", p.name, strings.Join(parts, ", "))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
