package sms_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"wayguard/notify/sms"
)

func TestCount(t *testing.T) {
	for _, test := range []struct {
		name    string
		text    string
		count   int
		units   int
		unicode bool
	}{
		{"empty", "", 0, 0, false},
		{"one letter", "x", 1, 1, false},
		{"full", strings.Repeat("x", 160), 1, 160, false},
		{"one more", strings.Repeat("x", 161), 2, 161, false},
		{"two full", strings.Repeat("x", 306), 2, 306, false},
		{"three", strings.Repeat("x", 307), 3, 307, false},
		{"accents of the alphabet", strings.Repeat("äöüßñèéùìòÇØåΔΩ@£$¥_¡¿§", 1), 1, 23, false},
		{"extension", strings.Repeat("€", 80), 1, 160, false},
		{"extension, one more", strings.Repeat("€", 81), 2, 162, false},
		{"all of the extension", "^{}\\[~]|€\f", 1, 20, false},
		// An extended character would be split at the end of the first segment.
		{"extension at the edge", strings.Repeat("x", 152) + "€" + strings.Repeat("x", 151), 2, 305, false},
		{"extension over the edge", strings.Repeat("x", 152) + "€" + strings.Repeat("x", 152), 3, 306, false},
		{"unicode", "ç", 1, 1, true},
		{"unicode full", strings.Repeat("ж", 70), 1, 70, true},
		{"unicode one more", strings.Repeat("ж", 71), 2, 71, true},
		{"unicode two full", strings.Repeat("ж", 134), 2, 134, true},
		{"unicode three", strings.Repeat("ж", 135), 3, 135, true},
		{"emoji", strings.Repeat("🚚", 35), 1, 70, true},
		{"emoji, one more", strings.Repeat("🚚", 36), 2, 72, true},
		{"emoji at the edge", strings.Repeat("ж", 66) + "🚚" + strings.Repeat("ж", 65), 2, 133, true},
		{"emoji over the edge", strings.Repeat("ж", 66) + "🚚" + strings.Repeat("ж", 66), 3, 134, true},
		{"one mark among letters", strings.Repeat("x", 100) + "“", 2, 101, true},
		{"broken", "\xff", 1, 1, true},
	} {
		got := sms.Count(test.text)
		if got != (sms.Segments{Count: test.count, Units: test.units, Unicode: test.unicode}) {
			t.Errorf("%s: %+v, want %d segments, %d units, unicode %v", test.name, got, test.count, test.units, test.unicode)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"“Bis 10\u202fUhr – ’s kommt…”": `"Bis 10 Uhr - 's kommt..."`,
		"äöü":  "äöü",
		"“ça”": "“ça”", // It stays UCS-2 anyway.
		"":     "",
	} {
		if got := sms.Plain(text); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzCount compares the counts with what must hold of any.
func FuzzCount(f *testing.F) {
	for _, text := range []string{"", "x", "€", "🚚", "ç", strings.Repeat("x", 161), strings.Repeat("ж🚚", 60), "\xff\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := sms.Count(text)
		alone, joined := 160, 153
		if s.Unicode {
			alone, joined = 70, 67
			if units := len(utf16.Encode([]rune(text))); units != s.Units {
				t.Errorf("%d units, want %d", s.Units, units)
			}
		}
		switch {
		case s.Units == 0 && s.Count != 0, s.Units > 0 && s.Units <= alone && s.Count != 1:
			t.Errorf("%+v", s)
		// A character of two units wastes at most one at the end of a segment.
		case s.Units > alone && (s.Count*joined < s.Units || (s.Count-1)*(joined-1) >= s.Units):
			t.Errorf("%+v", s)
		}
		if plain := sms.Count(sms.Plain(text)); plain.Count > s.Count {
			t.Errorf("plain marks cost more: %+v, %+v", plain, s)
		}
	})
}
