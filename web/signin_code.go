package web

import (
	"crypto/rand"
	"crypto/sha256"
	"maps"
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
	mu   sync.Mutex
	open map[codeHash]openCode
	// dropped is when those who were signed out everywhere last were.
	dropped map[person]time.Time
}

// openCode is a link that can be used.
type openCode struct {
	expires time.Time
	// who it signs in; nobody in particular for an admin.
	who person
}

func newCodes() *codes {
	return &codes{open: make(map[codeHash]openCode), dropped: make(map[person]time.Time)}
}

// issue makes a code of 128 random bits that can be used once, for ttl.
func (c *codes) issue(ttl time.Duration, who person) (code string, expires time.Time) {
	code, expires = rand.Text(), time.Now().Add(ttl)
	c.put(code, openCode{expires, who})
	return code, expires
}

// put makes code usable, again where a use came to nothing.
func (c *codes) put(code string, as openCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.makeRoom()
	c.open[sha256.Sum256([]byte(code))] = as
}

// drop makes the links of a person worthless.
func (c *codes) drop(p person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped[p] = time.Now()
	maps.DeleteFunc(c.open, func(_ codeHash, o openCode) bool { return o.who == p })
}

// droppedSince tells whether the links of a person were dropped after a time.
func (c *codes) droppedSince(p person, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped[p].After(at)
}

func (c *codes) makeRoom() {
	now := time.Now()
	maps.DeleteFunc(c.open, func(_ codeHash, o openCode) bool { return !now.Before(o.expires) })
	for len(c.open) >= maxCodes {
		delete(c.open, c.first())
	}
}

// first is the code that expires before all others.
func (c *codes) first() (first codeHash) {
	var at time.Time
	for h, o := range c.open {
		if at.IsZero() || o.expires.Before(at) {
			first, at = h, o.expires
		}
	}
	return first
}

// redeem uses code up.
func (c *codes) redeem(code string) (was openCode, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := codeHash(sha256.Sum256([]byte(code)))
	was, ok = c.open[h]
	delete(c.open, h)
	return was, ok && time.Now().Before(was.expires)
}
