package device

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// native writes reports in the binary form of package firmware: without a key
// plain, and then the session says whose they are.
type native struct {
	boot     uint32
	sequence atomic.Uint32
	key      *firmware.Key
	firmware string
	desired  *desired
}

func speakNative(o Options, boot uint32, d *desired) (*native, error) {
	n := &native{boot: boot, firmware: o.Firmware, desired: d}
	if o.FrameSecret == nil {
		return n, nil
	}
	var err error
	if n.key, err = firmware.UpKey(o.FrameSecret, o.ID); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return n, nil
}

// encode gives r the next number. Errors wrap ErrBadReport.
func (n *native) encode(r Report) ([]byte, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	time := firmware.Millis(r.Fix.Time)
	out := firmware.Report{Time: time, Fixes: []firmware.Fix{nativeFix(&r.Fix)}}
	if r.BatteryPercent != nil {
		out.Readings = []firmware.Reading{{Kind: firmware.Battery, Time: time, Value: int64(*r.BatteryPercent)}}
	}
	out.Readings = append(out.Readings, r.Readings...)
	return n.report(out)
}

// report numbers a report, adds what each says, and seals it where there is a
// key. Errors wrap ErrBadReport.
func (n *native) report(out firmware.Report) ([]byte, error) {
	out.Boot, out.Sequence, out.Applied = n.boot, n.sequence.Add(1), n.desired.applied()
	protection := firmware.Plain
	if n.key != nil {
		protection = firmware.Authenticated
	}
	if out.Sequence == 1 {
		out.Firmware = n.firmware
	}
	frame, err := out.Append(nil, n.key, protection, firmware.Centimetre)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReport, err)
	}
	return frame, nil
}

// nativeFix is f, which was checked, in the units of the wire.
func nativeFix(f *geofence.Fix) firmware.Fix {
	out := firmware.Fix{
		Time: firmware.Millis(f.Time),
		Lat:  int32(math.Round(f.Point[1] * 1e7)),
		Lon:  int32(math.Round(f.Point[0] * 1e7)),
	}
	tenths := func(v float32) float64 { return math.Round(float64(v) * 10) }
	if f.Known&geofence.KnownAccuracy != 0 {
		out.Known, out.Accuracy = out.Known|firmware.KnownAccuracy, uint32(tenths(f.AccuracyMeters))
	}
	if f.Known&geofence.KnownSpeed != 0 {
		out.Known, out.Speed = out.Known|firmware.KnownSpeed, uint32(tenths(f.SpeedMPS))
	}
	if f.Known&geofence.KnownHeading != 0 {
		out.Known, out.Heading = out.Known|firmware.KnownHeading, uint16(math.Round(float64(f.HeadingDegrees)))%360
	}
	if f.Known&geofence.KnownAltitude != 0 {
		out.Known, out.Altitude = out.Known|firmware.KnownAltitude, int32(tenths(f.AltitudeMeters))
	}
	return out
}

// countStart adds one to the number in the file of that name, which need not be
// there yet, and returns it once it is on disk. A file that holds anything else
// is an error: a counter that begins again would give two reports one name.
func countStart(name string) (uint32, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte("0"), nil
	}
	if err != nil {
		return 0, fmt.Errorf("count the start: %w", err)
	}
	before, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil || before == math.MaxUint32 {
		return 0, fmt.Errorf("count the start: %s does not hold a number that can be counted on", name)
	}
	boot := uint32(before + 1)
	if err := replace(name, strconv.AppendUint(nil, uint64(boot), 10)); err != nil {
		return 0, fmt.Errorf("count the start: %w", err)
	}
	return boot, nil
}

// replace makes content the whole of a file, or leaves it as it was.
func replace(name string, content []byte) error {
	next := name + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	// Not every system can sync a folder; where it can, this makes the new name
	// last.
	_ = folder.Sync()
	return folder.Close()
}
