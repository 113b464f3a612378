package notify

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
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

// maxRetryAfter is the longest that a header is believed.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads the header of that name (RFC 9110, section 10.2.3): up to a day,
// 0 where it says nothing that can be read.
func RetryAfter(header string) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(time.Until(at), 0), maxRetryAfter)
}
