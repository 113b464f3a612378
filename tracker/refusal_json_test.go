package tracker_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"wayguard/tracker"
)

func TestRefuseJSON(t *testing.T) {
	for body, says := range map[string]string{
		`{"a":1,"secret":}`: "from byte 16 on", `{"a":1,"a":2}`: "a name twice", `{"a":"secret"}`: "the wrong type", ``: "is not JSON",
	} {
		var v struct{ A int }
		err := json.Unmarshal([]byte(body), &v, json.MatchCaseInsensitiveNames(true))
		r := tracker.RefuseJSON(err)
		if r.Reason() != tracker.ReasonJSON || !strings.Contains(r.Error(), says) || strings.Contains(r.Error(), "secret") {
			t.Errorf("%s: %v", body, r)
		}
	}
	if r := tracker.RefuseJSON(errors.New("secret")); r.Error() != "the body is not JSON" {
		t.Errorf("%v", r)
	}
}
