package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wayguard/tracker"
)

// problem is an error with an answer for the client (RFC 9457). It says what
// to do, not what is inside.
type problem struct {
	status int
	detail string
	// parameter or member is the part of the request that is wrong, if one is.
	parameter, member string
	// earliest is the least value of the parameter that there is an answer to,
	// nil where the value is not the matter.
	earliest any
	// retryAfter is when to come back, zero for no promise.
	retryAfter time.Duration
	// header is what the status asks for beside Retry-After, such as Allow.
	header map[string]string
}

func (p *problem) Error() string { return p.detail }

type problemJSON struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Parameter string `json:"parameter,omitempty"`
	Member    string `json:"member,omitempty"`
	Earliest  any    `json:"earliest,omitempty"`
}

func (p *problem) write(w http.ResponseWriter) {
	p.setHeaders(w.Header())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.status)
	// The client may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(p.json())
}

func (p *problem) json() *problemJSON {
	return &problemJSON{
		Type:      "about:blank",
		Title:     http.StatusText(p.status),
		Status:    p.status,
		Detail:    p.detail,
		Parameter: p.parameter,
		Member:    p.member,
		Earliest:  p.earliest,
	}
}

func (p *problem) setHeaders(h http.Header) {
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Length", "ETag"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", retryAfterSeconds(p.retryAfter))
	}
	for name, value := range p.header {
		h.Set(name, value)
	}
}

// storeRetry is when to come back after tracker.ErrUnavailable: a disk is not
// freed faster.
const storeRetry = 5 * time.Second

// problemOf says what err means to a client. ok is false for an error that
// nobody foresaw: its text stays here.
func problemOf(err error) (p *problem, ok bool) {
	var tooLarge *http.MaxBytesError
	var before *repeated
	switch {
	case errors.As(err, &p):
		return p, true
	case errors.As(err, &tooLarge):
		return &problem{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("The body must not be larger than %d bytes.", tooLarge.Limit)}, true
	case errors.Is(err, tracker.ErrNotFound):
		return notFound("There is no such thing, or no longer."), true
	case errors.Is(err, tracker.ErrGone):
		return &problem{status: http.StatusGone, detail: "Some of it has just become too old to be kept: ask again."}, true
	case errors.Is(err, tracker.ErrReused):
		return &problem{status: http.StatusUnprocessableEntity, detail: "This Idempotency-Key was used for another request: send a new one."}, true
	case errors.Is(err, tracker.ErrUnderWay):
		return &problem{status: http.StatusConflict, detail: upperFirst(tracker.ErrUnderWay.Error()) + "."}, true
	case errors.As(err, &before):
		return &problem{status: http.StatusConflict, detail: "This was done before, by the same Idempotency-Key, and is not done again; what was answered then is not known any more. If that was a secret, ask for a new one with a new key."}, true
	case errors.Is(err, tracker.ErrExists):
		return &problem{status: http.StatusConflict, detail: "The id is already taken: choose another one, or change the existing thing."}, true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &problem{status: http.StatusServiceUnavailable, detail: "The server could not store the change in time. It may still do so: look before you repeat it.", retryAfter: storeRetry}, true
	case errors.Is(err, tracker.ErrUnavailable):
		return &problem{status: http.StatusServiceUnavailable, detail: "The server cannot store anything at the moment. Nothing was changed; try again later.", retryAfter: storeRetry}, true
	case errors.Is(err, tracker.ErrDeviceID):
		return badMember("id", err.Error()), true
	case errors.Is(err, tracker.ErrBadFence):
		return &problem{status: http.StatusUnprocessableEntity, detail: err.Error()}, true
	}
	return &problem{status: http.StatusInternalServerError, detail: "Something went wrong here. The server's log says what."}, false
}

func notFound(detail string) *problem {
	return &problem{status: http.StatusNotFound, detail: detail}
}

func badRequest(detail string) *problem {
	return &problem{status: http.StatusBadRequest, detail: detail}
}

// badParameter is about a parameter of the query.
func badParameter(name, detail string) *problem {
	return &problem{status: http.StatusBadRequest, detail: name + ": " + detail, parameter: name}
}

// badMember is about a member of a body that is well-formed JSON.
func badMember(name, detail string) *problem {
	return &problem{status: http.StatusUnprocessableEntity, detail: name + ": " + detail, member: name}
}
