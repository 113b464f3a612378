package owntracks

import (
	"errors"
	"testing"

	"wayguard/tracker"
)

func TestHTTP(t *testing.T) {
	const location = `{"_type":"location","tst":1767225600,"lat":1,"lon":2`
	for payload, want := range map[string]struct {
		fixes  int
		reason string
	}{
		location + `}`: {1, ""},
		location + `,"topic":"owntracks/anna/van7"}`:                          {1, ""},
		location + `,"topic":"owntracks/anna/van7/event"}`:                    {1, ""},
		location + `,"topic":"home/of/anna"}`:                                 {1, ""},
		location + `,"topic":7}`:                                              {1, ""},
		"[" + location + `},` + location + `},{"_type":"lwt","tst":1}]`:       {2, ""},
		location + `,"topic":"owntracks/bert/van7"}`:                          {0, tracker.ReasonForeign},
		location + `,"topic":"owntr\u0061cks/bert/van7"}`:                     {0, tracker.ReasonForeign},
		"[" + location + `},` + location + `,"topic":"owntracks/anna/van8"}]`: {0, tracker.ReasonForeign},
		"[" + location + `},` + location + `,"topic":""},{"_type":"none"}]`:   {0, ReasonUnknownType},
		"":                      {0, tracker.ReasonIgnored},
		`{"_type":"encrypted"}`: {0, ReasonKey},
		`[]`:                    {0, ReasonJSON},
		`_type=location&lat=1`:  {0, ReasonJSON},
		`{"_type":"location"}`:  {0, ReasonTime},
	} {
		r, err := HTTP{}.Decode(device, []byte(payload), received)
		if len(r.Fixes) != want.fixes {
			t.Errorf("%s: %d fixes", payload, len(r.Fixes))
		}
		refused := (*tracker.Refusal)(nil)
		if errors.As(err, &refused) != (want.reason != "") || refused != nil && refused.Reason() != want.reason {
			t.Errorf("%s: %v, want %q", payload, err, want.reason)
		}
		if refused != nil && refused.Foreign() != (want.reason == tracker.ReasonForeign) {
			t.Errorf("%s: foreign %t", payload, refused.Foreign())
		}
	}
}

// FuzzHTTP: a request is what it would be over MQTT, or another device's.
func FuzzHTTP(f *testing.F) {
	for _, s := range append(seeds(), `{"_type":"location","tst":1,"lat":1,"lon":2,"topic":"owntracks/bert/van7"}`, `[{"_type":"location","tst":1,"lat":1,"lon":2,"topic":"owntracks/anna/van7"}]`) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		_, plain := Decode(device, payload, received)
		r, err := HTTP{}.Decode(device, payload, received)
		if err == nil && (plain != nil || len(r.Fixes) == 0) {
			t.Fatalf("accepted, whereas over MQTT: %v", plain)
		}
		refused := (*tracker.Refusal)(nil)
		if errors.As(err, &refused) && plain == nil && !refused.Foreign() {
			t.Fatalf("%v", err)
		}
	})
}
