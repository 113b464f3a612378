package firmware

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// pick is one of the values, or anything from least to most.
func pick(rng *rand.Rand, least, most int64, values ...int64) int64 {
	if n := rng.IntN(len(values) + 3); n < len(values) {
		return values[n]
	}
	return least + rng.Int64N(most-least+1)
}

func randomText(rng *rand.Rand, most int) string {
	letters := []rune("0123456789abcXYZ.-/ äßé漢🚚\"\\\n")
	text := string(letters[rng.IntN(len(letters))])
	for rng.IntN(12) > 0 {
		if more := text + string(letters[rng.IntN(len(letters))]); len(more) <= most {
			text = more
		}
	}
	return text
}

// randomFixes are a drive now, and noise from end to end of the ranges then.
func randomFixes(rng *rand.Rand, n int) []Fix {
	fixes := make([]Fix, n)
	wild := rng.IntN(3) == 0
	known := Known(rng.IntN(16))
	at := Fix{
		Time: Millis(pick(rng, 0, int64(MaxTime), 0, 1_767_225_600_000)), Lat: int32(pick(rng, -quarterTurn, quarterTurn, 0)),
		Lon: int32(pick(rng, -halfTurn, halfTurn, halfTurn, -halfTurn, halfTurn-3)),
	}
	for i := range fixes {
		at.Known, at.Flags = known, 0
		at.Time = min(at.Time+Millis(pick(rng, 0, 20_000, 0, 10_000)), MaxTime)
		at.Lat = int32(min(max(int64(at.Lat)+rng.Int64N(20_001)-10_000, -quarterTurn), quarterTurn))
		at.Lon = int32(wrap(int64(at.Lon)+rng.Int64N(20_001)-10_000, halfTurn))
		if wild {
			at.Lat = int32(pick(rng, -quarterTurn, quarterTurn, quarterTurn, -quarterTurn, 0))
			at.Lon = int32(pick(rng, -halfTurn, halfTurn, halfTurn, -halfTurn, 0))
			at.Known, at.Flags = Known(rng.IntN(16)), Flags(rng.IntN(4))
			at.Time = min(at.Time+Millis(pick(rng, 0, 1<<40, 0)), MaxTime)
		}
		fixes[i] = at
		measure(rng, &fixes[i])
	}
	return fixes
}

func measure(rng *rand.Rand, f *Fix) {
	if f.Known&KnownAccuracy != 0 {
		f.Accuracy = uint32(pick(rng, 0, 300, 30, 0, MaxAccuracy))
	}
	if f.Known&KnownSpeed != 0 {
		f.Speed = uint32(pick(rng, 0, 300, 0, MaxSpeed, MaxSpeed-1))
	}
	if f.Known&KnownHeading != 0 {
		f.Heading = uint16(pick(rng, 0, 359, 0, 359))
	}
	if f.Known&KnownAltitude != 0 {
		f.Altitude = int32(pick(rng, -100, 9000, MinAltitude, MaxAltitude, 0))
	}
}

func randomReadings(rng *rand.Rand, n int) []Reading {
	readings := make([]Reading, n)
	for i := range readings {
		kind := Kind(rng.IntN(int(Scan-Battery)+1)) + Battery
		r := Reading{Kind: kind, Time: Millis(pick(rng, 0, int64(MaxTime), 0, 1_767_225_600_000))}
		switch kind {
		case Scan:
			r.Text = randomText(rng, MaxText)
		case Temperature:
			r.Value = pick(rng, -4000, 6000, math.MinInt32, math.MaxInt32, 0)
		case Button:
			r.Value = pick(rng, 1, 9, math.MaxInt32)
		case Battery:
			r.Value, r.More = pick(rng, 0, 100, 0, 100), pick(rng, 0, 5000, 0, math.MaxInt32)
		default:
			r.Value = pick(rng, 0, min(kind.most(), 5000), 0, kind.most())
		}
		readings[i] = r
	}
	slices.SortStableFunc(readings, func(a, b Reading) int { return cmp.Compare(a.Kind, b.Kind) })
	return readings
}

func randomReport(rng *rand.Rand) Report {
	r := Report{
		Boot: uint32(pick(rng, 0, math.MaxUint32, 0, math.MaxUint32)), Sequence: uint32(pick(rng, 1, math.MaxUint32, 1, math.MaxUint32)),
		Time: Millis(pick(rng, 1, int64(MaxTime), 0, 1_767_225_600_000)),
	}
	if rng.IntN(4) > 0 {
		r.Fixes = randomFixes(rng, 1+rng.IntN(70))
	}
	if rng.IntN(3) == 0 {
		r.Applied = Applied{uint32(pick(rng, 1, math.MaxUint32, 1, math.MaxUint32)), Outcome(rng.IntN(4))}
	}
	if rng.IntN(3) == 0 {
		r.Firmware = randomText(rng, MaxText)
	}
	if rng.IntN(2) == 0 {
		r.Readings = randomReadings(rng, 1+rng.IntN(12))
	}
	return r
}

