package tracker_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

var tokenPattern = regexp.MustCompile(`^[a-z2-7]{26}$`)

func (f *running) token(t *testing.T, id tracker.DeliveryID) string {
	t.Helper()
	token, ok := f.TrackingToken(id)
	if !ok || !tokenPattern.MatchString(token) {
		t.Fatalf("token %q, %v", token, ok)
	}
	return token
}

// wantLink wants a token to open the delivery, or nothing for the empty id.
func (f *running) wantLink(t *testing.T, token string, want tracker.DeliveryID) {
	t.Helper()
	if d, ok := f.DeliveryByToken(token); d.ID != want || ok != (want != "") {
		t.Errorf("the link opens %q, %v, want %q", d.ID, ok, want)
	}
}

func TestLinkOpensItsDeliveryAndNoOther(t *testing.T) {
	path := newFile(t)
	f := start(t, path)
	one, two := deliver(t, f), deliver(t, f)
	token, other := f.token(t, one.ID), f.token(t, two.ID)
	if token == other || token != f.token(t, one.ID) {
		t.Errorf("tokens %s and %s", token, other)
	}
	f.wantLink(t, token, one.ID)
	f.wantLink(t, strings.ToUpper(token), one.ID)
	for _, wrong := range []string{"", "a", token[1:], token + "a", string(one.ID), other[:13] + token[13:], strings.Repeat("a", 1<<16)} {
		f.wantLink(t, wrong, "")
	}
	renewed, err := f.RenewLink(t.Context(), one.ID, tracker.AnyVersion)
	if err != nil || renewed == token {
		t.Fatalf("renewed %s as %s, %v", token, renewed, err)
	}
	f.wantLink(t, token, "")
	f.wantLink(t, renewed, one.ID)
	f.stop()
	f = start(t, path)
	f.wantLink(t, token, "")
	f.wantLink(t, renewed, one.ID)
	f.wantLink(t, other, two.ID)
}

func TestLinkDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startWith(t, newFile(t), geofence.Settings{Raw: true})
		d := deliver(t, f)
		token := f.token(t, d.ID)
		for _, to := range []tracker.DeliveryState{departed, delivered} {
			if _, err := f.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, to, ""); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(tracker.LinkLife - time.Second)
		f.wantLink(t, token, d.ID)
		time.Sleep(2 * time.Second)
		f.wantLink(t, token, "")
		if _, ok := f.TrackingToken(d.ID); ok {
			t.Error("the token of a dead link is given out")
		}
		if _, err := f.RenewLink(t.Context(), d.ID, tracker.AnyVersion); !errors.Is(err, tracker.ErrBadInput) {
			t.Errorf("a dead link was made anew: %v", err)
		}
	})
}

func TestLinkDiesWithTheErasure(t *testing.T) {
	path := newFile(t)
	f := start(t, path)
	d := deliver(t, f)
	token := f.token(t, d.ID)
	if _, err := f.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, cancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := f.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	f.wantLink(t, token, "")
	f.stop()
	start(t, path).wantLink(t, token, "")
}
