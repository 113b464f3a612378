package tracker

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// Report is what one device says in one message.
type Report struct {
	Device DeviceID
	// Received is when the server received it, kept to the millisecond; zero
	// stands for now.
	Received time.Time
	// Key identifies the report among those of its device; a report whose key
	// was seen before is a duplicate.
	Key ReportKey
	// Fixes are the positions in any order; they are taken in that of their
	// times. The fleet keeps the slice.
	Fixes []geofence.Fix
	// Readings are what sensors said, in any order. The fleet keeps the slice.
	Readings []firmware.Reading
	// Battery is the charge in percent, 0 to 100, nil if not reported. Where
	// Readings have none it becomes one, and where they have, theirs counts.
	Battery *uint8
	// Answer is what a device of the native protocol says of itself, nil for
	// other devices.
	Answer *Answer
}

// ReportKey tells a device's reports apart: the hash of the payload, or the
// device's own numbers, which take less room as long as they count up.
type ReportKey uint64

// Limits of a Report.
const (
	// MaxFixes is the most fixes one report may hold.
	MaxFixes = 4096
	// MaxAhead is how far a fix may be ahead of its receipt before its time is
	// not believed.
	MaxAhead = 2 * time.Minute
	// MaxLate is how old a late fix may be at its receipt for its stretch to be
	// evaluated again.
	MaxLate = 24 * time.Hour
)

// earliest is the oldest time that is believed: 2020-01-01T00:00:00Z. No
// tracker in use reported before it, whereas a receiver without a satellite
// reports 1970, 1980 (the start of GPS time) or a week-number rollover before
// April 2019.
const earliest = geofence.Millis(1577836800000)

// Errors of Accept and Enqueue.
var (
	// ErrUnknownDevice: no such device is registered.
	ErrUnknownDevice = errors.New("unknown device")
	// ErrBadReport is wrapped by errors about reports that can never be right;
	// trying again cannot help.
	ErrBadReport = errors.New("bad report")
	// ErrUnavailable is wrapped by errors that pass, such as a full disk: the
	// device must keep the report and send it again.
	ErrUnavailable = errors.New("store unavailable")
)

// check refuses what can never be right and rounds the rest to what the store
// holds.
func (r *Report) check(clock *Clock) error {
	if len(r.Fixes) > MaxFixes {
		return fmt.Errorf("%w: %d fixes, at most %d fit into one report", ErrBadReport, len(r.Fixes), MaxFixes)
	}
	if r.Battery != nil && *r.Battery > 100 {
		return fmt.Errorf("%w: a battery of %d %%", ErrBadReport, *r.Battery)
	}
	if err := checkReadings(r.Readings); err != nil {
		return err
	}
	if newest := newestBattery(r.Readings); newest != nil {
		r.Battery = newest
	}
	if r.Received.IsZero() {
		r.Received = clock.Now()
	}
	r.Received = r.Received.UTC().Truncate(time.Millisecond)
	if err := r.Answer.check(r.Received); err != nil {
		return err
	}
	for i := range r.Fixes {
		if err := checkFix(&r.Fixes[i]); err != nil {
			return fmt.Errorf("%w: fix %d: %w", ErrBadReport, i+1, err)
		}
		r.Fixes[i] = rounded(r.Fixes[i])
	}
	slices.SortStableFunc(r.Fixes, func(a, b geofence.Fix) int { return cmp.Compare(a.Time, b.Time) })
	return nil
}

// minMillis and maxMillis keep times within what RFC 3339 can show: the years
// 0 to 9999.
const (
	minMillis = geofence.Millis(-62167219200000)
	maxMillis = geofence.Millis(253402300799999)
)

func checkFix(f *geofence.Fix) error {
	lon, lat := f.Point[0], f.Point[1]
	if !(lon >= -180 && lon <= 180) || !(lat >= -90 && lat <= 90) {
		return errors.New("longitude must be within -180..180 and latitude within -90..90")
	}
	if f.Time < minMillis || f.Time > maxMillis {
		return errors.New("time must be between the years 0 and 9999")
	}
	for _, v := range [...]float32{f.AccuracyMeters, f.SpeedMPS, f.HeadingDegrees, f.AltitudeMeters} {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return errors.New("accuracy, speed, heading and altitude must be finite")
		}
	}
	if f.AccuracyMeters < 0 || f.SpeedMPS < 0 {
		return errors.New("accuracy and speed must not be negative")
	}
	return nil
}
