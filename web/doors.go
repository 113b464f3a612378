package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"wayguard/tracker"
)

// Door reads what devices of one kind send over HTTP, by GET or POST to /in/NAME
// with Basic credentials. Who sends it, the limits, the store and the answers are
// this package's: 200 after the report is durable or where there is nothing to
// store, 400 for what can never be right, 403 for what speaks for another
// device, 401, 413, 429, and 503 for what should be sent again.
type Door interface {
	// Name stands in the address, in metrics and in the quarantine.
	Name() string
	// Decode makes a report of a request of device: of its body or, where that
	// is empty, of its query. An error should be a *tracker.Refusal.
	Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error)
	// Answer is the body of the answer, JSON, after the report is stored; empty
	// for none.
	Answer() string
}

// device is the role of a tracker: it may send its own reports, nothing else.
const device role = "device"

// doorRoutes are those of the doors. Some devices know GET only.
func (s *Server) doorRoutes(doors []Door) []route {
	var routes []route
	for _, d := range doors {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			routes = append(routes, route{pattern: method + " /in/" + d.Name(), role: device, handler: s.takeReport(d)})
		}
	}
	return routes
}

// takeReport answers 200 after the report is durable. What can never be right
// goes to the quarantine.
func (s *Server) takeReport(d Door) handler {
	return func(w http.ResponseWriter, r *http.Request, who principal) error {
		received := time.Now()
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			return unreadable(err)
		}
		if len(payload) == 0 {
			payload = []byte(r.URL.RawQuery)
		}
		report, err := d.Decode(who.device, payload, received)
		if err == nil {
			err = change(r, func(ctx context.Context) error { return s.fleet.Accept(ctx, report) })
		}
		outcome, err := s.judge(r, tracker.Refused{Device: who.device, Received: received, Door: d.Name(), Payload: payload}, err)
		s.metrics.reports.WithLabelValues(d.Name(), outcome).Inc()
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		if d.Answer() != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, d.Answer()) // The device may be gone; what it sent is stored.
		return nil
	}
}

// judge says what became of a report, for metrics and for the device, whose
// decoding or storing ended with err.
func (s *Server) judge(r *http.Request, refused tracker.Refused, err error) (outcome string, answer error) {
	var refusal *tracker.Refusal
	status := http.StatusBadRequest
	switch {
	case err == nil:
		return "acknowledged", nil
	case errors.As(err, &refusal):
		if refusal.Ignored() {
			return "ignored", nil
		}
		if refusal.Foreign() {
			status = http.StatusForbidden
		}
		refused.Reason, refused.Detail = refusal.Reason(), refusal.Error()
	case errors.Is(err, tracker.ErrBadReport):
		refused.Reason, refused.Detail = "bad_report", "the report was decoded but cannot be stored"
	case errors.Is(err, tracker.ErrUnknownDevice): // It was deleted since it proved itself.
		return "unavailable", badDevice("There is no such device any more.")
	default:
		return "unavailable", err
	}
	s.metrics.reportRefusals.WithLabelValues(refused.Door, refused.Reason).Inc()
	if err := s.quarantine(r, refused); err != nil {
		return "unavailable", err
	}
	return "quarantined", &problem{status: status, detail: "The report was refused: " + refused.Detail + ". Do not send it again."}
}

// quarantine waits until refused is kept.
func (s *Server) quarantine(r *http.Request, refused tracker.Refused) error {
	return change(r, func(ctx context.Context) error {
		outcome := make(chan error, 1)
		if err := s.fleet.Quarantine(ctx, refused, func(err error) { outcome <- err }); err != nil {
			return err
		}
		select {
		case err := <-outcome:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// guesses slows down whoever tries devices' secrets. Beside the bucket of an
// address, the smaller one of address and name keeps a device with a wrong
// secret, trying for ever, from using up the tokens of those that share its
// address.
type guesses struct{ byAddress, byName *buckets }

func newGuesses() guesses {
	return guesses{byAddress: newBuckets(rate.Every(time.Second), 60), byName: failureBuckets()}
}

// maxUserName is longer than any device's id.
const maxUserName = 256

// authenticateDevice finds which device sent r, by Basic credentials.
func (s *Server) authenticateDevice(r *http.Request) (principal, error) {
	name, secret, ok := deviceCredentials(r)
	if !ok {
		s.metrics.refused("missing")
		return principal{}, badDevice("Send Basic credentials: the device's id and its secret.")
	}
	address := addressKey(s.clientAddr(r))
	if len(name) > maxUserName {
		name = name[:maxUserName]
	}
	own := address + " " + name
	if wait := max(s.guesses.byAddress.wait(address), s.guesses.byName.wait(own)); wait > 0 {
		s.metrics.refused("limited")
		return principal{}, tooMany("Too many wrong credentials: wait as long as Retry-After says.", wait)
	}
	if id, ok := s.fleet.Authenticate(name, secret); ok {
		return principal{role: device, device: id}, nil
	}
	s.guesses.byAddress.take(address)
	s.guesses.byName.take(own)
	s.metrics.refused("device")
	return principal{}, badDevice("The device's id or its secret is wrong.")
}

// deviceCredentials are r's Basic credentials. Ids of two parts hold a colon,
// where RFC 7617 ends the name; secrets hold none, so the last colon does.
func deviceCredentials(r *http.Request) (name, secret string, ok bool) {
	name, secret, ok = r.BasicAuth()
	if i := strings.LastIndexByte(secret, ':'); i >= 0 {
		name, secret = name+":"+secret[:i], secret[i+1:]
	}
	return name, secret, ok
}

// badDevice is a 401 with the challenge of RFC 7617.
func badDevice(detail string) error {
	return &problem{
		status: http.StatusUnauthorized,
		detail: detail,
		header: map[string]string{"WWW-Authenticate": `Basic realm="wayguard", charset="UTF-8"`},
	}
}
