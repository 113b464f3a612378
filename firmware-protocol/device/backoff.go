package device

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// newRetry gives the pauses between attempts: around one second and then twice
// as long each time, half of it more or less by chance, so that a fleet whose
// server comes back does not return all at once. None is longer than longest.
func newRetry(longest time.Duration) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.Multiplier, b.RandomizationFactor = 2, 0.5
	b.MaxInterval = longest * 2 / 3
	b.InitialInterval = min(time.Second, b.MaxInterval)
	return b
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
