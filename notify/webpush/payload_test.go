package webpush

import (
	"encoding/json"
	"strings"
	"testing"

	"wayguard/notify"
)

// FuzzPayload wants every payload to be short enough and whole, and every topic
// to be one.
func FuzzPayload(f *testing.F) {
	f.Add("title", "body", "https://fleet.example/t/x", "d1")
	f.Add("", strings.Repeat("ж🚚", 4000), "", "")
	f.Add("t", strings.Repeat("<\x00\xff", 3000), "l", "d")
	f.Add(strings.Repeat("t", 4000), "b", "", "d")
	f.Fuzz(func(t *testing.T, title, body, link, delivery string) {
		m := &notify.Message{ID: "m", To: notify.Recipient{Audience: notify.ToCustomer}, Content: notify.Content{Subject: title, Text: body, Link: link}}
		b, err := payload(m)
		if err != nil {
			if len(title)+len(link) < 500 {
				t.Errorf("a short title and link were refused: %v", err)
			}
			return
		}
		var n note
		if err := json.Unmarshal(b, &n); err != nil || len(b) > maxPayload {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		if len(n.Tag) != 32 || strings.Trim(n.Tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("topic %q", n.Tag)
		}
	})
}
