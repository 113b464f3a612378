package firmware

import "testing"

// drive is a report of 60 fixes as a van sends it.
func drive() Report {
	r := Report{Boot: 1, Sequence: 1, Time: vectorTime}
	for i := range 60 {
		r.Fixes = append(r.Fixes, Fix{
			Time: vectorTime - 600_000 + Millis(i)*10_000, Known: KnownAccuracy | KnownSpeed | KnownHeading,
			Lat: 481_371_540 + int32(i*i%17)*900, Lon: 115_761_240 - int32(i)*1200, Accuracy: 40, Speed: uint32(80 + i%9), Heading: uint16(i * 5),
		})
	}
	return r
}

func BenchmarkAppend(b *testing.B) {
	r := drive()
	key, _ := testKeys(b)
	for name, p := range vectorSeals {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var frame []byte
			for b.Loop() {
				frame, _ = r.Append(frame[:0], key, p, Decimetre)
			}
		})
	}
}

func BenchmarkParseReport(b *testing.B) {
	r := drive()
	key, _ := testKeys(b)
	for name, p := range vectorSeals {
		frame, err := r.Append(nil, key, p, Decimetre)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseReport(frame, keyOf(key, p)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	text, err := r.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r Report
			if err := r.UnmarshalJSON(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
