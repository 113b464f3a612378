package web

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// maxCodes bounds the open sign-in links; a further one replaces the one that
// would expire first.
const maxCodes = 1000

type codeHash [sha256.Size]byte

// codes are the sign-in links that nobody has used yet, by the hash of the
// code. They end with the process.
type codes struct {
	mu      sync.Mutex
	expires map[codeHash]time.Time
}

func newCodes() *codes { return &codes{expires: make(map[codeHash]time.Time)} }

// issue makes a code of 128 random bits that can be used once, for ttl.
func (c *codes) issue(ttl time.Duration) (code string, expires time.Time) {
	code, expires = rand.Text(), time.Now().Add(ttl)
	c.put(code, expires)
	return code, expires
}

// put makes code usable, again where a use came to nothing.
func (c *codes) put(code string, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.makeRoom()
	c.expires[sha256.Sum256([]byte(code))] = expires
}

func (c *codes) makeRoom() {
	now := time.Now()
	for h, e := range c.expires {
		if !now.Before(e) {
			delete(c.expires, h)
		}
	}
	for len(c.expires) >= maxCodes {
		delete(c.expires, c.first())
	}
}

// first is the code that expires before all others.
func (c *codes) first() (first codeHash) {
	var at time.Time
	for h, e := range c.expires {
		if at.IsZero() || e.Before(at) {
			first, at = h, e
		}
	}
	return first
}

// redeem uses code up.
func (c *codes) redeem(code string) (expires time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := codeHash(sha256.Sum256([]byte(code)))
	expires, ok = c.expires[h]
	delete(c.expires, h)
	return expires, ok && time.Now().Before(expires)
}
