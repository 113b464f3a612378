package notify

import "time"

// A service that takes no more from us for now is left alone by the whole lane: to
// ask it again for each message that waits would make it refuse us for longer, and
// use up their attempts. Other lanes go on, and what has no time to wait goes over
// the next channel at once.

// MaxPause bounds for how long a service is left alone, whatever it asks for: one
// wrong answer must not stop a channel for a day.
const MaxPause = 10 * time.Minute

// leastPause is for a service that does not say how long.
const leastPause = time.Second

// Pause is for how long a service is left alone that said to wait so long.
func Pause(after time.Duration) time.Duration { return min(max(after, leastPause), MaxPause) }

// hold leaves the carrier alone until a time.
func (l *lane) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = later(l.held, until)
}

// open is when the carrier takes messages again, now unless it is left alone.
func (l *lane) open(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return later(l.held, now)
}

// giveBack undoes take.
func (l *lane) giveBack(it *laneItem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, it.To)
	l.enqueue(it)
}
