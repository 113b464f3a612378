package tracker

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"wayguard/geofence"
)

// A block, version 1: byte 1, uvarint number of fixes, then each fix in order
// of time as fixCodec writes it.
const blockVersion = 1

const (
	// blockFixes is how many fixes of a device make a block.
	blockFixes = 128
	// blockSpan is the longest time that a block covers as it is made. Merged
	// ones cover more.
	blockSpan = time.Hour
)

// packBlocks sorts fixes by time and packs them. Fixes of the same time are
// never parted, hence no two blocks of one call begin alike.
func packBlocks(device DeviceID, through uint64, fixes []TrackPoint) []Block {
	slices.SortStableFunc(fixes, func(a, b TrackPoint) int { return cmp.Compare(a.Fix.Time, b.Fix.Time) })
	var blocks []Block
	for len(fixes) > 0 {
		n := blockLen(fixes)
		blocks = append(blocks, Block{
			Device:   device,
			BlockKey: BlockKey{First: fixes[0].Fix.Time, Through: through},
			Last:     fixes[n-1].Fix.Time,
			Value:    packBlock(fixes[:n]),
		})
		fixes = fixes[n:]
	}
	return blocks
}

// blockLen is how many of fixes the next block takes.
func blockLen(fixes []TrackPoint) int {
	end := fixes[0].Fix.Time + geofence.Millis(blockSpan.Milliseconds())
	for i := 1; i < len(fixes); i++ {
		t := fixes[i].Fix.Time
		if t != fixes[i-1].Fix.Time && (i >= blockFixes || t >= end) {
			return i
		}
	}
	return len(fixes)
}

func packBlock(fixes []TrackPoint) []byte {
	b := append(make([]byte, 0, 16*len(fixes)), blockVersion)
	b = binary.AppendUvarint(b, uint64(len(fixes)))
	var codec fixCodec
	for _, f := range fixes {
		b = codec.append(b, f)
	}
	return b
}

// blockCount is how many fixes a block says it has, 0 for none that can be read.
func blockCount(value []byte) int {
	r := &reader{b: value}
	r.byte()
	return r.count()
}

func unpackBlock(value []byte) ([]TrackPoint, error) {
	r := &reader{b: value}
	if v := r.byte(); v != blockVersion {
		return nil, fmt.Errorf("track block has version %d, want %d: %w", v, blockVersion, errDamaged)
	}
	fixes := make([]TrackPoint, r.count())
	var codec fixCodec
	for i := range fixes {
		fixes[i] = codec.next(r)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("track block: %w", err)
	}
	return fixes, nil
}
