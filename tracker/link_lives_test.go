package tracker

import (
	"testing"
	"time"
)

func TestLinkLives(t *testing.T) {
	since := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		state DeliveryState
		after time.Duration
		want  bool
	}{
		{DeliveryCreated, 1000 * time.Hour, true},
		{DeliveryArrived, 1000 * time.Hour, true},
		{DeliveryDelivered, LinkLife - 1, true},
		{DeliveryDelivered, LinkLife, false},
		{DeliveryLeft, LinkLife, false},
		{DeliveryCancelled, LinkLife, false},
		{DeliveryReturned, LinkLife, false},
		{DeliveryFailed, FailedLinkLife - 1, true},
		{DeliveryFailed, FailedLinkLife, false},
	} {
		l := &links{clock: func() time.Time { return since.Add(c.after) }}
		d := &Delivery{Course: Course{State: c.state, Since: since}}
		if got := l.lives(d); got != c.want {
			t.Errorf("%s after %s: %v, want %v", c.state, c.after, got, c.want)
		}
		if d.Erased = true; l.lives(d) {
			t.Errorf("%s after %s: lives though erased", c.state, c.after)
		}
	}
}
