package broker

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// guesses slows down whoever tries secrets. Each failure costs a token of the
// address and a token of the address and user name together; without tokens
// the secret is not even looked at. The second bucket is the smaller one, so
// that a device with a wrong secret, trying for ever, does not use up the
// tokens of those that share its address.
type guesses struct {
	mu sync.Mutex
	// recent holds the buckets in use since rotated, older those used in the
	// generation before; what is in neither is full.
	recent, older map[guesser]*rate.Limiter
	rotated       time.Time
}

// guesser is who tries: an address, or one user name from there.
type guesser struct {
	from netip.Addr
	name string
}

// What failures are allowed: some at once, then one in every interval.
const (
	failuresOfAddress = 60
	everyOfAddress    = time.Second
	failuresOfName    = 5
	everyOfName       = 15 * time.Second
	// generation is how long a bucket is kept at least, longer than any takes to
	// fill; unless there are generationSize others, which bounds the memory
	// to some megabytes.
	generation     = 2 * time.Minute
	generationSize = 16_384
)

func newGuesses() *guesses { return &guesses{recent: make(map[guesser]*rate.Limiter)} }

// attempt is a try that has been paid for.
type attempt struct {
	at           time.Time
	address, own *rate.Reservation
}

// try reports whether a secret may be checked for name. A success must be
// refunded; until then it counts as a failure, so that many connections at
// once do not get more tries than one after the other.
func (g *guesses) try(from netip.Addr, name string, now time.Time) (attempt, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	address, ok := g.pay(guesser{from: from}, everyOfAddress, failuresOfAddress, now)
	if !ok {
		return attempt{}, false
	}
	own, ok := g.pay(guesser{from, name}, everyOfName, failuresOfName, now)
	if !ok {
		address.CancelAt(now)
		return attempt{}, false
	}
	return attempt{now, address, own}, true
}

func (g *guesses) pay(who guesser, every time.Duration, burst int, now time.Time) (*rate.Reservation, bool) {
	bucket := g.recent[who]
	if bucket == nil {
		g.rotate(now)
		if bucket = g.older[who]; bucket == nil {
			bucket = rate.NewLimiter(rate.Every(every), burst)
		}
		g.recent[who] = bucket
	}
	r := bucket.ReserveN(now, 1)
	if r.DelayFrom(now) > 0 {
		r.CancelAt(now)
		return nil, false
	}
	return r, true
}

// rotate starts a new generation when the present one is old or large.
func (g *guesses) rotate(now time.Time) {
	if len(g.recent) < generationSize && now.Sub(g.rotated) < generation {
		return
	}
	g.older, g.recent, g.rotated = g.recent, make(map[guesser]*rate.Limiter), now
}

// refund takes a success off the account.
func (g *guesses) refund(a attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a.own.CancelAt(a.at)
	a.address.CancelAt(a.at)
}
