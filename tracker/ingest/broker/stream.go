package broker

import (
	"errors"
	"time"

	"wayguard/tracker"
)

// stream takes what a device of MQTT 3.1.1 publishes past mochi. Reports that
// were read at once go to the fleet in one sheaf. So a device's reports of one
// read are acknowledged in one write, and it answers with as many at once: handed
// over one by one, a queue that fills up in between parts them for good.
type stream struct {
	hook *hook
	conn *conn
	// topic is that of a door, the last one: a device has one for nearly all it
	// says.
	topic string
	// received is when the present read was.
	received time.Time
	sheaf    tracker.Sheaf
	first    uint64 // place of the sheaf's first report; the others follow
}

// takeReports lets c's reports past mochi: those of MQTT 3.1.1, whose packets
// say nothing else, to topics of doors.
func (h *hook) takeReports(c *conn, keepAlive time.Duration) {
	if c.session.v5 {
		return
	}
	s := &stream{hook: h, conn: c}
	c.inbound.info, c.inbound.keep = h.server.Info, keepAlive+keepAlive/2
	c.inbound.take, c.inbound.rest = s.take, s.hand
}

// take is a taker.
func (s *stream) take(topic, payload []byte, id uint16) (bool, error) {
	h, c := s.hook, s.conn
	if s.topic != string(topic) {
		name := string(topic)
		if h.door(c.session.device, name) == nil {
			return false, nil
		}
		s.topic = name
	}
	h.meter(c, len(topic)+len(payload))
	if c.ending() {
		return true, nil
	}
	if s.received.IsZero() {
		s.received = time.Now()
	}
	n, err := c.acks.take(id, s.received, false)
	if errors.Is(err, errFull) {
		s.hand()
		n, err = c.acks.take(id, time.Now(), true)
	}
	if err == nil {
		s.add(h.judge(c.session.device, s.topic, payload, s.received), n)
	}
	return true, err
}

// add puts a report into the sheaf; whatever else v says is done now.
func (s *stream) add(v verdict, place uint64) {
	t := ticket{h: s.hook, conn: s.conn, place: place}
	if v.outcome != stored {
		s.hook.submit(v, t)
		return
	}
	if place != s.first+uint64(s.sheaf.Len()) {
		s.hand()
	}
	switch err := s.hook.fleet.Gather(&s.sheaf, v.report); {
	case errors.Is(err, tracker.ErrBadReport):
		s.hook.submitBad(v, t)
	case err != nil:
		t.settle(v.outcome, v.code, err)
	case s.sheaf.Len() == 1:
		s.first = place
	}
}

// hand hands over what was read so far.
func (s *stream) hand() {
	s.received = time.Time{}
	if n := s.sheaf.Len(); n > 0 {
		t := sheafTicket{h: s.hook, conn: s.conn, first: s.first, reports: n}
		if err := s.hook.fleet.EnqueueAll(s.hook.ctx, &s.sheaf, t.settle); err != nil {
			t.settle(err)
		}
	}
}

// sheafTicket is a ticket for the reports of a sheaf, at places that follow one
// another.
type sheafTicket struct {
	h       *hook
	conn    *conn
	first   uint64
	reports int
}

// settle is what the fleet calls with the outcome of a commit. It does not
// block.
func (t sheafTicket) settle(err error) {
	if err != nil {
		t.h.metrics.publishes[unavailable].Add(float64(t.reports))
		why := causeOf(err)
		t.conn.blame(why)
		t.conn.acks.abandon(t.first, why.code())
		return
	}
	t.h.metrics.publishes[stored].Add(float64(t.reports))
	t.conn.acks.settleAll(t.first, t.reports)
}
