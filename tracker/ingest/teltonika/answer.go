package teltonika

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/tracker"
)

// answer does with a packet what the package comment says. denied tells that it
// was answered 0; with an error the connection must end. broken is how reading
// the packet ended.
func (s *Server) answer(work context.Context, c *conn, packet []byte, received time.Time, broken error) (denied bool, err error) {
	ctx, cancel := context.WithTimeout(work, c.limits.CommitTime)
	defer cancel()
	var content Content
	if err = broken; err == nil {
		content, err = Decode(c.device, packet, s.options.Fleet.Clock().At(received))
	}
	if err == nil {
		err = s.store(ctx, content)
	}
	var refusal *tracker.Refusal
	switch {
	case err == nil:
		return false, s.acknowledge(c, content, received)
	case errors.As(err, &refusal):
		if err = s.quarantine(ctx, c.device, packet, received, refusal); err == nil {
			return true, s.deny(c)
		}
	case broken != nil:
		return false, broken
	case errors.Is(err, tracker.ErrUnknownDevice):
		return false, endRevoked
	}
	s.metrics.packets[unavailable].Inc()
	c.pause(ctx.Done())
	return false, endUnavailable
}

// store returns when what there is to store is durable.
func (s *Server) store(ctx context.Context, c Content) error {
	if len(c.Report.Fixes)+len(c.Report.Readings) == 0 {
		return nil
	}
	err := s.options.Fleet.Accept(ctx, c.Report)
	if errors.Is(err, tracker.ErrBadReport) {
		return tracker.Refuse(ReasonReport, "the packet was decoded but cannot be stored")
	}
	return err
}

func (s *Server) acknowledge(c *conn, content Content, received time.Time) error {
	outcome, records, fixes := stored, len(content.Packet.Records), len(content.Report.Fixes)
	if fixes+len(content.Report.Readings) == 0 {
		outcome = ignored
	}
	s.metrics.packets[outcome].Inc()
	s.metrics.positions.Add(float64(fixes))
	s.metrics.noPositions.Add(float64(records - fixes))
	if err := c.write(binary.BigEndian.AppendUint32(nil, uint32(records))...); err != nil {
		return err
	}
	s.metrics.latency.Observe(time.Since(received).Seconds())
	return nil
}

func (s *Server) deny(c *conn) error {
	s.metrics.packets[quarantined].Inc()
	return c.write(0, 0, 0, 0)
}

// quarantine counts a refusal and returns when it is kept.
func (s *Server) quarantine(ctx context.Context, device tracker.DeviceID, packet []byte, received time.Time, r *tracker.Refusal) error {
	s.metrics.refusals.WithLabelValues(r.Reason()).Inc()
	sum := xxhash.Sum64(packet)
	if s.refused.kept(device, sum) {
		return nil
	}
	kept := make(chan error, 1)
	err := s.options.Fleet.Quarantine(ctx, tracker.Refused{
		Device: device, Received: s.options.Fleet.Clock().At(received), Door: doorName, Reason: r.Reason(), Detail: r.Error(), Payload: packet,
	}, func(err error) { kept <- err })
	if err != nil {
		return err
	}
	select {
	case err = <-kept:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		s.refused.keep(device, sum)
		s.options.Log.Warn("a Teltonika box sent a packet that can never be right; it is in the quarantine, and the box will send it again",
			"device", device, "reason", r.Reason())
	}
	return err
}

// refused remembers what was last put into the quarantine for each device, so
// that a packet that is sent for ever does not drive the others out of it.
type refused struct {
	mu   sync.Mutex
	last map[tracker.DeviceID]uint64
}

func (r *refused) kept(id tracker.DeviceID, sum uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, ok := r.last[id]
	return ok && last == sum
}

func (r *refused) keep(id tracker.DeviceID, sum uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = make(map[tracker.DeviceID]uint64)
	}
	r.last[id] = sum
}
