package firmware

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A batch has these columns; those from colAccuracy on are there where their
// bit is set.
const (
	colTime = iota
	colLat
	colLon
	colAccuracy
	colSpeed
	colHeading
	colAltitude
	colFlags
	columns
)

// bit is that of a column from colAccuracy on.
func bit(col int) uint64 { return 1 << (col - colAccuracy) }

const (
	// knownColumns are the bits of all columns.
	knownColumns = 1<<(columns-colAccuracy) - 1
	// finest is the bit that says that coordinates are in 1e-7 degrees, not
	// 1e-6.
	finest = 1 << 8
)

// halfTurn and quarterTurn are in 1e-7 degrees.
const (
	halfTurn    = 1_800_000_000
	quarterTurn = halfTurn / 2
)

// speedStep is in decimetres per second, headingStep in degrees: as fine as
// receivers measure, and most differences fit into a byte.
const (
	speedStep   = 2
	headingStep = 2
)

// row is a fix as its columns hold it: what there is one more than it was, and
// 0 for what there is not.
type row [columns]int64

// check refuses what the format has no room for.
func (f *Fix) check() error {
	high := f.Known&KnownAltitude != 0 && (f.Altitude < MinAltitude || f.Altitude > MaxAltitude)
	switch {
	case !f.Time.valid():
		return fmt.Errorf("%w: its time", ErrValue)
	case max(int64(f.Lat), -int64(f.Lat)) > quarterTurn || max(int64(f.Lon), -int64(f.Lon)) > halfTurn:
		return fmt.Errorf("%w: it is not on the globe", ErrValue)
	case f.Heading > 359:
		return fmt.Errorf("%w: a heading of %d degrees", ErrValue, f.Heading)
	case f.Accuracy > MaxAccuracy || f.Speed > MaxSpeed || high:
		return fmt.Errorf("%w: accuracy, speed or altitude is out of range", ErrValue)
	case f.Known >= KnownAltitude<<1:
		return fmt.Errorf("%w: there is no such field", ErrValue)
	}
	return nil
}

// row is f, which was checked, in coordinates of so many 1e-7 degrees.
func (f *Fix) row(unit int64) row {
	r := row{
		colTime:  int64(f.Time),
		colLat:   round(int64(f.Lat), unit),
		colLon:   wrap(round(int64(f.Lon), unit), halfTurn/unit),
		colFlags: int64(f.Flags),
	}
	measured := row{
		colAccuracy: int64(f.Accuracy),
		colSpeed:    round(int64(f.Speed), speedStep),
		colHeading:  round(int64(f.Heading), headingStep) % (360 / headingStep),
		colAltitude: int64(f.Altitude) - MinAltitude,
	}
	for col := colAccuracy; col <= colAltitude; col++ {
		if f.Known&Known(bit(col)) != 0 {
			r[col] = measured[col] + 1
		}
	}
	return r
}

// round is n in units, the nearest, halves away from zero.
func round(n, unit int64) int64 {
	if n < 0 {
		return -round(-n, unit)
	}
	return (n + unit/2) / unit
}

// wrap brings an angle, or a difference of two, into -half to half, without the
// latter.
func wrap(angle, half int64) int64 {
	switch {
	case angle >= half:
		return angle - 2*half
	case angle < -half:
		return angle + 2*half
	}
	return angle
}

// within tells whether all of r can be.
func (r *row) within(unit int64) bool {
	least := row{colLat: -quarterTurn / unit, colLon: -halfTurn / unit}
	most := row{
		colTime:     int64(MaxTime),
		colLat:      quarterTurn / unit,
		colLon:      halfTurn/unit - 1,
		colAccuracy: MaxAccuracy + 1,
		colSpeed:    MaxSpeed/speedStep + 1,
		colHeading:  360 / headingStep,
		colAltitude: MaxAltitude - MinAltitude + 1,
		colFlags:    math.MaxUint8,
	}
	for col := range r {
		if r[col] < least[col] || r[col] > most[col] {
			return false
		}
	}
	return true
}

// fix is what r, which is within, says.
func (r row) fix(unit int64) Fix {
	f := Fix{Time: Millis(r[colTime]), Lat: int32(r[colLat] * unit), Lon: int32(r[colLon] * unit), Flags: Flags(r[colFlags])}
	for col := colAccuracy; col <= colAltitude; col++ {
		if r[col] > 0 {
			f.Known |= Known(bit(col))
			r[col]--
		}
	}
	f.Accuracy, f.Speed, f.Heading = uint32(r[colAccuracy]), uint32(r[colSpeed]*speedStep), uint16(r[colHeading]*headingStep)
	if f.Known&KnownAltitude != 0 {
		f.Altitude = int32(r[colAltitude] + MinAltitude)
	}
	return f
}

// appendBatch appends fixes, 1 to MaxFixes of them that were checked. Their
// coordinates are written in units of so many 1e-7 degrees.
func appendBatch(b []byte, fixes []Fix, base Millis, unit int64) []byte {
	rows := make([]row, len(fixes))
	var present uint64
	for i := range fixes {
		rows[i] = fixes[i].row(unit)
		for col := colAccuracy; col < columns; col++ {
			if rows[i][col] != 0 {
				present |= bit(col)
			}
		}
	}
	if unit == 1 {
		present |= finest
	}
	b = binary.AppendUvarint(b, uint64(len(fixes)))
	b = binary.AppendUvarint(b, present)
	for col := range columns {
		if col < colAccuracy || present&bit(col) != 0 {
			b = appendColumn(b, rows, col, base, halfTurn/unit)
		}
	}
	return b
}

func appendColumn(b []byte, rows []row, col int, base Millis, half int64) []byte {
	var c column
	last, step := int64(0), int64(0)
	if col == colTime {
		last = int64(base)
	}
	for i := range rows {
		difference := rows[i][col] - last
		last = rows[i][col]
		switch {
		case col == colLon:
			difference = wrap(difference, half)
		case col == colTime && i > 0:
			difference, step = difference-step, difference
		}
		b = c.append(b, difference)
	}
	return c.end(b)
}

// batch reads fixes.
func (r *reader) batch(base Millis) []Fix {
	count := int(r.upTo(MaxFixes))
	present := r.uvarint()
	unit := int64(10)
	if present&finest != 0 {
		unit = 1
	}
	rows := make([]row, count)
	for col := range columns {
		if !r.bad && (col < colAccuracy || present&bit(col) != 0) {
			r.column(rows, col, base, halfTurn/unit)
		}
	}
	// Columns of later versions stand behind those that are known.
	r.never(count == 0 || present&^(knownColumns|finest) != 0 && len(r.rest) == 0)
	fixes := make([]Fix, count)
	for i := range rows {
		if r.bad || !rows[i].within(unit) || i > 0 && rows[i][colTime] < rows[i-1][colTime] {
			r.fail()
			return nil
		}
		fixes[i] = rows[i].fix(unit)
	}
	return fixes
}

func (r *reader) column(rows []row, col int, base Millis, half int64) {
	r.zeros, r.ran = 0, false
	value, step := int64(0), int64(0)
	if col == colTime {
		value = int64(base)
	}
	something := false
	for i := range rows {
		difference := r.difference(len(rows) - i)
		switch {
		case col == colLon:
			r.never(difference < -half || difference >= half)
		case col == colTime && i > 0:
			step += difference
			difference = step
		}
		value += difference
		if col == colLon {
			value = wrap(value, half)
		}
		rows[i][col] = value
		something = something || value != 0
	}
	r.never(col >= colAccuracy && !something)
}
