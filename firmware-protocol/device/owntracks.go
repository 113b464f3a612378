package device

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// Report is one position and what the device measured with it.
type Report struct {
	Fix geofence.Fix
	// BatteryPercent is the charge, 0 to 100; nil where there is no gauge.
	BatteryPercent *uint8
	// Readings are what other sensors say. OwnTracks has no place for them, so
	// there they are left out.
	Readings []firmware.Reading
}

// location is OwnTracks' message of that name, with the members this device
// fills in. The booklet gives whole numbers for all but the coordinates
// (https://owntracks.org/booklet/tech/json).
type location struct {
	Type string `json:"_type"`
	// Time is in whole seconds since 1970.
	Time int64   `json:"tst"`
	Lat  degrees `json:"lat"`
	Lon  degrees `json:"lon"`
	// Accuracy is in metres, at least 1: receivers of the message take 0 for
	// "not known".
	Accuracy *int `json:"acc,omitempty"`
	// Velocity is in km/h, Course in degrees from 0 to 359, Altitude in metres.
	Velocity *int   `json:"vel,omitempty"`
	Course   *int   `json:"cog,omitempty"`
	Altitude *int   `json:"alt,omitempty"`
	Battery  *uint8 `json:"batt,omitempty"`
	// TrackerID is the two characters that OwnTracks' own maps show.
	TrackerID string `json:"tid"`
}

// degrees is written with seven decimals: 11 mm of latitude.
type degrees float64

func (d degrees) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(d), 'f', 7, 64), nil
}

const kmhPerMPS = 3.6

// encodeLocation writes r as the device of that name. Errors wrap ErrBadReport.
func encodeLocation(r Report, name string) ([]byte, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	f := r.Fix
	m := location{
		Type:      "location",
		Time:      f.Time.Time().Unix(),
		Lat:       degrees(f.Point[1]),
		Lon:       degrees(f.Point[0]),
		Battery:   r.BatteryPercent,
		TrackerID: trackerID(name),
	}
	if f.Known&geofence.KnownAccuracy != 0 {
		m.Accuracy = whole(max(1, float64(f.AccuracyMeters)))
	}
	if f.Known&geofence.KnownSpeed != 0 {
		m.Velocity = whole(float64(f.SpeedMPS) * kmhPerMPS)
	}
	if f.Known&geofence.KnownHeading != 0 {
		course := int(math.Round(float64(f.HeadingDegrees))) % 360
		m.Course = &course
	}
	if f.Known&geofence.KnownAltitude != 0 {
		m.Altitude = whole(float64(f.AltitudeMeters))
	}
	return json.Marshal(m)
}

func whole(x float64) *int {
	n := int(math.Round(x))
	return &n
}

// trackerID is the last two characters of the device's name, as OwnTracks' apps
// choose it where nobody did.
func trackerID(name string) string { return name[max(0, len(name)-2):] }

// check refuses what no receiver measures. Comparisons are written so that NaN
// fails them.
func check(r Report) error {
	f := r.Fix
	known := func(k geofence.Known) bool { return f.Known&k != 0 }
	switch {
	case !(math.Abs(f.Point[1]) <= 90):
		return fmt.Errorf("%w: latitude not within 90 degrees", ErrBadReport)
	case !(math.Abs(f.Point[0]) <= 180):
		return fmt.Errorf("%w: longitude not within 180 degrees", ErrBadReport)
	case known(geofence.KnownAccuracy) && !(f.AccuracyMeters >= 0 && f.AccuracyMeters < 1e8):
		return fmt.Errorf("%w: accuracy is not a distance on earth", ErrBadReport)
	case known(geofence.KnownSpeed) && !(f.SpeedMPS >= 0 && f.SpeedMPS < 1e5):
		return fmt.Errorf("%w: speed is not one of a vehicle", ErrBadReport)
	case known(geofence.KnownHeading) && !(f.HeadingDegrees >= 0 && f.HeadingDegrees <= 360):
		return fmt.Errorf("%w: heading not within 0 and 360 degrees", ErrBadReport)
	case known(geofence.KnownAltitude) && !(math.Abs(float64(f.AltitudeMeters)) < 1e6):
		return fmt.Errorf("%w: altitude is not one of a vehicle", ErrBadReport)
	case r.BatteryPercent != nil && *r.BatteryPercent > 100:
		return fmt.Errorf("%w: battery above 100 %%", ErrBadReport)
	}
	return nil
}
