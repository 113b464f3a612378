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

	"wayguard/geofence"
	"wayguard/tracker"
)

// maxPlan is in bytes; a plan, unlike a trace, is held in memory.
const maxPlan = 256 << 20

// plan is what a plan file says: a GeoJSON FeatureCollection whose features
// have a properties.kind and an id, unique within its kind. Its optional member
// "settings" holds the engine's, "devices" what there is to say of devices, and
// "breaks" the times in which vehicles may stand anywhere.
type plan struct {
	name     string
	settings geofence.Settings
	fences   []geofence.Fence
	// addresses are known neighbours of stops, hazards areas to be warned of.
	addresses []geofence.Address
	hazards   []geofence.Fence
	orders    orders
	devices   []geofence.Device
	breaks    []geofence.Break
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
		if kind == "hazard" {
			kind = "fence" // of which it is one
		}
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
		if err := p.readMember(name, value); err != nil {
			return fmt.Errorf("%s:%d: %w", p.name, line, err)
		}
	}
	return nil
}

func (p *plan) readMember(name any, value json.RawMessage) (err error) {
	if string(value) == "null" {
		return nil
	}
	switch name {
	case "type":
		if string(value) != `"FeatureCollection"` {
			return fmt.Errorf(`a plan must be a FeatureCollection, its "type" is %.40s`, value)
		}
	case "settings":
		err = p.readSettings(value)
	case "devices":
		err = p.readDevices(value)
	case "breaks":
		err = p.readBreaks(value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readSettings takes the fields of geofence.Settings, in snake case and with
// the unit as _m, _mps or _s. NewWorld checks how they go together.
func (p *plan) readSettings(raw json.RawMessage) error {
	var given properties
	if json.Unmarshal(raw, &given) != nil {
		return errors.New("must be a JSON object")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, set, err := given.positive(name)
		if err == nil && set {
			err = p.settings.Set(name, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

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
	case "depot":
		err = p.addDepot(f, given)
	case "address":
		err = p.addAddress(f)
	case "hazard":
		err = p.addHazard(f)
	case "":
		err = errors.New("no properties.kind: add fence, route, stop, depot, address or hazard")
	default:
		err = fmt.Errorf("unknown kind %.60q: the kinds are fence, route, stop, depot, address and hazard", kind)
	}
	return kind, err
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
