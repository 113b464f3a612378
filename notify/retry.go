package notify

import (
	"math/rand/v2"
	"time"
)

// A carrier that did not take a message is asked again after a random part of
// 4 s, doubled with each attempt up to 10 min: exponential backoff with full
// jitter, which empties a service's backlog soonest with the fewest calls
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
const (
	firstRetry = 4 * time.Second
	lastRetry  = 10 * time.Minute
	// leastRetry keeps jitter from asking at once.
	leastRetry = 500 * time.Millisecond
)

// retryAfter is when to try again after so many attempts, at least after atLeast.
func retryAfter(attempts int, atLeast time.Duration) time.Duration {
	most := lastRetry
	if attempts < 10 {
		most = min(lastRetry, firstRetry<<max(attempts-1, 0))
	}
	return max(leastRetry+rand.N(most), atLeast)
}
