package webpush

import (
	"maps"
	"net/url"
	"sync"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

// paused are the push services that take no more from us for now, by host. The
// others go on: the addresses of push services come from browsers, so that anybody
// can name one that answers 429 for ever.
type paused struct {
	clock *tracker.Clock
	mu    sync.Mutex
	until map[string]time.Time
}

// left is nil where the service behind an endpoint may be asked.
func (p *paused) left(endpoint string) *notify.SendError {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := p.clock.Until(p.until[hostOf(endpoint)])
	if wait <= 0 {
		return nil
	}
	return &notify.SendError{Code: "429", Reason: busyService, After: wait}
}

// heed leaves a service alone that asks for it. For the lane it is not busy.
func (p *paused) heed(endpoint string, failed *notify.SendError) {
	if failed == nil || !failed.Busy {
		return
	}
	failed.Busy = false
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.until, func(_ string, until time.Time) bool { return !until.After(now) })
	p.until[hostOf(endpoint)] = now.Add(notify.Pause(failed.After))
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}
