package tracker

import "time"

// Clock tells the time to all parts of a server. Nil is the system's; one of
// NewClock lets a day pass in minutes.
type Clock struct {
	origin, start time.Time
	speed         float64
}

// NewClock makes a clock that shows start now and runs speed times as fast as
// the system's. It panics where speed is not positive.
func NewClock(start time.Time, speed float64) *Clock {
	if !(speed > 0) {
		panic("tracker: a clock must run forward")
	}
	return &Clock{origin: time.Now(), start: start.Round(0), speed: speed}
}

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	return c.start.Add(time.Duration(float64(time.Since(c.origin)) * c.speed))
}

// Since is the time that has passed on the clock.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until is the time that has yet to pass on the clock.
func (c *Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// Real is how long d takes on the system's clock, for timers.
func (c *Clock) Real(d time.Duration) time.Duration {
	if c == nil {
		return d
	}
	return time.Duration(float64(d) / c.speed)
}
