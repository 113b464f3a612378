package notify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// oneLine is a text of somebody's as one line that cannot pretend to be more: no
// line breaks, no control characters, none that turn the direction of writing
// around or cannot be seen, at most so many characters.
func oneLine(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u200b', r == '\ufeff', r == '\u2060':
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:most-1])) + "…"
}

// linkPattern is what mail programs make a link of.
var linkPattern = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|www\.|[\pL\pN-]\.[\pL]{2,}\b|@`)

// word is a text of somebody's to be used in a sentence: empty where it holds
// something like a link or an address, so that nobody can have us send theirs.
func word(text string, most int) string {
	if text = oneLine(text, most); linkPattern.MatchString(text) {
		return ""
	}
	return text
}

// gsm7 are the characters of GSM 03.38 that take one place each in an SMS of 160.
const gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// gsmExtended are those that take two.
const gsmExtended = "\f^{}\\[~]|€"

// typewriter are plain characters for some that GSM 03.38 lacks.
var typewriter = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "„", `"`, "–", "-", "—", "-", "…", "...", "\u00a0", " ", "\u202f", " ", "œ", "oe", "Œ", "OE")

// gsmText writes a text with the characters of an SMS of 160 where taking off
// accents is all that it needs. One in another script stays as it is: its reader
// has more of a message in two parts than of one that cannot be read.
func gsmText(text string) string {
	var b strings.Builder
	for _, r := range typewriter.Replace(norm.NFC.String(text)) {
		if isGSM(r) {
			b.WriteRune(r)
			continue
		}
		for _, part := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, part) {
				b.WriteRune(part)
			}
		}
	}
	return b.String()
}

func isGSM(r rune) bool { return strings.ContainsRune(gsm7, r) || strings.ContainsRune(gsmExtended, r) }