func randomDesired(rng *rand.Rand) Desired {
	d := Desired{
		Version: uint32(pick(rng, 1, math.MaxUint32, 1)), Issue: uint32(pick(rng, 0, 9, 0)),
		Time: Millis(pick(rng, 1, int64(MaxTime), 0)), Report: uint32(pick(rng, 0, 9, 0, math.MaxUint32)), Seal: SealCommand(rng.IntN(3)),
	}
	if rng.IntN(2) == 0 {
		d.Moving, d.Resting = time.Duration(pick(rng, 1, 600, 604_800))*time.Second, time.Duration(pick(rng, 0, 600, 0))*time.Second
	}
	if rng.IntN(3) == 0 {
		d.Update = &Update{Size: rng.Uint32(), Version: randomText(rng, MaxText), URL: randomText(rng, MaxURL)}
		for i := range d.Update.SHA256 {
			d.Update.SHA256[i] = byte(rng.Uint32())
		}
	}
	return d
}

// rounded is r as it arrives: an oracle in floating point beside the whole
// numbers of the code.
func rounded(r Report, resolution Resolution) Report {
	to := func(v int64, step float64) int64 { return int64(math.Round(float64(v)/step) * step) }
	r.Fixes = slices.Clone(r.Fixes)
	for i := range r.Fixes {
		f := &r.Fixes[i]
		f.Lat, f.Lon = int32(to(int64(f.Lat), float64(resolution))), int32(to(int64(f.Lon), float64(resolution)))
		if f.Lon == halfTurn {
			f.Lon = -halfTurn
		}
		f.Speed, f.Heading = uint32(to(int64(f.Speed), 2)), uint16(to(int64(f.Heading), 2)%360)
	}
	return r
}

func testKeys(t testing.TB) (up, down *Key) {
	t.Helper()
	secret := make([]byte, SecretSize)
	for i := range secret {
		secret[i] = byte(i * 7)
	}
	up, err := UpKey(secret, "berta:van-7")
	if err == nil {
		down, err = DownKey(secret, "berta:van-7")
	}
	if err != nil {
		t.Fatal(err)
	}
	return up, down
}

// keyOf is the key where p needs one.
func keyOf(key *Key, p Protection) *Key {
	if p == Plain {
		return nil
	}
	return key
}

func TestRandomReportsArrive(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	key, _ := testKeys(t)
	for n := range 5000 {
		r := randomReport(rng)
		p, resolution := Protection(rng.IntN(3)), []Resolution{Decimetre, Centimetre}[rng.IntN(2)]
		frame, err := r.Append([]byte("before"), key, p, resolution)
		if err != nil {
			t.Fatalf("seed %d, report %d: %v\n%+v", seed, n, err, r)
		}
		frame = frame[len("before"):]
		got, err := ParseReport(frame, keyOf(key, p))
		if want := rounded(r, resolution); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, report %d: %v\ngot  %+v\nwant %+v", seed, n, err, got, want)
		}
		h, err := ParseHeader(frame)
		if err != nil || h != (Header{r.Boot, r.Sequence, p}) {
			t.Fatalf("seed %d, report %d: header %+v, %v", seed, n, h, err)
		}
	}
}

func TestRandomDesiredStatesArrive(t *testing.T) {
	const seed = 12
	rng := rand.New(rand.NewPCG(seed, 0))
	_, key := testKeys(t)
	for n := range 2000 {
		d := randomDesired(rng)
		p := Protection(rng.IntN(3))
		frame, err := d.Append(nil, key, p)
		if err != nil {
			t.Fatalf("seed %d, state %d: %v", seed, n, err)
		}
		if got, err := ParseDesired(frame, keyOf(key, p)); err != nil || !reflect.DeepEqual(got, d) {
			t.Fatalf("seed %d, state %d: %v\ngot  %+v\nwant %+v", seed, n, err, got, d)
		}
		var again Desired
		if text, err := json.Marshal(d); err != nil || json.Unmarshal(text, &again) != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("seed %d, state %d: %v\n%s\ngot  %+v\nwant %+v", seed, n, err, text, again, d)
		}
	}
}

func TestRandomReportsArriveAsJSON(t *testing.T) {
	const seed = 13
	rng := rand.New(rand.NewPCG(seed, 0))
	for n := range 2000 {
		r := randomReport(rng)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("seed %d, report %d: %v", seed, n, err)
		}
		var got Report
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("seed %d, report %d: %v\n%s\ngot  %+v\nwant %+v", seed, n, err, text, got, r)
		}
	}
}
