package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// shuttle is a drive to and fro through two fences, one fix a second of its own
// time.
type shuttle struct {
	next int64
	// scrambled has it send each minute backwards.
	scrambled bool
}

const (
	shuttleLeg  = 80
	shuttleStep = 0.00025 // degrees of longitude, 28 m at the equator
)

// shuttleStart is the device time of the first fix, long enough ago that the
// shuttles never catch up with the clock.
func shuttleStart() int64 { return time.Now().Add(-23 * time.Hour).Unix() }

// shuttlePlace is where a shuttle is at a time.
func shuttlePlace(tst int64) orb.Point {
	leg := tst % (2 * shuttleLeg)
	if leg > shuttleLeg {
		leg = 2*shuttleLeg - leg
	}
	return orb.Point{10 + float64(leg)*shuttleStep, 0.001}
}

func shuttleFences() []geofence.Fence {
	return []geofence.Fence{
		{ID: "west", Center: orb.Point{10 + 20*shuttleStep, 0.001}, RadiusMeters: 150},
		{ID: "east", Center: orb.Point{10 + 60*shuttleStep, 0.001}, RadiusMeters: 200},
	}
}

func circleFeature(f geofence.Fence) map[string]any {
	return map[string]any{
		"type": "Feature", "id": string(f.ID),
		"geometry":   map[string]any{"type": "Point", "coordinates": f.Center},
		"properties": map[string]any{"radius_m": f.RadiusMeters},
	}
}

// shuttleMessage is the shuttles' fix of a time.
func shuttleMessage(tst int64) message {
	at := shuttlePlace(tst)
	return message{tst, fmt.Appendf(nil, `{"_type":"location","tid":"s","tst":%d,"lat":%.7f,"lon":%.7f,"acc":5}`, tst, at[1], at[0])}
}

// drive gives one fix after the other.
func (s *shuttle) drive() (message, bool) {
	s.next++
	if s.scrambled {
		minute := s.next / 60 * 60
		return shuttleMessage(minute + 59 - (s.next - minute)), true
	}
	return shuttleMessage(s.next), true
}

// sendAll wants all messages acknowledged on one connection.
func (p *process) sendAll(t *testing.T, r *radio, messages ...message) {
	t.Helper()
	i := 0
	err := r.session(p.mqtt, func() (message, bool) {
		if i++; i > len(messages) {
			return message{}, false
		}
		return messages[i-1], true
	})
	if err != nil {
		t.Fatalf("%s: %v", r.id, err)
	}
}

// shuttleMessages are the shuttles' fixes of n seconds.
func shuttleMessages(from int64, n int) (messages []message) {
	for i := range int64(n) {
		messages = append(messages, shuttleMessage(from+i))
	}
	return messages
}

// drawFences posts the shuttles' fences.
func (p *process) drawFences(t *testing.T) {
	t.Helper()
	for _, f := range shuttleFences() {
		p.call(t, http.MethodPost, "/api/v1/fences", circleFeature(f), http.StatusCreated, nil)
	}
}

// enrol makes n devices of OwnTracks and their radios.
func (p *process) enrol(t *testing.T, user string, n, window int) []*radio {
	t.Helper()
	radios := make([]*radio, n)
	for i := range radios {
		id := fmt.Sprintf("%s:%d", user, i)
		radios[i] = &radio{id: id, secret: p.createDevice(t, id), topic: "owntracks/" + ownTracksPath(id), window: window}
	}
	return radios
}

// publishAll has the radios drive on until stop is called, which returns when
// nothing is on its way any more.
func (p *process) publishAll(fleet []*radio) (stop func()) {
	done := make(chan struct{})
	var publishing sync.WaitGroup
	for _, r := range fleet {
		drive := shuttle{next: max(r.newest(), shuttleStart())}
		publishing.Go(func() {
			r.stay(p.mqtt, done, func() (message, bool) {
				select {
				case <-done:
					return message{}, false
				default:
					return drive.drive()
				}
			})
		})
	}
	return func() { close(done); publishing.Wait() }
}

// awaitAcknowledgements waits until each radio got one later than since.
func awaitAcknowledgements(t *testing.T, fleet []*radio, since time.Time) {
	t.Helper()
	for _, r := range fleet {
		eventually(t, r.id+" is acknowledged again", func() bool {
			acks := r.got()
			return len(acks) > 0 && acks[len(acks)-1].at.After(since)
		})
	}
}
