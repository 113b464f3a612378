package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	"wayguard/tracker"
)

// says is a notification about one address.
func says(to string, failed *SendError) func(string) (*SendError, bool) {
	return func(address string) (*SendError, bool) { return failed, address == to }
}

// A mail that comes back later has the message go on, where the server has given
// up; only a mailbox that there is not is written to no more.
func TestBounced(t *testing.T) {
	gone := &SendError{Code: "5.1.1", Reason: "there is no such mailbox", Permanent: true, Dead: true}
	for name, test := range map[string]struct {
		failed     *SendError
		to         string
		error      error
		state      State
		reason     string
		suppressed bool
	}{
		"no such mailbox": {failed: gone, state: Sent, suppressed: true},
		"full":            {failed: &SendError{Code: "5.2.2", Reason: "no", Permanent: true}, state: Sent},
		"not in time":     {failed: &SendError{Code: "4.4.1", Reason: "no", Permanent: true}, state: Sent},
		"delayed":         {failed: &SendError{Code: "4.4.1", Reason: "waits"}, state: Sent, reason: "waits (4.4.1)"},
		"brought":         {state: Sent},
		"to a stranger":   {failed: gone, to: "secret-van-b@email.example", error: ErrStranger, state: Sent},
	} {
		t.Run(name, func(t *testing.T) {
			mail, text := &sink{channel: Email}, &sink{channel: SMS}
			h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email, SMS}}, mail, text)
			h.recipients("van-a")
			h.mustEnter("van-a", 1)
			receipt := h.settled(10*time.Second, 1)[0].Receipt
			to := "secret-van-a@email.example"
			if test.to != "" {
				to = test.to
			}
			if err := h.Bounced(t.Context(), receipt, says(to, test.failed)); !errors.Is(err, test.error) {
				t.Fatal(err)
			}
			moves := test.error == nil && test.failed != nil && test.failed.Permanent
			if moves {
				until(t, "the text message", 10*time.Second, func() bool { return len(text.messages()) == 1 })
			}
			e := h.settled(10*time.Second, 1)[0]
			if (e.Channel == SMS) != moves || e.State != test.state || e.Reason != test.reason {
				t.Errorf("%s over %s: %q, tries %+v", e.State, e.Channel, e.Reason, e.Tries)
			}
			for _, address := range []string{"secret-van-a@email.example", "secret-van-b@email.example"} {
				if _, found := h.suppressed.Find(Email, address); found != (test.suppressed && address == to) {
					t.Errorf("%s is suppressed: %v", address, found)
				}
			}
			if len(mail.messages()) != 1 {
				t.Errorf("%d mails", len(mail.messages()))
			}
		})
	}
}

// A mail may come back before it is noted that it was sent; what is unknown, told
// twice or of somebody who was erased changes nothing.
func TestBouncedEarlyLateAndTwice(t *testing.T) {
	gone := &SendError{Code: "5.1.1", Reason: "there is no such mailbox", Permanent: true, Dead: true}
	early := make(chan error, 1)
	mail := &sink{channel: Email}
	var h *house
	mail.answer = func(_ context.Context, m *Message, _ int) error {
		go func() {
			early <- h.Bounced(context.Background(), "receipt-"+m.ID, says("secret-van-a@email.example", gone))
		}()
		time.Sleep(50 * time.Millisecond)
		return nil
	}
	h = startHouse(t, t.TempDir(), &town{channels: []Channel{Email}}, mail)
	h.recipients("van-a")
	h.mustEnter("van-a", 1)
	if err := <-early; err != nil {
		t.Fatal(err)
	}
	e := h.settled(10*time.Second, 1)[0]
	if e.State != Dead || e.Reason != "email: not brought: there is no such mailbox (5.1.1)" || h.metrics.dead.Load() != 1 {
		t.Errorf("%+v, %d dead letters", e, h.metrics.dead.Load())
	}
	for _, receipt := range []string{e.Receipt, "nothing", ""} {
		if err := h.Bounced(t.Context(), receipt, says("secret-van-a@email.example", gone)); !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("%q: %v", receipt, err)
		}
	}
	if n := h.metrics.dead.Load(); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

// Of whoever was erased nobody can say any more what they were sent.
func TestBouncedOfTheErased(t *testing.T) {
	h := startHouse(t, t.TempDir(), &postman{town{channels: []Channel{Email}}}, &sink{channel: Email})
	d := h.deliver()
	e := h.settled(10*time.Second, 1)[0]
	if _, err := h.fleet.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, tracker.DeliveryCancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.fleet.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	everybody := func(string) (*SendError, bool) { return &SendError{Reason: "no", Permanent: true, Dead: true}, true }
	if err := h.Bounced(t.Context(), e.Receipt, everybody); !errors.Is(err, ErrStranger) {
		t.Error(err)
	}
	if after, _, err := h.Find(e.ID); err != nil || after.State != Sent {
		t.Errorf("%+v, %v", after, err)
	}
}
