package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// With a full disk nothing is sent that could not be noted; when there is room
// again all goes on, and nothing is lost or comes twice.
func TestFullDisk(t *testing.T) {
	slow := make(chan struct{})
	mail := &sink{channel: Email, answer: func(_ context.Context, _ *Message, _ int) error { <-slow; return nil }}
	h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email}}, mail)
	h.recipients("van-a", "van-b")
	h.mustEnter("van-a", 100)
	until(t, "the messages", 10*time.Second, func() bool { return h.reader.behind() == 0 })
	h.disk.full.Store(true)
	close(slow)
	_ = h.fleet.PutRecords(shortly(t), "test", trackerRecord("a")) // the store is found full
	until(t, "the fleet to notice", 10*time.Second, func() bool { return h.fleet.Ready() != nil })
	time.Sleep(300 * time.Millisecond)
	before := len(mail.messages())
	time.Sleep(300 * time.Millisecond)
	if after := len(mail.messages()); after != before {
		t.Errorf("%d messages were sent with a full disk", after-before)
	}
	if before == 100 {
		t.Error("all were sent before: the test shows nothing")
	}
	h.disk.full.Store(false)
	h.settled(20*time.Second, 100)
	h.mustEnter("van-b", 10)
	h.settled(20*time.Second, 110)
	seen := make(map[string]bool)
	for _, m := range mail.messages() {
		if seen[m.ID] {
			t.Errorf("message %s came twice", m.ID)
		}
		seen[m.ID] = true
	}
	if len(seen) != 110 {
		t.Errorf("%d messages", len(seen))
	}
}

func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// Whatever goes wrong, neither the log nor the metrics nor an error nor what can
// be read without a key holds whom a message was for, or what it said.
func TestNothingPersonalInTheOpen(t *testing.T) {
	leak := errors.New("dial secret-van-a@email.example: Name of van-a https://fleet.example/t/secret-token")
	answers := []error{
		leak, fmt.Errorf("post: %w", leak), context.DeadlineExceeded,
		&SendError{Code: "451", Reason: "later", Err: leak},
		&SendError{Code: "550", Reason: "unknown", Dead: true, Err: leak},
		&SendError{Reason: "no", Permanent: true, Err: leak},
	}
	answer := func(_ context.Context, _ *Message, attempt int) error { return answers[(attempt-1)%len(answers)] }
	onTime(t, func(t *testing.T) {
		h := startHouse(t, t.TempDir(), &mute{town{channels: []Channel{Email, SMS}}}, &sink{channel: Email, answer: answer}, &sink{channel: SMS, answer: answer})
		h.recipients("van-a", "van-b", "van-mute")
		for _, id := range []string{"van-a", "van-b", "van-mute"} {
			h.mustEnter(id, 3)
		}
		h.settled(2*time.Hour, 9)
		h.disk.full.Store(true)
		_ = h.fleet.PutRecords(shortly(t), "test", trackerRecord("a"))
		_, err := h.Resend(shortly(t), h.entries(Filter{})[0].ID)
		h.disk.full.Store(false)
		families, gathered := h.registry.Gather()
		if gathered != nil || len(families) < 8 {
			t.Errorf("%d metrics: %v", len(families), gathered)
		}
		entries := h.entries(Filter{})
		h.stop()
		log := h.log.String()
		if !strings.Contains(log, "held up") || !strings.Contains(log, "not taken") {
			t.Errorf("the log does not tell what went wrong:\n%s", log)
		}
		for _, e := range entries {
			log += fmt.Sprintf("%+v\n", e)
		}
		log += fmt.Sprint(err, families)
		for _, secret := range []string{"secret-", "Name of", "secret-token", "fleet.example"} {
			if at := strings.Index(log, secret); at >= 0 {
				t.Errorf("%q is in the open: …%s…", secret, log[max(0, at-100):min(len(log), at+100)])
			}
		}
	})
}

// mute cannot write to one recipient.
type mute struct{ town }

func (m *mute) Compose(notices []Notice, a Address, c Channel) (Content, error) {
	if notices[0].To.ID == "van-mute" {
		return Content{}, errors.New("there is no template")
	}
	return m.town.Compose(notices, a, c)
}
