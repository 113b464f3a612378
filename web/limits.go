package web

import (
	"container/list"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the memory of one kind of limit, at about 200 bytes each.
const maxBuckets = 20_000

// Ten failures at once, then one in six seconds: a guess of 128 bits never
// succeeds, a guess of a word from a list takes days.
const (
	failureBurst = 10
	failureEvery = 6 * time.Second
)

// buckets are token buckets by client. The ones used longest ago are forgotten
// first.
type buckets struct {
	limit rate.Limit
	burst int

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of *bucket, newest first
}

type bucket struct {
	key     string
	limiter *rate.Limiter
}

func newBuckets(limit rate.Limit, burst int) *buckets {
	return &buckets{limit: limit, burst: burst, byKey: make(map[string]*list.Element), recent: list.New()}
}

// requestBuckets allow perSecond with bursts of four times as many.
func requestBuckets(perSecond float64) *buckets {
	return newBuckets(rate.Limit(perSecond), max(1, int(math.Ceil(4*perSecond))))
}

func failureBuckets() *buckets { return newBuckets(rate.Every(failureEvery), failureBurst) }

// take uses one token of key; where there is none, it returns how long until
// there is.
func (b *buckets) take(key string) time.Duration {
	l := b.limiter(key)
	if l.Allow() {
		return 0
	}
	return b.untilToken(l)
}

// wait is how long until key has a token, without using one.
func (b *buckets) wait(key string) time.Duration {
	return b.untilToken(b.limiter(key))
}

func (b *buckets) untilToken(l *rate.Limiter) time.Duration {
	missing := 1 - l.Tokens()
	if missing <= 0 {
		return 0
	}
	return max(time.Millisecond, time.Duration(missing/float64(b.limit)*float64(time.Second)))
}

func (b *buckets) limiter(key string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.byKey[key]; ok {
		b.recent.MoveToFront(e)
		return e.Value.(*bucket).limiter
	}
	if b.recent.Len() >= maxBuckets {
		oldest := b.recent.Remove(b.recent.Back()).(*bucket)
		delete(b.byKey, oldest.key)
	}
	l := rate.NewLimiter(b.limit, b.burst)
	b.byKey[key] = b.recent.PushFront(&bucket{key, l})
	return l
}

// limitRequest counts r for its client.
func (s *Server) limitRequest(r *http.Request, who principal) error {
	bs := s.anonymous
	if who.role != "" {
		bs = s.known
	}
	wait := bs.take(s.clientKey(r, who))
	if wait == 0 {
		return nil
	}
	return tooMany("Too many requests: wait as long as Retry-After says.", wait)
}

// clientKey tells clients apart: by session or device, else by address, and the
// holders of the admin token by both.
func (s *Server) clientKey(r *http.Request, who principal) string {
	if who.session != "" {
		return "session " + string(who.session)
	}
	if who.device != "" {
		return "device " + string(who.device)
	}
	if who.person.ID != "" {
		return "person " + who.person.ID
	}
	if who.partner != "" {
		return "partner " + string(who.partner)
	}
	return string(who.role) + " " + addressKey(s.clientAddr(r))
}

func tooMany(detail string, wait time.Duration) error {
	return &problem{status: http.StatusTooManyRequests, detail: detail, retryAfter: wait}
}

// retryAfterSeconds rounds up: coming back a moment early would be refused
// again.
func retryAfterSeconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}
