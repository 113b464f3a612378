package main

import (
	"math"
	"strconv"
	"time"

	firmware "wayguard/firmware-protocol"
)

// Where the devices of a measurement drive: to and fro on streets of 6 km, east
// and west, at 10 m/s, spread evenly over a square of 40 km around benchLat and
// benchLon. A fix a second of their own time, however fast they report.
const (
	benchLat, benchLon = 52.6634, -8.6254
	benchSquare        = 40_000 // metres
	benchStreet        = 600    // seconds from one end to the other
	benchSpeed         = 10     // metres a second
	metersPerDegree    = 111_195
)

// benchStart is how long ago the devices' time begins: reports faster than one
// a second must not get ahead of the clock.
const benchStart = 20 * 24 * time.Hour

// benchDrive is one device's way.
type benchDrive struct {
	began int64 // Unix seconds of the first fix
	// lat, lon are where the street begins, in units of 1e-7 degrees, and metre
	// is one of them to the east, in the same.
	lat, lon int32
	metre    float64
}

// newBenchDrive spreads devices by the R2 sequence, which fills a square evenly
// with any number (M. Roberts, The Unreasonable Effectiveness of Quasirandom
// Sequences, 2018).
func newBenchDrive(i int, now time.Time) benchDrive {
	const golden = 1.32471795724474602596
	at := func(step float64) float64 {
		_, part := math.Modf(0.5 + step*float64(i+1))
		return (part - 0.5) * benchSquare
	}
	metre := 1e7 / (metersPerDegree * math.Cos(benchLat*math.Pi/180))
	return benchDrive{
		began: now.Add(-benchStart).Unix(),
		lat:   int32(benchLat*1e7 + at(1/golden)*1e7/metersPerDegree),
		lon:   int32(benchLon*1e7 + at(1/golden/golden)*metre),
		metre: metre,
	}
}

// benchFix is a place on the way.
type benchFix struct {
	unix     int64
	lat, lon int32 // units of 1e-7 degrees
	heading  uint16
}

// fix is the nth fix, from 0.
func (d *benchDrive) fix(n int64) benchFix {
	second := n % (2 * benchStreet)
	f := benchFix{unix: d.began + n, lat: d.lat, heading: 90}
	if second >= benchStreet {
		second, f.heading = 2*benchStreet-second, 270
	}
	f.lon = d.lon + int32(float64(second*benchSpeed)*d.metre)
	return f
}

// appendOwnTracks encodes fixes first to first+count-1 as the OwnTracks app
// does.
func (d *benchDrive) appendOwnTracks(b []byte, first int64, count int) []byte {
	if count > 1 {
		b = append(b, '[')
	}
	for i := range count {
		if i > 0 {
			b = append(b, ',')
		}
		b = d.fix(first + int64(i)).appendOwnTracks(b)
	}
	if count > 1 {
		b = append(b, ']')
	}
	return b
}

func (f benchFix) appendOwnTracks(b []byte) []byte {
	b = append(b, `{"_type":"location","acc":8,"alt":34,"batt":87,"cog":`...)
	b = strconv.AppendUint(b, uint64(f.heading), 10)
	b = appendDegrees(append(b, `,"lat":`...), f.lat)
	b = appendDegrees(append(b, `,"lon":`...), f.lon)
	b = strconv.AppendInt(append(b, `,"tid":"v7","tst":`...), f.unix, 10)
	return append(b, `,"vac":3,"vel":36}`...)
}

// appendDegrees writes units of 1e-7 degrees as a number of degrees, several
// times as fast as strconv does for a float64.
func appendDegrees(b []byte, units int32) []byte {
	const unit, places = 10_000_000, 7
	if units < 0 {
		b, units = append(b, '-'), -units
	}
	b = append(strconv.AppendInt(b, int64(units/unit), 10), '.')
	at := len(b)
	b = append(b, "0000000"...)
	for i, rest := at+places-1, units%unit; rest > 0; i, rest = i-1, rest/10 {
		b[i] = byte('0' + rest%10)
	}
	return b
}

// appendNative encodes the same fixes as report n of the native protocol.
func (d *benchDrive) appendNative(b []byte, n, first int64, count int) ([]byte, error) {
	r := firmware.Report{Boot: 1, Sequence: uint32(n + 1), Fixes: make([]firmware.Fix, count)}
	for i := range r.Fixes {
		f := d.fix(first + int64(i))
		r.Fixes[i] = firmware.Fix{
			Time: firmware.Millis(f.unix * 1000), Lon: f.lon, Lat: f.lat,
			Known:    firmware.KnownAccuracy | firmware.KnownSpeed | firmware.KnownHeading,
			Accuracy: 80, Speed: benchSpeed * 10, Heading: f.heading,
		}
	}
	r.Time = r.Fixes[count-1].Time
	return r.Append(b, nil, firmware.Plain, firmware.Decimetre)
}
