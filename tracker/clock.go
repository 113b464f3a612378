package tracker

import (
	"sync"
	"time"
)

// Clock tells the time to all parts of a server that ask when something in the
// fleet's day happened or is due: receipts, silence, patience with late fixes,
// hand-offs, zones that expire, what is listed up to now. Nil is the system's;
// one of NewClock lets a day pass in minutes. What concerns the machine or
// strangers stays with the system's clock: deadlines of connections, limits by
// rate, credentials, sessions, retries, checkpoints. Its methods may be called
// from any goroutine.
type Clock struct {
	mu sync.Mutex
	// real is when the clock showed shown, from when on it runs at speed.
	real, shown time.Time
	speed       float64
	paused      bool
}

// NewClock makes a clock that shows start now and runs speed times as fast as
// the system's. It panics where speed is not positive.
func NewClock(start time.Time, speed float64) *Clock {
	c := &Clock{real: time.Now(), shown: start.Round(0)}
	c.SetSpeed(speed)
	return c
}

// SetSpeed lets the clock run on at another speed from now, which it panics
// about where it is not positive.
func (c *Clock) SetSpeed(speed float64) {
	if !(speed > 0) {
		panic("tracker: a clock must run forward")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.speed = speed
}

// Pause stops the clock, until Resume lets it run on from where it stands.
func (c *Clock) Pause() { c.stop(true) }

// Resume lets a paused clock run on.
func (c *Clock) Resume() { c.stop(false) }

func (c *Clock) stop(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.paused = paused
}

// anchor begins a stretch of another speed. mu is held.
func (c *Clock) anchor() {
	now := time.Now()
	c.real, c.shown = now, c.at(now)
}

func (c *Clock) at(t time.Time) time.Time {
	if c.paused {
		return c.shown
	}
	return c.shown.Add(time.Duration(float64(max(0, t.Sub(c.real))) * c.speed))
}

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	return c.At(time.Now())
}

// At is what the clock showed when the system's clock showed t; before the last
// change of its speed, what it showed at that change.
func (c *Clock) At(t time.Time) time.Time {
	if c == nil {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(t)
}

// Since is the time that has passed on the clock.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until is the time that has yet to pass on the clock.
func (c *Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// Real is how long d takes on the system's clock at the speed of the moment, a
// pause aside: for timers, whose owner looks at the clock again when they end.
func (c *Clock) Real(d time.Duration) time.Duration {
	if c == nil || d <= 0 {
		return d
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, time.Duration(float64(d)/c.speed))
}
