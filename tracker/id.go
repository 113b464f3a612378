package tracker

import (
	"errors"
	"fmt"
	"regexp"
)

// DeviceID names a tracker: one or two parts of A-Z a-z 0-9 _ . -, each of 1
// to 64 characters, the two parts joined by a colon. Devices that speak
// OwnTracks have two parts, USER:DEVICE; others have one.
type DeviceID string

// ErrDeviceID is wrapped by every error about a malformed DeviceID.
var ErrDeviceID = errors.New("bad device id")

var deviceIDPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})?$`)

// ParseDeviceID checks s. The error wraps ErrDeviceID.
func ParseDeviceID(s string) (DeviceID, error) {
	// What a path could not name is none either: . and .. are steps in it.
	if !deviceIDPattern.MatchString(s) || s == "." || s == ".." {
		return "", fmt.Errorf("%w: %.140q must be 1 to 64 of A-Z a-z 0-9 _ . - (two such parts joined by a colon for OwnTracks)", ErrDeviceID, s)
	}
	return DeviceID(s), nil
}
