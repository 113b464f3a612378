package geofence

import "math"

// street is a cell of the grid with a direction, or everywhere.
type street uint64

const everywhere street = 0

// paceKey is a street and an hour, or always.
type paceKey uint64

func (s street) always() paceKey     { return paceKey(s) << hourBits }
func (s street) at(hour int) paceKey { return paceKey(s)<<hourBits | paceKey(hour+1) }
func (k paceKey) street() street     { return street(k >> hourBits) }
func (k paceKey) hour() (h int)      { return int(k&(1<<hourBits-1)) - 1 }
func streetOf(row, column, octant uint64) street {
	return street(1 + (row<<columnBits|column)<<octantBits | octant)
}

const (
	hourBits, octantBits, columnBits = 6, 3, 18

	cellDegrees = stretchMeters / metersPerDegree
	maxStreet   = street(1 + 80_062<<(columnBits+octantBits)) // 180 / cellDegrees rows
)

// streetAt is the street at s that leads so far east and north.
func streetAt(s spot, east, north float64) street {
	row := math.Floor((s.lat + 90) / cellDegrees)
	// As many columns as leave cells about square, the same all along a row.
	middle := (row+0.5)*cellDegrees - 90
	columns := max(1, math.Floor(360*math.Cos(middle*radians)/cellDegrees))
	turn := math.Mod(s.lon+540, 360) / 360
	column := min(math.Floor(turn*columns), columns-1)
	octant := math.Round(math.Atan2(east, north)/(math.Pi/4)) + 8
	return streetOf(uint64(row), uint64(column), uint64(octant)%8)
}

// hourAt is the hour at a time by the mean solar time of a longitude: 0 to 23
// of Monday to Friday, 24 to 47 of the weekend.
func hourAt(t Millis, lon float64) int {
	const hour, day = 3_600_000, 24 * 3_600_000
	local := t + Millis(lon/15*hour)
	if (local > t) != (lon > 0) {
		local = t // at the ends of time
	}
	ofDay, days := local%day, local/day
	if ofDay < 0 {
		ofDay, days = ofDay+day, days-1
	}
	// The first day of 1970 was a Thursday.
	if weekday := ((days+3)%7 + 7) % 7; weekday >= 5 {
		return 24 + int(ofDay/hour)
	}
	return int(ofDay / hour)
}
