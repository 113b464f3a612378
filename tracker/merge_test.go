package tracker

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// hourly is a box that reports each hour for so many days: at rest but for two
// moves a day.
func hourly(rng *rand.Rand, days int) (fixes []TrackPoint) {
	at := orb.Point{-8.63, 52.66}
	for hour := range 24 * days {
		if hour%12 == 8 {
			at[0] += rng.NormFloat64() * 0.3
			at[1] += rng.NormFloat64() * 0.2
		}
		now := int64(1.7e12) + int64(hour)*3600_000 + rng.Int64N(3000)
		fixes = append(fixes, TrackPoint{
			Received: time.UnixMilli(now + 300 + rng.Int64N(500)).UTC(),
			Fix: rounded(geofence.Fix{
				Time: geofence.Millis(now), Point: orb.Point{at[0] + rng.NormFloat64()*1e-4, at[1] + rng.NormFloat64()*1e-4},
				AccuracyMeters: float32(4 + rng.Float64()*30), Known: geofence.KnownAccuracy,
			}),
		})
	}
	return fixes
}

// TestMergeHourly merges the blocks of a box as its rounds do, an hour after the
// other, and holds the promise of at most 16 bytes a fix, with the keys and what
// bbolt keeps of each element.
func TestMergeHourly(t *testing.T) {
	const element = 16 + len("box") + 1 + 16
	fixes := hourly(rand.New(rand.NewPCG(2, 3)), 30)
	var blocks []Block
	written := 0
	for i, p := range fixes {
		b := packBlocks("box", uint64(i), []TrackPoint{p})[0]
		b.Last = b.First + geofence.Millis(blockSpan.Milliseconds()) - 1
		blocks = append(blocks, b)
		var m merging
		for i := range blocks {
			m.add(&blocks[i])
		}
		m.end(0, blocks)
		for _, run := range m.runs {
			tx, err := mergeBlocks(run)
			if err != nil {
				t.Fatal(err)
			}
			written += blockCount(tx.Blocks[0].Value)
			blocks = slices.DeleteFunc(blocks, func(b Block) bool {
				return slices.ContainsFunc(tx.BlockCuts, func(c BlockCut) bool { return c.BlockKey == b.BlockKey })
			})
			blocks = append(blocks, tx.Blocks[0])
			slices.SortFunc(blocks, func(a, b Block) int { return int(a.First - b.First) })
		}
	}
	var got []TrackPoint
	bytes := 0
	for _, b := range blocks {
		part, err := unpackBlock(b.Value)
		if err != nil {
			t.Fatal(err)
		}
		got, bytes = append(got, part...), bytes+len(b.Value)+element
	}
	if !reflect.DeepEqual(got, fixes) {
		t.Fatalf("%d fixes come back as %d, or differ", len(fixes), len(got))
	}
	perFix := float64(bytes) / float64(len(fixes))
	t.Logf("%d fixes in %d blocks, %.1f bytes a fix; each was written %.1f times", len(fixes), len(blocks), perFix, float64(written)/float64(len(fixes)))
	if perFix > 16 {
		t.Errorf("%.1f bytes a fix, want at most 16", perFix)
	}
}
