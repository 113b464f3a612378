package geofence

import "math"

// SetAccuracy takes the accuracy in metres that a device gives. What is not above
// 0, as phones say without a fix, is not known; nor is, here and below, what is no
// number or more than a Fix can hold.
func (f *Fix) SetAccuracy(meters float64) {
	f.set(KnownAccuracy, &f.AccuracyMeters, meters, meters > 0)
}

// SetSpeed takes a speed in metres per second. A negative one is not known.
func (f *Fix) SetSpeed(mps float64) { f.set(KnownSpeed, &f.SpeedMPS, mps, mps >= 0) }

// SetHeading takes a course in degrees from true north. What is not from 0 to 360
// is not known.
func (f *Fix) SetHeading(degrees float64) {
	f.set(KnownHeading, &f.HeadingDegrees, degrees, degrees >= 0 && degrees <= 360)
	if f.HeadingDegrees == 360 {
		f.HeadingDegrees = 0
	}
}

// SetAltitude takes an altitude in metres.
func (f *Fix) SetAltitude(meters float64) { f.set(KnownAltitude, &f.AltitudeMeters, meters, true) }

func (f *Fix) set(known Known, field *float32, v float64, sensible bool) {
	x := float32(v)
	if !sensible || math.IsNaN(v) || math.IsInf(float64(x), 0) || known == KnownAccuracy && x == 0 {
		return
	}
	*field, f.Known = x, f.Known|known
}
