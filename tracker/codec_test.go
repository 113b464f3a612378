package tracker

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// randomFix is any fix that check lets through.
func randomFix(rng *rand.Rand) geofence.Fix {
	return geofence.Fix{
		Time:           geofence.Millis(1.7e12 + rng.Int64N(1e10)),
		Point:          orb.Point{rng.Float64()*360 - 180, rng.Float64()*180 - 90},
		AccuracyMeters: rng.Float32() * 1000,
		SpeedMPS:       rng.Float32() * 60,
		HeadingDegrees: rng.Float32() * 360,
		AltitudeMeters: rng.Float32()*9000 - 400,
		Known:          geofence.Known(rng.IntN(16)),
		Flags:          geofence.Flags(max(0, rng.IntN(32)-16)),
	}
}

func TestFixCodecRoundTrip(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	var in, out fixCodec
	for i := range 5000 {
		want := TrackPoint{
			Fix:      rounded(randomFix(rng)),
			Received: time.UnixMilli(1.7e12 + rng.Int64N(1e10)).UTC(),
			Marks:    Marks(rng.IntN(15)),
		}
		r := &reader{b: in.append(nil, want)}
		got := out.next(r)
		if err := r.end(); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, fix %d: got %+v, %v, want %+v", seed, i, got, err, want)
		}
	}
}

func TestRoundedIsStable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		once := rounded(randomFix(rng))
		if twice := rounded(once); twice != once {
			t.Fatalf("rounding %+v again gives %+v", once, twice)
		}
	}
	huge := geofence.Fix{AccuracyMeters: math.MaxFloat32, Known: geofence.KnownAccuracy}
	if once := rounded(huge); rounded(once) != once || math.IsInf(float64(once.AccuracyMeters), 0) {
		t.Errorf("rounding the largest accuracy gives %v", once.AccuracyMeters)
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	battery := uint8(77)
	want := entry{seq: 9, world: 3, events: 2, packed: []packedDevice{{device: "van-1", through: 8}}}
	want.reviews = []journaledReview{
		{device: "van-2", late: 5, state: []byte("state"), withdrawn: []withdrawal{{"geofence.exit", "depot", 7, 1.7e12}}},
		{device: "van-3", state: []byte{}},
	}
	want.ticks = []tick{{device: "van-4", now: 1.7e12}}
	for i := range 20 {
		r := journaled{Report: Report{
			Device:   DeviceID("user:dev-" + string(rune('a'+i))),
			Received: time.UnixMilli(1.7e12 + int64(i)*1000).UTC(),
			Key:      ReportKey(rng.Uint64()),
			Fixes:    []geofence.Fix{},
			Battery:  nil,
		}, marks: []Marks{}}
		if i%3 == 0 {
			r.Battery = &battery
		}
		for range i % 4 {
			r.Readings = append(r.Readings, randomReading(rng))
		}
		if i%5 == 1 {
			r.Answer = randomAnswer(rng)
		}
		for range i {
			r.Fixes = append(r.Fixes, rounded(randomFix(rng)))
			r.marks = append(r.marks, Marks(rng.IntN(15)))
		}
		want.reports = append(want.reports, r)
	}
	value := want.append(nil)
	got, err := parseEntry(9, value)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
	}
	for n := range value {
		if e, err := parseEntry(9, value[:n]); err == nil {
			t.Fatalf("%d of %d bytes are taken for an entry: %+v", n, len(value), e)
		}
	}
}

// TestEarlierForms reads an entry and a checkpoint as they were before there
// were reviews.
func TestEarlierForms(t *testing.T) {
	old := entry{seq: 9, world: 3, packed: []packedDevice{{device: "van", through: 8}}, reports: []journaled{}}
	value := old.append(nil)
	value[0] = 1
	if e, err := parseEntry(9, value[:len(value)-3]); err != nil || !reflect.DeepEqual(e, old) {
		t.Errorf("an entry comes back as %+v, %v", e, err)
	}
	// Version 2 knew reports without readings: each had a byte less at its end.
	received := time.UnixMilli(1.7e12).UTC()
	old.reports = []journaled{{Report: Report{Device: "van", Received: received, Key: 5, Fixes: []geofence.Fix{}}, marks: []Marks{}}}
	old.ticks = []tick{{device: "van", now: 7}}
	value = old.append(nil)
	value = value[:len(value)-1] // there were no hand-offs before version 4
	value[0] = 3
	if e, err := parseEntry(9, value); err != nil || !reflect.DeepEqual(e, old) {
		t.Errorf("an entry of version 3 comes back as %+v, %v", e, err)
	}
	value[0] = 2
	end := bytes.LastIndex(value, []byte{255, 0, 0}) + 2
	if e, err := parseEntry(9, slices.Delete(value, end, end+1)); err != nil || !reflect.DeepEqual(e, old) {
		t.Errorf("an entry of version 2 comes back as %+v, %v", e, err)
	}
	s := &shard{tracks: make(map[DeviceID]*track)}
	van := s.track("van")
	van.engine = geofence.NewState("van")
	value, err := s.checkpoint(9)
	if err != nil {
		t.Fatal(err)
	}
	// Since then, keys of fixes have gone and what follows packed has been added.
	value[0] = 4
	if err := (&shard{tracks: make(map[DeviceID]*track)}).restore(value[:len(value)-1]); err != nil {
		t.Errorf("a checkpoint from before hand-offs were awaited: %v", err)
	}
	value = append(value[:len(value)-7], 0, 0)
	value[0] = 1
	again := &shard{tracks: make(map[DeviceID]*track)}
	if err := again.restore(value); err != nil || !again.track("van").history.partial {
		t.Errorf("a checkpoint comes back as %+v, %v", again.track("van"), err)
	}
}

