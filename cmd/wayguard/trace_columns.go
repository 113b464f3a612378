package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wayguard/geofence"
)

// eventHandoff marks a row at which a parcel was handed over; its ref names
// the stop.
const eventHandoff = "handoff"

// maxDeviceID is in characters. A recorded device may have any printable name,
// also one that could not be registered.
const maxDeviceID = 256

// The instants that RFC 3339 can write: the years 1 to 9999.
const (
	minTime = geofence.Millis(-62_135_596_800_000)
	maxTime = geofence.Millis(253_402_300_799_999)
)

// requiredColumns and optionalColumns are those of CSV and NDJSON traces. The
// last two are what a track's export adds; they are not looked at.
func requiredColumns() []string { return []string{"time", "lat", "lon"} }

func optionalColumns() []string {
	return []string{"device", "accuracy_m", "speed_mps", "heading_deg", "altitude_m", "event", "ref", "received", "marks"}
}

func knownColumns() []string { return append(requiredColumns(), optionalColumns()...) }

func errUnknownColumn(name string) error {
	return fmt.Errorf("unknown column %.60q: the columns are %s", name, strings.Join(knownColumns(), ", "))
}

func errMissingColumn(name string) error {
	return fmt.Errorf("no %s: a row needs %s", name, strings.Join(requiredColumns(), ", "))
}

// set takes the text of one known column. Empty text says that the value is
// not known, which time, lat and lon must be.
func (r *row) set(column, text string) (err error) {
	text = strings.TrimSpace(text)
	switch column {
	case "time":
		r.fix.Time, err = parseTime(text)
	case "lat":
		r.fix.Point[1], err = parseDegrees(text, 90)
	case "lon":
		r.fix.Point[0], err = parseDegrees(text, 180)
	case "accuracy_m":
		err = r.setFloat(&r.fix.AccuracyMeters, geofence.KnownAccuracy, text, 0, math.MaxFloat32)
	case "speed_mps":
		err = r.setFloat(&r.fix.SpeedMPS, geofence.KnownSpeed, text, 0, math.MaxFloat32)
	case "heading_deg":
		err = r.setFloat(&r.fix.HeadingDegrees, geofence.KnownHeading, text, 0, 360)
		r.wrapHeading()
	case "altitude_m":
		err = r.setFloat(&r.fix.AltitudeMeters, geofence.KnownAltitude, text, -math.MaxFloat32, math.MaxFloat32)
	default:
		err = r.setText(column, text)
	}
	if err != nil {
		return fmt.Errorf("%s %w", column, err)
	}
	return nil
}

func (r *row) setText(column, text string) error {
	if text == "" {
		return nil
	}
	switch column {
	case "device":
		r.device = text
		return checkDevice(text)
	case "event":
		r.event = text
		if text != eventHandoff {
			return fmt.Errorf("%.60q is unknown: the only event is %q", text, eventHandoff)
		}
	case "ref":
		r.ref = text
	}
	return nil
}

// check is for what concerns more than one column.
func (r *row) check() error {
	if r.event == eventHandoff && r.ref == "" {
		return errors.New("a handoff needs ref, the stop's id")
	}
	if r.event == "" && r.ref != "" {
		return fmt.Errorf("ref %.60q stands without an event: set event to %q", r.ref, eventHandoff)
	}
	return nil
}

func (r *row) setFloat(field *float32, known geofence.Known, text string, low, high float64) error {
	if text == "" {
		return nil
	}
	v, err := parseNumber(text, 32)
	if err != nil {
		return err
	}
	if v < low && low == 0 {
		return fmt.Errorf("%s is negative: leave it empty where it is not known", text)
	}
	if v < low || v > high {
		return fmt.Errorf("%s is outside %g..%g", text, low, high)
	}
	*field = float32(v)
	r.fix.Known |= known
	return nil
}

// wrapHeading writes north in one way.
func (r *row) wrapHeading() {
	if r.fix.HeadingDegrees == 360 {
		r.fix.HeadingDegrees = 0
	}
}

func parseDegrees(text string, limit float64) (float64, error) {
	v, err := parseNumber(text, 64)
	if err == nil && math.Abs(v) > limit {
		err = fmt.Errorf("%s is outside %g..%g", text, -limit, limit)
	}
	if err != nil {
		return 0, err
	}
	return v, nil
}

func parseNumber(text string, bits int) (float64, error) {
	if text == "" {
		return 0, errors.New("is empty")
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%.60q is not a number", text)
	}
	return v, nil
}

// parseTime reads RFC 3339, also with a space for the T, or Unix seconds.
func parseTime(text string) (geofence.Millis, error) {
	if text == "" {
		return 0, errors.New("is empty")
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return unixTime(text, seconds)
	}
	at, zoned, ok := parseDateTime(text)
	if !ok {
		return 0, fmt.Errorf("%.60q is neither RFC 3339 (2026-01-26T15:57:02Z) nor Unix seconds", text)
	}
	if !zoned {
		return 0, fmt.Errorf("%.60q has no time zone: end it in Z for UTC, or in an offset such as +01:00", text)
	}
	return inRange(text, geofence.MillisOf(at))
}

func unixTime(text string, seconds float64) (geofence.Millis, error) {
	// Beyond these a conversion to integers would overflow. NaN is refused too.
	if !(math.Abs(seconds) < 1e12) {
		return 0, fmt.Errorf("%.60q is not a time in Unix seconds (milliseconds?)", text)
	}
	// Decimal fractions such as .001 are not exact in binary: to the next
	// microsecond first, lest a millisecond be lost in rounding down.
	return inRange(text, geofence.MillisOf(time.UnixMicro(int64(math.Round(seconds*1e6)))))
}

func inRange(text string, at geofence.Millis) (geofence.Millis, error) {
	if at < minTime || at > maxTime {
		return 0, fmt.Errorf("%.60q is outside the years 1 to 9999 (milliseconds instead of seconds?)", text)
	}
	return at, nil
}

// parseDateTime takes the date and time of RFC 3339 and XML Schema. Without a
// zone it is taken as UTC, and zoned is false.
func parseDateTime(text string) (at time.Time, zoned, ok bool) {
	text = strings.ToUpper(text)
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true, true
	}
	at, err := time.Parse("2006-01-02T15:04:05", text)
	return at, false, err == nil
}

// checkDevice refuses what could not be printed on a terminal.
func checkDevice(id string) error {
	if n := utf8.RuneCountInString(id); n < 1 || n > maxDeviceID {
		return fmt.Errorf("has %d characters, it must have 1 to %d", n, maxDeviceID)
	}
	if i := strings.IndexFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(id) {
		return fmt.Errorf("%q has characters that cannot be printed", id)
	}
	return nil
}
