package web

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// perFrame is the most positions in one frame.
	perFrame = 10
	// eventsAtOnce and framesAtOnce bound what is sent before a feed looks
	// whether it should end, and thus how long events make positions wait.
	eventsAtOnce = 256
	framesAtOnce = 32
)

// cursors are how far a client has been sent everything.
type cursors struct {
	seq       uint64 // of events
	world     uint64 // the World's version
	alerts    uint64 // that of the alerts
	positions uint64 // of the feed's position log
}

type helloJSON struct {
	Type         string    `json:"type"`
	Seq          uint64    `json:"seq"`
	WorldVersion uint64    `json:"world_version"`
	ServerTime   time.Time `json:"server_time"`
}

// sendHello says where the log ends and starts there, or where the client
// wants to go on. A log that ends before that is another one than the client
// knew, and has nothing to go on from.
func (c *liveClient) sendHello() error {
	world, alerts := c.live.feed.heads()
	seq, start, err := c.live.feed.start(c.after)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoLog, err)
	}
	c.sent = cursors{seq: start, world: world, alerts: alerts}
	return c.writeFrame("hello", helloJSON{"hello", seq, world, c.live.feed.fleet.Clock().Now().UTC()})
}

// sendSome sends some of what there is, and reports whether there may be more. A
// partner gets the events of their own deliveries, and no positions.
func (c *liveClient) sendSome() (more bool, err error) {
	events, err := c.sendEvents()
	if err != nil || c.who.partner != "" {
		return events == eventsAtOnce, err
	}
	if err := c.sendVersions(); err != nil {
		return false, err
	}
	frames, err := c.sendPositions()
	return events == eventsAtOnce || frames == framesAtOnce, err
}

func (c *liveClient) sendEvents() (sent int, err error) {
	events, err := c.live.feed.eventsAfter(c.sent.seq, eventsAtOnce)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoLog, err)
	}
	for _, e := range events {
		if frame := e.frameFor(c.who.partner); frame != nil {
			if err := c.writeText("event", frame); err != nil {
				return 0, err
			}
		}
		c.sent.seq = e.seq
	}
	return len(events), nil
}

// versionJSON tells that fences, or alerts, have changed.
type versionJSON struct {
	Type    string `json:"type"`
	Version uint64 `json:"version"`
}

func (c *liveClient) sendVersions() error {
	world, alerts := c.live.feed.heads()
	if world != c.sent.world {
		c.sent.world = world
		if err := c.writeFrame("world", versionJSON{"world", world}); err != nil {
			return err
		}
	}
	if !c.alerts || alerts == c.sent.alerts {
		return nil
	}
	c.sent.alerts = alerts
	return c.writeFrame("alerts", versionJSON{"alerts", alerts})
}

func (c *liveClient) sendPositions() (frames int, err error) {
	for ; frames < framesAtOnce; frames++ {
		positions, next := c.live.feed.positionsAfter(c.sent.positions, perFrame)
		c.sent.positions = next
		if len(positions) == 0 {
			return frames, nil
		}
		if err := c.writeText("positions", positionsFrame(positions)); err != nil {
			return frames, err
		}
	}
	return frames, nil
}

func positionsFrame(positions [][]byte) []byte {
	const head, tail = `{"type":"positions","positions":[`, `]}`
	size := len(head) + len(tail)
	for _, p := range positions {
		size += len(p) + 1
	}
	frame := append(make([]byte, 0, size), head...)
	for i, p := range positions {
		if i > 0 {
			frame = append(frame, ',')
		}
		frame = append(frame, p...)
	}
	return append(frame, tail...)
}

func (c *liveClient) writeFrame(kind string, v any) error {
	frame, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	return c.writeText(kind, frame)
}

func (c *liveClient) writeText(kind string, frame []byte) error {
	if err := c.write(websocket.TextMessage, frame); err != nil {
		return err
	}
	c.live.metrics.frames.WithLabelValues(kind).Inc()
	return nil
}
