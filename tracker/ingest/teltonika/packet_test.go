package teltonika

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

const box = tracker.DeviceID("356307042441013")

var received = time.UnixMilli(1_767_225_601_000)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever is cut off at whatever byte gives no position.
func TestTruncated(t *testing.T) {
	frames := [][]byte{appendPacket(nil, packetOf(Codec8Extended, 3)), appendPacket(nil, packetOf(Codec16, 3))}
	t.Run("vectors", func(t *testing.T) {
		for _, v := range readVectors(t) {
			frames = append(frames, v.frame)
		}
	})
	for _, frame := range frames {
		for n := range frame {
			for _, cut := range [][]byte{frame[:n], resealed(frame, n)} {
				c, err := Decode(box, cut, received)
				var refusal *tracker.Refusal
				if !errors.As(err, &refusal) || !reflect.ValueOf(c).IsZero() {
					t.Fatalf("%x cut at %d: %v, %+v", frame, n, err, c)
				}
			}
		}
	}
}

// resealed is the data of a frame cut at byte n, with a length and a CRC that
// match, so that the records themselves are what ends early.
func resealed(frame []byte, n int) []byte {
	data := frame[8 : len(frame)-4]
	return sealed(data[:min(n, len(data)-1)])
}

func TestRefusals(t *testing.T) {
	good := appendPacket(nil, packetOf(Codec8, 2))
	data := func() []byte { return bytes.Clone(good[8 : len(good)-4]) }
	for name, test := range map[string]struct {
		frame  []byte
		reason string
	}{
		"nothing":       {nil, ReasonFrame},
		"preamble":      {append([]byte{1}, good[1:]...), ReasonFrame},
		"length":        {append(bytes.Clone(good), 0), ReasonFrame},
		"damaged":       {changed(good, 20), ReasonCRC},
		"damaged CRC":   {changed(good, len(good)-1), ReasonCRC},
		"long CRC":      {changed(good, len(good)-4), ReasonCRC},
		"commands":      {sealed(append([]byte{0x0C}, data()[1:]...)), ReasonCodec},
		"no records":    {sealed([]byte{8, 0, 0}), ReasonFrame},
		"counts differ": {sealed(changed(data(), len(data())-1)), ReasonFrame},
		"left over":     {sealed(append(append(data()[:len(data())-1:len(data())-1], 7), data()[len(data())-1])), ReasonFrame},
	} {
		c, err := Decode(box, test.frame, received)
		var refusal *tracker.Refusal
		if !errors.As(err, &refusal) || refusal.Reason() != test.reason || refusal.Error() == "" || !reflect.ValueOf(c).IsZero() {
			t.Errorf("%s: %v, want %s; %+v", name, err, test.reason, c)
		}
	}
}

func changed(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestFixes(t *testing.T) {
	const all = geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	plain := Record{Time: 1_767_225_600_123, GPS: GPS{Lon: -115_761_240, Lat: 481_371_540, Altitude: -6, Angle: 270, Satellites: 7, Speed: 90}}
	want := geofence.Fix{
		Time: 1_767_225_600_123, Point: [2]float64{-11.576124, 48.137154},
		SpeedMPS: 25, HeadingDegrees: 270, AltitudeMeters: -6, Known: all, Flags: geofence.FlagWeak,
	}
	for name, test := range map[string]struct {
		mend func(*Record, *geofence.Fix)
		none bool
	}{
		"plain": {mend: func(*Record, *geofence.Fix) {}},
		"unknown speed": {mend: func(r *Record, f *geofence.Fix) {
			r.GPS.Speed, f.SpeedMPS, f.Known = 0xFFFF, 0, all&^geofence.KnownSpeed
		}},
		"north": {mend: func(r *Record, f *geofence.Fix) { r.GPS.Angle, f.HeadingDegrees = 360, 0 }},
		"unknown angle": {mend: func(r *Record, f *geofence.Fix) {
			r.GPS.Angle, f.HeadingDegrees, f.Known = 361, 0, all&^geofence.KnownHeading
		}},
		"on the equator":   {mend: func(r *Record, f *geofence.Fix) { r.GPS.Lat, f.Point[1] = 0, 0 }},
		"no satellite":     {func(r *Record, _ *geofence.Fix) { r.GPS.Satellites = 0 }, true},
		"before the first": {func(r *Record, _ *geofence.Fix) { r.GPS.Lat, r.GPS.Lon = 0, 0 }, true},
		"east of 180":      {func(r *Record, _ *geofence.Fix) { r.GPS.Lon = 1_800_000_001 }, true},
		"south of 90":      {func(r *Record, _ *geofence.Fix) { r.GPS.Lat = -900_000_001 }, true},
		"year 10000":       {func(r *Record, _ *geofence.Fix) { r.Time = latest + 1 }, true},
		"beyond int64":     {func(r *Record, _ *geofence.Fix) { r.Time = 1 << 63 }, true},
	} {
		r, f := plain, want
		test.mend(&r, &f)
		if got, ok := r.fix(); ok == test.none || ok && got != f {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

func TestChecksum(t *testing.T) {
	// The check value of CRC-16/ARC.
	if got := checksum([]byte("123456789")); got != 0xBB3D {
		t.Errorf("%#x", got)
	}
}
