package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/tracker"
)

const (
	// lookEvery is how often a watcher is told what is new; in between, the newest
	// position counts.
	lookEvery = 2 * time.Second
	// closeLinkDead tells a watcher that the link shows nothing any more.
	closeLinkDead = 4004
	// Limits of the live feeds of customers. A household looks with some devices
	// at once, and what hangs is noticed after a while only.
	maxWatchers            = 10_000
	maxWatchersPerDelivery = 20
)

// watchCustomer tells what the page says as it changes, or, to who does not speak
// WebSocket, as it is now.
func (s *Server) watchCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.DeliveryByToken(r.PathValue("token"))
	if !ok {
		return s.refuseLink(r)
	}
	customer, _ := s.fleet.Customer(d.Customer)
	c := &watcher{
		server: s, token: r.PathValue("token"), delivery: d.ID,
		speech: s.guests.texts.speak(r, customer.Language), socket: newSocket(),
	}
	s.guests.guard(w.Header())
	if !websocket.IsWebSocketUpgrade(r) {
		frame, _, err := c.look()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(frame, '\n'))
		return nil
	}
	return c.open(w, r)
}

// refuseLink is showGone for programs.
func (s *Server) refuseLink(r *http.Request) error {
	c := s.guests
	if wait := c.wrong.take(addressKey(s.clientAddr(r))); wait > 0 {
		c.metrics.pages.WithLabelValues("limited").Inc()
		return tooMany("Too many wrong links: wait as long as Retry-After says.", wait)
	}
	c.metrics.pages.WithLabelValues("unknown").Inc()
	return notFound("This link shows nothing: it is not complete, was replaced, or its delivery was some time ago.")
}

// watcher is the live feed of one page.
type watcher struct {
	server   *Server
	token    string
	delivery tracker.DeliveryID
	speech   *speech
	socket

	sent []byte
	// history is that of the delivery's version.
	history []customerMoment
	version uint64
}

func (c *watcher) open(w http.ResponseWriter, r *http.Request) error {
	hub := c.server.guests.watchers
	if err := hub.join(c, string(c.delivery)); err != nil {
		return err
	}
	conn, err := c.server.live.upgrader.Upgrade(w, r, nil)
	if err != nil {
		// Upgrade has answered.
		hub.leave(c)
		return nil
	}
	hub.attach(c, conn)
	go func() {
		defer hub.leave(c)
		c.talk(c.send, c.server.guests.metrics.watched)
	}()
	return nil
}

// look returns a frame of what is to be said now; dead says that the link is.
func (c *watcher) look() (frame []byte, dead bool, err error) {
	d, ok := c.server.fleet.DeliveryByToken(c.token)
	if !ok {
		return nil, true, nil
	}
	t := c.server.tell(&d, c.speech)
	news := t.news()
	if c.version != d.Version {
		if c.history, err = t.history(); err != nil {
			return nil, false, err
		}
		c.version = d.Version
	}
	news.History = c.history
	if frame, err = json.Marshal(news); err != nil {
		return nil, false, fmt.Errorf("encode news: %w", err)
	}
	return frame, false, nil
}

// send writes what is new until the feed ends.
func (c *watcher) send() closing {
	ping, look := time.NewTicker(pingEvery), time.NewTicker(lookEvery)
	defer ping.Stop()
	defer look.Stop()
	for {
		how, ended := c.tell()
		if ended {
			return how
		}
		select {
		case <-look.C:
		case <-ping.C:
			if err := c.write(websocket.PingMessage, nil); err != nil {
				return closingOf(err)
			}
		case how := <-c.ended:
			return how
		case <-c.gone:
			return closing{reason: "client"}
		}
	}
}

func (c *watcher) tell() (how closing, ended bool) {
	frame, dead, err := c.look()
	switch {
	case dead:
		return closing{closeLinkDead, "this link shows nothing any more", "link"}, true
	case err != nil:
		c.server.log.Error("a customer's live feed failed", "delivery", c.delivery, "error", err)
		return closing{websocket.CloseInternalServerErr, "the server cannot tell at the moment", "error"}, true
	case bytes.Equal(frame, c.sent):
		return how, false
	}
	if err := c.write(websocket.TextMessage, frame); err != nil {
		return closingOf(err), true
	}
	c.sent = frame
	return how, false
}
