package notify

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// deliver makes a delivery, and with it an event of its customer's.
func (h *house) deliver() tracker.Delivery {
	h.t.Helper()
	made, _, err := h.fleet.CreateDeliveries(h.t.Context(), tracker.Once{}, tracker.NewDelivery{
		Contact: tracker.Contact{Name: "Sample Person", Email: "person@example.com"},
		Order:   tracker.Order{Destination: tracker.Destination{Address: "1 Mill Lane", Point: orb.Point{8.5, 50.5}}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return made[0]
}

// postman is a judge that tells customers of their deliveries.
type postman struct{ town }

func (p *postman) Notices(e *tracker.Event, _ time.Time) ([]Notice, []Skip) {
	if e.Type != "delivery.created" {
		return nil, nil
	}
	return []Notice{{
		Kind: "ordered", To: Recipient{ToCustomer, string(e.Customer)}, Channels: p.channels, Event: e.ID, Seq: e.Seq, Time: e.Time,
		Delivery: tracker.DeliveryID(e.Subject), Due: e.KnownAt, Expires: e.KnownAt.Add(time.Hour),
	}}, nil
}

// With the key of a customer goes what they were written.
func TestErasureTakesMessages(t *testing.T) {
	h := startHouse(t, t.TempDir(), &postman{town{channels: []Channel{Email}}})
	d, other := h.deliver(), h.deliver()
	h.settled(10*time.Second, 2)
	of := h.entries(Filter{Delivery: d.ID})
	if len(of) != 1 || of[0].Delivery() != d.ID {
		t.Fatalf("messages of the delivery: %+v", of)
	}
	if _, sight, err := h.Find(of[0].ID); err != nil || sight == nil || sight.Text == "" || sight.HTML == "" {
		t.Fatalf("before: %+v, %v", sight, err)
	}
	if _, err := h.fleet.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, tracker.DeliveryCancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.fleet.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if e, sight, err := h.Find(of[0].ID); err != nil || sight != nil || e.State != Sent {
		t.Errorf("after: %+v, %+v, %v", e, sight, err)
	}
	left := h.entries(Filter{Delivery: other.ID})
	if _, sight, err := h.Find(left[0].ID); err != nil || sight == nil {
		t.Errorf("another customer's message: %+v, %v", sight, err)
	}
}

// A text message that its service could not bring after all goes over the next
// channel.
func TestReportedFailure(t *testing.T) {
	text, mail := &sink{channel: SMS}, &sink{channel: Email}
	h := startHouse(t, t.TempDir(), &town{channels: []Channel{SMS, Email}}, text, mail)
	h.recipients("van-a", "van-b")
	h.mustEnter("van-a", 1)
	h.mustEnter("van-b", 1)
	over := h.settled(10*time.Second, 2)
	at := slices.IndexFunc(over, func(e *Entry) bool { return e.To.ID == "van-a" })
	failed, brought := over[at], over[1-at]
	unknown := &SendError{Code: "30003", Reason: "unreachable", Permanent: true, Dead: true}
	if err := h.Report(t.Context(), SMS, failed.Receipt, unknown); err != nil {
		t.Fatal(err)
	}
	if err := h.Report(t.Context(), SMS, brought.Receipt, nil); err != nil {
		t.Fatal(err)
	}
	until(t, "the mail", 10*time.Second, func() bool { return len(mail.messages()) == 1 })
	over = h.settled(10*time.Second, 2)
	at = slices.IndexFunc(over, func(e *Entry) bool { return e.To.ID == "van-a" })
	if e := over[at]; e.Channel != Email || len(e.Tries) != 1 || e.Tries[0].Reason != "not brought: unreachable (30003)" {
		t.Errorf("the failed one: %+v", e)
	}
	if _, found := h.suppressed.Find(SMS, "secret-van-a@sms.example"); !found {
		t.Error("the dead number is not suppressed")
	}
	for _, receipt := range []string{failed.Receipt, brought.Receipt, "none"} {
		if err := h.Report(t.Context(), SMS, receipt, unknown); !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("reported again: %v", err)
		}
	}
}

// What is too old goes: dead letters later than others, what is on its way never.
func TestOldMessagesGo(t *testing.T) {
	j := &town{channels: []Channel{Email}}
	answer := failing(&SendError{Reason: "no", Permanent: true})
	mail := &sink{channel: Email}
	h := startHouse(t, t.TempDir(), j, mail)
	h.recipients("van-a")
	h.mustEnter("van-a", 50)
	h.settled(20*time.Second, 50)
	h.stop()
	h = startHouse(t, h.dir, j, &sink{channel: Email, answer: answer})
	h.mustEnter("van-a", 50)
	h.settled(20*time.Second, 100)
	h.stop()
	j.hold = 200 * 24 * time.Hour
	h = startHouse(t, h.dir, j, mail)
	h.mustEnter("van-a", 50)
	until(t, "the last messages", 20*time.Second, func() bool { return len(h.entries(Filter{})) == 150 })
	for _, step := range []struct {
		after               time.Duration
		sent, dead, waiting int
	}{{KeepSent - time.Hour, 50, 50, 50}, {KeepSent + time.Hour, 0, 50, 50}, {KeepDead + time.Hour, 0, 0, 50}} {
		if err := h.tidy(t.Context(), time.Now().Add(step.after)); err != nil {
			t.Fatal(err)
		}
		counts := make(map[State]int)
		for _, e := range h.entries(Filter{}) {
			counts[e.State]++
		}
		if counts[Sent] != step.sent || counts[Dead] != step.dead || counts[Waiting] != step.waiting || int(h.metrics.dead.Load()) != step.dead {
			t.Errorf("after %v: %v, %d dead counted", step.after, counts, h.metrics.dead.Load())
		}
	}
	if rows, err := h.fleet.Records(deadBucket, "", "", 10); err != nil || len(rows) > 0 {
		t.Errorf("%d dead letters are indexed: %v", len(rows), err)
	}
}

// The mailbox shows the last thousand, and of older ones the text.
func TestMailboxHasRoomForSome(t *testing.T) {
	h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email}})
	var ids []string
	for i := range 12 {
		ids = append(ids, fmt.Sprint("van-", i))
	}
	h.recipients(ids...)
	for _, id := range ids {
		h.mustEnter(id, 100)
	}
	all := h.settled(30*time.Second, 1200)
	shown := 0
	for i, e := range all {
		_, sight, err := h.Find(e.ID)
		if err != nil || sight == nil || sight.Text == "" {
			t.Fatalf("message %d: %+v, %v", i, sight, err)
		}
		if sight.HTML != "" {
			shown++
		}
	}
	if shown != mailboxRoom {
		t.Errorf("%d are shown, want %d", shown, mailboxRoom)
	}
}

// A page of a list is short rather than slow.
func TestListsGoOn(t *testing.T) {
	h := startHouse(t, t.TempDir(), &town{channels: []Channel{Push}})
	h.recipients("van-a")
	h.mustEnter("van-a", 25)
	all := h.settled(10*time.Second, 25)
	for _, f := range []Filter{{}, {State: Sent}, {Channel: Push}} {
		var ids []string
		for f.Before = ""; ; {
			page, next, err := h.List(f, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				ids = append(ids, e.ID)
			}
			if f.Before = next; next == "" {
				break
			}
		}
		if len(ids) != len(all) || !slices.IsSorted(ids) {
			t.Errorf("%+v: %d of %d", f, len(ids), len(all))
		}
	}
	for _, f := range []Filter{{State: Dead}, {Channel: SMS}, {State: Waiting}, {Delivery: "none"}} {
		if page, next, err := h.List(f, 10); len(page) != 0 || next != "" || err != nil {
			t.Errorf("%+v: %v, %q, %v", f, page, next, err)
		}
	}
}
