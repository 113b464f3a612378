package firmware

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

// sample is a report with something of everything.
func sample() Report {
	rng := rand.New(rand.NewPCG(3, 0))
	const now = Millis(1_767_225_600_000)
	r := Report{Boot: 3, Sequence: 17, Time: now, Applied: Applied{7, Fetching}, Firmware: "1.4.2"}
	for i := range 9 {
		f := Fix{Time: now - 90_000 + Millis(i)*10_000, Lat: 481_371_540 + int32(i)*900, Lon: 115_761_240 - int32(i)*1200, Known: 15}
		measure(rng, &f)
		r.Fixes = append(r.Fixes, f)
	}
	r.Fixes[4].Flags = Jammed
	r.Readings = []Reading{
		{Kind: Battery, Time: now, Value: 87, More: 3900}, {Kind: Temperature, Time: now, Value: -425},
		{Kind: Seal, Time: now - 5000, Value: SealCut}, {Kind: Scan, Time: now - 1, Text: "4006381333931"},
	}
	return r
}

func sampleDesired() Desired {
	return Desired{
		Version: 7, Issue: 2, Time: 1_767_225_600_000, Moving: 10e9, Resting: 300e9, Report: 4, Seal: SealArm,
		Update: &Update{SHA256: [32]byte{1, 2, 3}, Size: 181_204, Version: "1.5.0", URL: "https://example.org/1.5.0.bin"},
	}
}

// eachSample calls each with every frame of the samples and how to read it.
func eachSample(t *testing.T, each func(name string, p Protection, frame []byte, parse func([]byte) (any, error))) {
	t.Helper()
	up, down := testKeys(t)
	r, d := sample(), sampleDesired()
	for p := range Encrypted + 1 {
		report, err := r.Append(nil, up, p, Decimetre)
		desired, err2 := d.Append(nil, down, p)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		each("report", p, report, func(b []byte) (any, error) {
			got, err := ParseReport(b, keyOf(up, p))
			return got, err
		})
		each("desired", p, desired, func(b []byte) (any, error) {
			got, err := ParseDesired(b, keyOf(down, p))
			return got, err
		})
	}
}

// wantNothing checks that err is one of those and that nothing was decoded.
func wantNothing(t *testing.T, got any, err error, what string, any ...error) {
	t.Helper()
	for _, want := range any {
		if errors.Is(err, want) {
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s: an error came with %+v", what, got)
			}
			return
		}
	}
	t.Errorf("%s: error %v, want one of %v", what, err, any)
}

func TestTruncatedFramesAreRefused(t *testing.T) {
	eachSample(t, func(name string, p Protection, frame []byte, parse func([]byte) (any, error)) {
		if _, err := parse(frame); err != nil {
			t.Fatalf("%s, seal %d: %v", name, p, err)
		}
		for n := range frame {
			got, err := parse(frame[:n:n])
			wantNothing(t, got, err, name, ErrFrame, ErrTag)
		}
	})
}

func TestFlippedBitsAreFound(t *testing.T) {
	eachSample(t, func(name string, p Protection, frame []byte, parse func([]byte) (any, error)) {
		for i := range 8 * len(frame) {
			frame[i/8] ^= 1 << (i % 8)
			got, err := parse(frame)
			switch {
			case i < 16:
				wantNothing(t, got, err, name, ErrVersion, ErrFrame, ErrTag)
			case p == Plain:
				wantNothing(t, got, err, name, ErrFrame)
			default:
				wantNothing(t, got, err, name, ErrTag)
			}
			frame[i/8] ^= 1 << (i % 8)
		}
	})
}

// A body that is cut at any byte under a tag that is right is refused, unless it
// ends between two fields.
func TestTruncatedBodiesAreRefused(t *testing.T) {
	r := sample()
	frame, err := r.Append(nil, nil, Plain, Decimetre)
	if err != nil {
		t.Fatal(err)
	}
	body := frame[headSize : len(frame)-checkSize]
	for n := range body {
		got, err := ParseReport(plain(kindReport, 3, 17, body[:n]), nil)
		if _, _, whole := split(body[:n]); whole {
			if err != nil {
				t.Errorf("cut between fields at %d: %v", n, err)
			}
			continue
		}
		wantNothing(t, got, err, "cut", ErrFrame)
	}
}

func TestKeysAreOfOneDeviceAndDirection(t *testing.T) {
	r := sample()
	up, down := testKeys(t)
	other, err := UpKey(make([]byte, SecretSize), "berta:van-7")
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, SecretSize)
	if _, err := UpKey(secret[1:], "berta:van-7"); !errors.Is(err, ErrValue) {
		t.Errorf("a short secret: %v", err)
	}
	for p := range Encrypted + 1 {
		frame, err := r.Append(nil, up, p, Decimetre)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []*Key{down, other} {
			got, err := ParseReport(frame, key)
			wantNothing(t, got, err, "a wrong key", ErrTag)
		}
	}
	sealed, err := r.Append(nil, up, Authenticated, Decimetre)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseReport(sealed, nil)
	wantNothing(t, got, err, "no key", ErrTag)
	if _, err := r.Append(nil, nil, Encrypted, Decimetre); !errors.Is(err, ErrValue) {
		t.Errorf("sealed without a key: %v", err)
	}
}
