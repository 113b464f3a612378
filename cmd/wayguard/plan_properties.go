package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wayguard/geofence"
)

// properties are a JSON object's members. A null is as good as absent.
type properties map[string]json.RawMessage

func (p properties) has(name string) bool {
	return len(p[name]) > 0 && string(p[name]) != "null"
}

// positive reads a number above zero.
func (p properties) positive(name string) (v float64, set bool, err error) {
	if !p.has(name) {
		return 0, false, nil
	}
	if json.Unmarshal(p[name], &v) != nil || v <= 0 {
		return 0, false, fmt.Errorf("%s must be a number above 0, not %.40s", name, p[name])
	}
	return v, true, nil
}

func (p properties) text(name string) (v string, set bool, err error) {
	if !p.has(name) {
		return "", false, nil
	}
	if json.Unmarshal(p[name], &v) != nil {
		return "", false, fmt.Errorf("%s must be a string, not %.40s", name, p[name])
	}
	return v, true, nil
}

// sequence is required of a stop.
func (p properties) sequence() (v int, err error) {
	if !p.has("sequence") {
		return 0, errors.New("a stop needs a sequence, its turn in the round: a whole number from 0")
	}
	if json.Unmarshal(p["sequence"], &v) != nil || v < 0 {
		return 0, fmt.Errorf("sequence must be a whole number from 0, not %.40s", p["sequence"])
	}
	return v, nil
}

// device is the one that a feature is for; empty for all.
func (p properties) device() (string, error) {
	name, set, err := p.text("device")
	if err != nil || !set {
		return "", err
	}
	if err := checkDevice(name); err != nil {
		return "", fmt.Errorf("device %w", err)
	}
	return name, nil
}

// seconds reads a duration above zero.
func (p properties) seconds(name string) (time.Duration, error) {
	v, _, err := p.positive(name)
	if err == nil && v > maxSeconds {
		err = fmt.Errorf("%s is %g, more than the %d seconds of a year", name, v, maxSeconds)
	}
	return time.Duration(v * float64(time.Second)), err
}

const maxSeconds = 365 * 24 * 3600

// window reads when a stop is to be served.
func (p properties) window(s *geofence.Stop) (err error) {
	if s.WindowStart, err = p.instant("window_start"); err != nil {
		return err
	}
	if s.WindowEnd, err = p.instant("window_end"); err != nil {
		return err
	}
	if s.WindowStart != 0 && s.WindowEnd != 0 && s.WindowEnd <= s.WindowStart {
		return errors.New("window_end is not after window_start")
	}
	return nil
}

// instant reads a time as traces have it; 0 if absent.
func (p properties) instant(name string) (geofence.Millis, error) {
	if !p.has(name) {
		return 0, nil
	}
	text := string(p[name])
	if text[0] == '"' {
		if err := json.Unmarshal(p[name], &text); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	at, err := parseTime(text)
	if err != nil {
		return 0, fmt.Errorf("%s %w", name, err)
	}
	return at, nil
}
