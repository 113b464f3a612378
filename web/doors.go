package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"wayguard/tracker"
)

// Door reads what devices of one kind send over HTTP, by GET or POST to /in/NAME
// with Basic credentials or with the device's door token as a bearer token, or to
// /in/NAME/TOKEN for apps that have no place for either. Who sends it, the
// limits, the store and the answers are this package's: 200 after the report is
// durable or where there is nothing to store, 400 for what can never be right,
// 403 for what speaks for another device, 401, 413, 429, and 503 for what should
// be sent again.
//
// To add one, see the example, and tracker/ingest/overland for a real one. A door
// for MQTT is a tracker.Door.
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
func (s *Server) doorRoutes() []route {
	var routes []route
	for _, d := range s.doors {
		for _, pattern := range []string{"GET /in/" + d.Name(), "POST /in/" + d.Name()} {
			for _, with := range []string{"", "/{token}"} {
				routes = append(routes, route{pattern: pattern + with, role: device, handler: s.takeReport(d)})
			}
		}
	}
	return routes
}

// takeReport answers 200 after the report is durable. What can never be right
// goes to the quarantine.
func (s *Server) takeReport(d Door) handler {
	return func(w http.ResponseWriter, r *http.Request, who principal) error {
		// Simple devices end their side of the connection with the request, which
		// ends its context. They still wait for the answer.
		r = r.WithContext(context.WithoutCancel(r.Context()))
		received := s.fleet.Clock().Now()
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
