package sms

import (
	"strings"
	"unicode/utf16"
)

// Segments are what a text costs.
type Segments struct {
	// Count is the number of segments, each charged for; 0 for an empty text.
	Count int
	// Units are septets of GSM-7 or, where Unicode is set, 16-bit units of
	// UCS-2.
	Units int
	// Unicode: some character is not one of GSM-7.
	Unicode bool
}

// Units that fit into one segment, of a message of one or of several: 140 bytes,
// of which several segments need 6 for a header (3GPP TS 23.040, 9.2.3.24.1).
const (
	septetsAlone, septetsJoined = 160, 153
	ucs2Alone, ucs2Joined       = 70, 67
)

// The GSM 7-bit default alphabet and its extension, whose characters take two
// septets (3GPP TS 23.038, 6.2.1 and 6.2.1.1).
const (
	alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extension = "\f^{}\\[~]|€"
)

// Count says what a text costs. A character that takes two units is never split
// between segments.
func Count(text string) Segments {
	widths, fits := septets(text)
	if fits {
		return count(widths, septetsAlone, septetsJoined)
	}
	s := count(units(text), ucs2Alone, ucs2Joined)
	s.Unicode = true
	return s
}

// septets are the widths of the characters of a text in GSM-7.
func septets(text string) (widths []int, fits bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(alphabet, r):
			widths = append(widths, 1)
		case strings.ContainsRune(extension, r):
			widths = append(widths, 2)
		default:
			return nil, false
		}
	}
	return widths, true
}

// units are the widths of the characters of a text in UCS-2, for which phones
// take UTF-16.
func units(text string) (widths []int) {
	for _, r := range text {
		widths = append(widths, utf16.RuneLen(r))
	}
	return widths
}

func count(widths []int, alone, joined int) (s Segments) {
	for _, w := range widths {
		s.Units += w
	}
	if s.Units <= alone {
		s.Count = min(1, s.Units)
		return s
	}
	s.Count = 1
	filled := 0
	for _, w := range widths {
		if filled+w > joined {
			s.Count++
			filled = 0
		}
		filled += w
	}
	return s
}

// plainMarks are typographic marks and what says the same in GSM-7.
var plainMarks = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "‹", "'", "›", "'",
	"‐", "-", "‑", "-", "–", "-", "—", "-", "−", "-", "…", "...", "•", "-",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u200b", "", "\u00ad", "", "\t", " ",
)

// Plain is text with plain marks instead of typographic ones where that makes it
// fit GSM-7 and costs no more, else text as it is: one quotation mark can double
// the cost.
func Plain(text string) string {
	if _, fits := septets(text); fits {
		return text
	}
	plain := plainMarks.Replace(text)
	if after := Count(plain); !after.Unicode && after.Count <= Count(text).Count {
		return plain
	}
	return text
}
