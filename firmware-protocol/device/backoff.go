package device

import (
	"context"
	"math/rand/v2"
	"time"
)

const retryMin = 500 * time.Millisecond

// backoff gives the pauses between attempts: drawn evenly from min to a bound
// that doubles with each attempt up to max, so that a fleet whose server comes
// back does not return all at once ("full jitter" in Marc Brooker's Exponential
// Backoff And Jitter, AWS Architecture Blog, 2015; min keeps a lone device from
// hammering).
type backoff struct {
	min, max time.Duration
	attempts int
}

func (b *backoff) reset() { b.attempts = 0 }

func (b *backoff) next() time.Duration {
	spread := b.bound() - b.min
	b.attempts++
	if spread <= 0 {
		return b.min
	}
	return b.min + rand.N(spread)
}

func (b *backoff) bound() time.Duration {
	bound := 2 * b.min
	for range b.attempts {
		if bound >= b.max/2 {
			return b.max
		}
		bound *= 2
	}
	return min(bound, b.max)
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