// TestHistoryRoundTrip checkpoints what reviews need.
func TestHistoryRoundTrip(t *testing.T) {
	s := &shard{tracks: make(map[DeviceID]*track)}
	want := history{late: 1.7e12, partial: true, withdrawn: []withdrawal{{"geofence.exit", "depot", 7, 1.7e12}}, awaited: []awaited{{1.7e12, "s"}}}
	s.track("van").history = want
	value, err := s.checkpoint(9)
	if err != nil {
		t.Fatal(err)
	}
	again := &shard{tracks: make(map[DeviceID]*track)}
	if err := again.restore(value); err != nil || !reflect.DeepEqual(again.track("van").history, want) {
		t.Errorf("%+v comes back as %+v, %v", want, again.track("van").history, err)
	}
}

func TestBlocksHoldEveryFixOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var fixes []TrackPoint
	for range 2000 {
		f := rounded(randomFix(rng))
		f.Time = geofence.Millis(1.7e12 + rng.Int64N(4*3600)*1000)
		fixes = append(fixes, TrackPoint{Fix: f, Received: time.UnixMilli(1.8e12).UTC()})
	}
	blocks := packBlocks("van", 5, slices.Clone(fixes))
	seen := make(map[BlockKey]bool)
	var got []TrackPoint
	for _, b := range blocks {
		if seen[b.BlockKey] {
			t.Fatalf("two blocks have the key %+v", b.BlockKey)
		}
		seen[b.BlockKey] = true
		part, err := unpackBlock(b.Value)
		if err != nil {
			t.Fatal(err)
		}
		if part[0].Fix.Time != b.First {
			t.Errorf("block %+v begins at %d", b.BlockKey, part[0].Fix.Time)
		}
		if span := part[len(part)-1].Fix.Time - b.First; span >= geofence.Millis(blockSpan.Milliseconds()) {
			t.Errorf("block %+v spans %d ms", b.BlockKey, span)
		}
		got = append(got, part...)
	}
	slices.SortStableFunc(fixes, func(a, b TrackPoint) int { return int(a.Fix.Time - b.Fix.Time) })
	if !reflect.DeepEqual(got, fixes) {
		t.Errorf("%d fixes come back as %d, or differ", len(fixes), len(got))
	}
}

// TestBytesPerFix holds the promise of at most 16 bytes a fix at rest for a
// van that reports accuracy, speed and heading every ten seconds.
func TestBytesPerFix(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	var fixes []TrackPoint
	at, speed, heading := orb.Point{-8.63, 52.66}, 9.0, 40.0
	for i := range blockFixes {
		speed = min(max(speed+rng.NormFloat64()*2, 0), 25)
		heading = math.Mod(heading+rng.NormFloat64()*15+360, 360)
		sin, cos := math.Sincos(heading * math.Pi / 180)
		at[0] += 10 * speed * sin / 67000
		at[1] += 10 * speed * cos / 111000
		now := int64(1.7e12) + int64(i)*10_000
		fixes = append(fixes, TrackPoint{
			Received: time.UnixMilli(now + 300 + rng.Int64N(500)).UTC(),
			Fix: rounded(geofence.Fix{
				Time: geofence.Millis(now), Point: at,
				AccuracyMeters: float32(4 + rng.Float64()*3), SpeedMPS: float32(speed), HeadingDegrees: float32(heading),
				Known: geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading,
			}),
		})
	}
	perFix := float64(len(packBlock(fixes))) / float64(len(fixes))
	t.Logf("%.1f bytes a fix", perFix)
	if perFix > 16 {
		t.Errorf("%.1f bytes a fix, want at most 16", perFix)
	}
}

func FuzzParseEntry(f *testing.F) {
	e := entry{seq: 1, world: 1, reports: []journaled{{
		Report: Report{Device: "a", Received: time.UnixMilli(1.7e12), Fixes: []geofence.Fix{{Time: 1.7e12}}},
		marks:  []Marks{0},
	}}}
	f.Add(e.append(nil))
	e.reviews = []journaledReview{{device: "a", late: 5, state: []byte("s"), withdrawn: []withdrawal{{"t", "s", 1, 2}}}}
	e.ticks = []tick{{device: "a", now: 5}}
	f.Add(e.append(nil))
	f.Add([]byte{entryVersion, 1, 0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := parseEntry(1, value)
		if err != nil {
			return
		}
		again, err := parseEntry(1, e.append(nil))
		if err != nil || len(again.reports) != len(e.reports) {
			t.Errorf("what was accepted does not come back: %v", err)
		}
	})
}

func FuzzUnpackBlock(f *testing.F) {
	f.Add(packBlock([]TrackPoint{{Fix: geofence.Fix{Time: 1.7e12}, Received: time.UnixMilli(1.7e12)}}))
	f.Add([]byte{blockVersion, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, value []byte) {
		if fixes, err := unpackBlock(value); err == nil && len(fixes) > len(value) {
			t.Errorf("%d fixes of %d bytes", len(fixes), len(value))
		}
	})
}
