package notify

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// busyFor is a carrier that once takes nothing for a while, and counts what it is
// asked to send.
func busyFor(c Channel, after time.Duration) (carrier *sink, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	carrier = &sink{channel: c, answer: func(context.Context, *Message, int) error {
		if asked.Add(1) == 1 {
			return &SendError{Code: "429", Reason: "no more for now", After: after, Busy: true}
		}
		return nil
	}}
	return carrier, asked
}

// A service that takes no more is asked for nothing as long as it says, while
// others go on; then all goes out.
func TestABusyServiceIsLeftAlone(t *testing.T) {
	onTime(t, func(t *testing.T) {
		mail, asked := busyFor(Email, 30*time.Second)
		text := &sink{channel: SMS}
		h := startHouse(t, t.TempDir(), halves{&town{}}, mail, text)
		const each = 20
		ids := []string{"van-first"}
		for i := range each {
			ids = append(ids, fmt.Sprintf("van-%d-mail", i), fmt.Sprintf("van-%d-sms", i))
		}
		h.recipients(ids...)
		h.mustEnter("van-first", 1)
		until(t, "the first request", 5*time.Second, func() bool { return asked.Load() == 1 })
		began := time.Now()
		for _, id := range ids[1:] {
			h.mustEnter(id, 1)
		}
		until(t, "the text messages", 5*time.Second, func() bool { return len(text.messages()) == each })
		time.Sleep(29*time.Second - time.Since(began))
		if n := asked.Load(); n != 1 {
			t.Errorf("%d requests while the service takes none", n)
		}
		time.Sleep(4 * time.Second)
		if n := len(mail.messages()); n != each+1 || asked.Load() != each+2 {
			t.Errorf("%d mails by %d requests after the pause, want %d", n, asked.Load(), each+1)
		}
		h.stop()
	})
}

// Neither a service that asks for hours nor one that asks for longer than a message
// has keeps it: it goes out after ten minutes, or over the next channel at once.
func TestAPauseIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		after, lasts time.Duration
		channel      Channel
		least        time.Duration
	}{
		"for hours":      {5 * time.Hour, time.Hour, Email, MaxPause},
		"for a moment":   {0, time.Hour, Email, leastPause},
		"for too long":   {6 * time.Minute, 8 * time.Minute, SMS, 0},
		"not for longer": {3 * time.Minute, 8 * time.Minute, Email, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			onTime(t, func(t *testing.T) {
				mail, asked := busyFor(Email, test.after)
				h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email, SMS}, lasts: test.lasts}, mail, &sink{channel: SMS})
				h.recipients("van-a", "van-b")
				h.mustEnter("van-a", 1)
				until(t, "the first request", 5*time.Second, func() bool { return asked.Load() == 1 })
				began := time.Now()
				h.mustEnter("van-b", 1)
				for _, e := range h.settled(time.Hour, 2) {
					if took := e.Done.Sub(began); e.To.ID == "van-b" && (e.State != Sent || e.Channel != test.channel || took < test.least-100*time.Millisecond || took > test.least+2*time.Second) {
						t.Errorf("%s over %s after %v, tries %+v", e.State, e.Channel, took, e.Tries)
					}
				}
				h.stop()
			})
		})
	}
}
