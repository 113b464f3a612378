package tracker

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// readingBucket holds the readings of devices in blocks: the key is the device,
// a slash, the time of the first reading, as 16 hexadecimal digits that sort, a
// hyphen and the journal entry up to which the device's readings were in blocks
// once this one was written. A block, version 1, is byte 1, uvarint number of
// readings, and each in order of time as readingCodec writes it. It covers an
// hour at most.
const (
	readingBucket  = "readings"
	readingVersion = 1
)

// tailReading is a reading that is in no durable block, with the journal entry
// that holds it and its receipt.
type tailReading struct {
	firmware.Reading
	seq      uint64
	received geofence.Millis
}

// readingLog are a device's readings, in order of arrival, that are in the
// journal but in no durable block; the first packing of them are in blocks on
// their way to the store.
type readingLog struct {
	tail    []tailReading
	packing int
}

func (l *readingLog) add(r *Report, seq uint64) {
	for _, x := range r.Readings {
		l.tail = append(l.tail, tailReading{x, seq, geofence.MillisOf(r.Received)})
	}
}

// waiting are those on their way into no block yet.
func (l *readingLog) waiting() []tailReading { return l.tail[l.packing:] }

// pack makes blocks of what waits, through the journal entry of that number.
func (l *readingLog) pack(device DeviceID, through uint64) (blocks []BucketRecord) {
	fresh := make([]firmware.Reading, 0, len(l.waiting()))
	for _, x := range l.waiting() {
		fresh = append(fresh, x.Reading)
	}
	l.packing = len(l.tail)
	slices.SortStableFunc(fresh, func(a, b firmware.Reading) int { return cmp.Compare(a.Time, b.Time) })
	for len(fresh) > 0 {
		n := readingBlockLen(fresh)
		blocks = append(blocks, BucketRecord{Bucket: readingBucket, Record: Record{
			Key: readingKey(device, fresh[0].Time, through), Value: packReadings(fresh[:n]),
		}})
		fresh = fresh[n:]
	}
	return blocks
}

// readingBlockLen is how many of readings the next block takes. Those of one
// time are never parted, so that no two blocks have one key.
func readingBlockLen(readings []firmware.Reading) int {
	end := readings[0].Time + firmware.Millis(blockSpan.Milliseconds())
	for i := 1; i < len(readings); i++ {
		at := readings[i].Time
		if at != readings[i-1].Time && (i >= blockFixes || at >= end) {
			return i
		}
	}
	return len(readings)
}

func readingKey(device DeviceID, first firmware.Millis, through uint64) string {
	return fmt.Sprintf("%s%016x-%016x", readingPrefix(device), uint64(first), through)
}

func readingPrefix(device DeviceID) string { return string(device) + "/" }

// parseReadingKey reads a key of the device's.
func parseReadingKey(device DeviceID, key string) (first firmware.Millis, through uint64, err error) {
	rest, own := strings.CutPrefix(key, readingPrefix(device))
	n, err := fmt.Sscanf(rest, "%016x-%016x", &first, &through)
	if !own || n != 2 || err != nil {
		return 0, 0, fmt.Errorf("readings under %q: %w", key, errDamaged)
	}
	return first, through, nil
}

func packReadings(readings []firmware.Reading) []byte {
	b := binary.AppendUvarint([]byte{readingVersion}, uint64(len(readings)))
	var codec readingCodec
	for i := range readings {
		b = codec.append(b, &readings[i])
	}
	return b
}

func unpackReadings(value []byte) ([]firmware.Reading, error) {
	r := &reader{b: value}
	if v := r.byte(); v != readingVersion {
		return nil, fmt.Errorf("block of readings has version %d, want %d: %w", v, readingVersion, errDamaged)
	}
	readings := make([]firmware.Reading, r.count())
	var codec readingCodec
	for i := range readings {
		readings[i] = codec.next(r)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("block of readings: %w", err)
	}
	return readings, nil
}

// forget drops what is in durable blocks.
func (l *readingLog) forget(through uint64) {
	n := 0
	for n < len(l.tail) && l.tail[n].seq <= through {
		n++
	}
	if rest := l.tail[n:]; len(rest) == 0 {
		l.tail = nil
	} else {
		l.tail = append(l.tail[:0], rest...)
	}
	l.packing = max(0, l.packing-n)
}
