package notify

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// bundleSpan is how much longer than the first of them needs, messages wait
// for others to join: three events in a minute are one message.
const bundleSpan = time.Minute

// bundleKey is equal for notices that may become one message.
type bundleKey struct {
	To       Recipient `json:"to"`
	Bundle   string    `json:"bundle"`
	Channels string    `json:"channels"`
}

func bundleOf(n *Notice) bundleKey {
	var names []string
	for _, c := range n.Channels {
		names = append(names, string(c))
	}
	return bundleKey{n.To, n.Bundle, strings.Join(names, " ")}
}

// bundle is nil where no other notice may join e. Once a carrier may have taken
// a message over it stays as it is: what joined it later could be taken for a
// duplicate.
func (e *Entry) bundle() *bundleKey {
	n := &e.Notices[0]
	if n.Bundle == "" || e.State != Waiting || len(e.Tries) > 0 || e.Repeats != "" {
		return nil
	}
	key := bundleOf(n)
	return &key
}

// bundles are the messages that others may join, in memory: some 300 bytes for
// each that waits.
type bundles struct {
	mu   sync.Mutex
	open map[bundleKey]string
	// joining are those that a transaction under way adds to.
	joining map[string]bool
}

func newBundles() *bundles {
	return &bundles{open: make(map[bundleKey]string), joining: make(map[string]bool)}
}

// join finds the message that a notice may join, and keeps it from being sent
// until the caller releases it.
func (b *bundles) join(key bundleKey) (id string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, ok = b.open[key]; ok {
		b.joining[id] = true
	}
	return id, ok
}

func (b *bundles) release(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.joining, id)
}

// offer lets others join e.
func (b *bundles) offer(e *Entry) {
	if key := e.bundle(); key != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open[*key] = e.ID
	}
}

// close ends a message's being open before it is sent; false if a notice is
// about to join it.
func (b *bundles) close(key *bundleKey, id string) bool {
	if key == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.joining[id] {
		return false
	}
	if b.open[*key] == id {
		delete(b.open, *key)
	}
	return true
}

// admit adds a notice to a message that waits, unless it would come too late or
// wait for too long. The notices keep the order of their events.
func (e *Entry) admit(n Notice) bool {
	first := &e.Notices[0]
	if n.Due.Sub(later(first.Due, e.Created)) > bundleSpan || !n.Expires.After(e.Due) || len(e.Notices) >= maxNotices {
		return false
	}
	if slices.ContainsFunc(e.Notices, func(o Notice) bool { return entryID(&o) == entryID(&n) }) {
		return true
	}
	e.Notices = append(e.Notices, n)
	e.begin(e.Channel, later(e.Due, n.Due))
	return true
}

// maxNotices is how many notices share a message at most.
const maxNotices = 20
