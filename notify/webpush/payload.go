package webpush

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"wayguard/notify"
)

// maxPayload leaves room for what encryption adds within the 4,096 bytes that
// every push service must take (RFC 8030, section 7.2): 86 of header, 1 of
// padding and 16 of the tag, with some to spare.
const maxPayload = 3900

// note is what the service worker is given: with title and body it shows a
// notification, which replaces one of the same tag and opens link.
type note struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Link  string `json:"link,omitempty"`
	Tag   string `json:"tag"`
	Kind  string `json:"kind"`
	Lang  string `json:"lang,omitempty"`
}

// payload is a message in JSON, its text cut where it would be too long.
func payload(m *notify.Message) ([]byte, error) {
	n := note{Title: m.Subject, Body: m.Text, Link: m.Link, Tag: topic(m), Kind: string(m.Kind), Lang: m.Language}
	for {
		b, err := json.Marshal(n)
		if err != nil {
			return nil, fmt.Errorf("encode a push message: %w", err)
		}
		over := len(b) - maxPayload
		if over <= 0 {
			return b, nil
		}
		if n.Body == "" {
			return nil, &notify.SendError{Code: "413", Reason: "the title and the link are too long", Permanent: true}
		}
		// A byte of text takes one to six in JSON.
		n.Body = cut(n.Body, len(n.Body)-max(over/6, 1)-len("…"))
	}
}

// cut shortens text to at most n bytes and an ellipsis, between characters.
func cut(text string, n int) string {
	if n <= 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// topic is equal for messages that replace each other: those to a customer about
// one delivery. It is 32 characters of base64url (RFC 8030, section 5.4).
func topic(m *notify.Message) string {
	what := "message " + m.ID
	if m.To.Audience == notify.ToCustomer && m.Delivery != "" {
		what = "delivery " + string(m.Delivery)
	}
	sum := sha256.Sum256([]byte(what))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}
