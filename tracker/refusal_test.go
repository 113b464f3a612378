package tracker_test

import (
	"errors"
	"fmt"
	"testing"

	"wayguard/tracker"
)

func TestRefusalOf(t *testing.T) {
	for _, c := range []struct {
		err              error
		reason, text     string
		ignored, foreign bool
	}{
		{tracker.Refuse("bad_json", "not JSON from byte %d on", 7), "bad_json", "not JSON from byte 7 on", false, false},
		{fmt.Errorf("read: %w", tracker.Refuse("bad_json", "cut")), "bad_json", "cut", false, false},
		{tracker.Refuse(tracker.ReasonIgnored, "a card"), tracker.ReasonIgnored, "a card", true, false},
		{tracker.Refuse(tracker.ReasonForeign, "another"), tracker.ReasonForeign, "another", false, true},
		{errors.New("broken"), tracker.ReasonPayload, "broken", false, false},
	} {
		r := tracker.RefusalOf(c.err)
		if r.Reason() != c.reason || r.Error() != c.text || r.Ignored() != c.ignored || r.Foreign() != c.foreign {
			t.Errorf("RefusalOf(%v) = %q, %q, ignored %t, foreign %t", c.err, r.Reason(), r.Error(), r.Ignored(), r.Foreign())
		}
	}
}
