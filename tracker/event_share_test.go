package tracker

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

func TestShared(t *testing.T) {
	e := Event{Type: "drop.wrong_address", Subject: "mine", Device: "van", Point: &orb.Point{1, 2}, Detail: []byte(`{"episode":1,"likely":"theirs","served":"theirs","probability":0.99}`)}
	text, err := e.Shared().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"theirs", "van", `"lon":1`} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is shared in %s", secret, text)
		}
	}
	if !strings.Contains(string(text), `"probability":0.99`) || !strings.Contains(string(text), `"episode":1`) {
		t.Errorf("shared is only %s", text)
	}
	if string(e.Detail) == string(e.Shared().Detail) || e.Device != "van" {
		t.Error("the event itself was changed")
	}
	if got := (Event{Type: "delivery.created"}).Shared(); got.Detail != nil {
		t.Errorf("an event without detail gets %s", got.Detail)
	}
}
