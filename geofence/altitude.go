package geofence

import (
	"errors"
	"fmt"
	"math"
)

// Band is a range of altitudes in metres above the ellipsoid, both ends
// included. An infinite end is open; the zero Band is no band at all.
//
// A fix without an altitude says nothing of a fence with a band unless it is
// outside whatever its altitude: it neither begins nor ends a visit.
type Band struct {
	FloorMeters, CeilingMeters float64
}

// MaxAltitudeMeters is how high or low a Band may begin or end, where aircraft
// and balloons no longer fly.
const MaxAltitudeMeters = 100_000

// ErrBand: a range of altitudes is empty or not within MaxAltitudeMeters.
var ErrBand = errors.New("bad range of altitudes")

// verticalFactor is how much less certain the altitude is than a distance on
// the ground, where the device does not say. GPS promises 8 m horizontally and
// 13 m vertically for 95 % of the time, worldwide ("GPS Standard Positioning
// Service Performance Standard", 5th edition, 2020, table 3.8-3), which are
// 3.3 m across a boundary and 6.6 m up or down as standard deviations.
const verticalFactor = 2.0

func (b Band) check() error {
	if b == (Band{}) {
		return nil
	}
	fits := func(x float64) bool { return math.Abs(x) <= MaxAltitudeMeters }
	floor := fits(b.FloorMeters) || math.IsInf(b.FloorMeters, -1)
	ceiling := fits(b.CeilingMeters) || math.IsInf(b.CeilingMeters, 1)
	if !floor || !ceiling || !(b.FloorMeters < b.CeilingMeters) {
		return fmt.Errorf("%w: from %g to %g m; the floor must be below the ceiling, both within %d m",
			ErrBand, b.FloorMeters, b.CeilingMeters, MaxAltitudeMeters)
	}
	return nil
}

// distance is how far the altitude is from the ends of the band, positive
// inside; NaN if it is NaN.
func (b *Band) distance(altitude float64) float64 {
	return min(altitude-b.FloorMeters, b.CeilingMeters-altitude)
}

// size is how inaccurate an altitude may be to say that a device is in the
// band: half its height.
func (b *Band) size() float64 { return (b.CeilingMeters - b.FloorMeters) / 2 }
