package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"wayguard/tracker"
)

// heldAnswer is a whole answer, before it is sent.
type heldAnswer struct {
	Status int         `json:"status"`
	Head   http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

func (a *heldAnswer) Header() http.Header { return a.Head }

func (a *heldAnswer) WriteHeader(status int) {
	if a.Status == 0 {
		a.Status = status
	}
}

func (a *heldAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.Body = append(a.Body, b...)
	return len(b), nil
}

func (a *heldAnswer) send(w http.ResponseWriter) {
	for name, values := range a.Head {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	// The client may be gone; there is nobody else to tell.
	_, _ = bytes.NewReader(a.Body).WriteTo(w)
}

// answerOnce has what a route answered first kept before it is sent, so that
// whoever repeats the request is answered the same. What the request made is
// durable by then: a kill in between leaves a request that was done and whose
// answer nobody knows, which is then said.
func (s *Server) answerOnce(rt route, w http.ResponseWriter, r *http.Request, who principal) error {
	b, once := r.Body.(*onceBody)
	if !once || !rt.keeps {
		return rt.handler(w, r, who)
	}
	return s.answerAgain(w, r, b.once, func(w http.ResponseWriter) error { return rt.handler(w, r, who) })
}

// answerAgain answers what was answered to the same request before, else what do
// does, and keeps that if it went well.
func (s *Server) answerAgain(w http.ResponseWriter, r *http.Request, once tracker.Once, do func(http.ResponseWriter) error) error {
	secret := []byte(r.Header.Get("Idempotency-Key"))
	kept, err := s.fleet.Answer(once, secret)
	if err != nil {
		return err
	}
	var first heldAnswer
	if kept != nil {
		if err := json.Unmarshal(kept, &first); err != nil {
			return fmt.Errorf("decode a kept answer: %w", err)
		}
		markRepeated(w, true)
		first.send(w)
		return nil
	}
	first.Head = make(http.Header)
	if err := do(&first); err != nil {
		return err
	}
	if err := s.keepAnswer(r, once, secret, &first); err != nil {
		s.log.Warn("an answer is not kept for whoever repeats the request", "route", r.Pattern, "error", err)
	}
	first.send(w)
	return nil
}

func (s *Server) keepAnswer(r *http.Request, once tracker.Once, secret []byte, first *heldAnswer) error {
	if first.Status >= 300 {
		return nil
	}
	kept, err := json.Marshal(first)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	return s.fleet.KeepAnswer(r.Context(), once, secret, kept)
}
