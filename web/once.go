package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"wayguard/tracker"
)

// maxOnceKey is the longest Idempotency-Key in bytes.
const maxOnceKey = 255

// onceBody is the body of a POST with an Idempotency-Key: what is asked for, and
// so what it is known by.
type onceBody struct {
	io.Reader
	fleet *tracker.Fleet
	once  tracker.Once
	// parts counts the changes that the request has made: each is done once.
	parts int
}

func (*onceBody) Close() error { return nil }

// keepOnce reads the body of a request that is to be done once. Routes that do
// so by themselves, rt.parts, read it on their own.
func (s *Server) keepOnce(rt route, r *http.Request, who principal) error {
	if r.Method != http.MethodPost || rt.parts || who.role == "" && !rt.keeps || r.Header.Get("Idempotency-Key") == "" {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	asked := fmt.Appendf(nil, "%s\x00%s\x00", r.URL.Path, r.URL.RawQuery)
	once, err := s.onceOf(r, who, append(asked, body...))
	if err != nil {
		return err
	}
	once.Key += "/request" // apart from what a handler does once by itself
	r.Body = &onceBody{Reader: bytes.NewReader(body), fleet: s.fleet, once: once}
	return nil
}

// repeated is about a change that was made before, by the same request.
type repeated struct {
	// made is the id of what was made then, empty for nothing.
	made string
}

func (*repeated) Error() string { return "done before" }

// again tells whether err is that a change was made before, and of what. The
// answer then shows what was made as it is now.
func again(w http.ResponseWriter, err error) (made string, ok bool) {
	var r *repeated
	if !errors.As(err, &r) {
		return "", false
	}
	markRepeated(w, true)
	return r.made, true
}

// do makes the next change of the request, unless it was made before.
func (b *onceBody) do(ctx context.Context, change func(context.Context) error) error {
	once := b.once.Part(b.parts)
	b.parts++
	made, again, err := b.fleet.DoOnce(ctx, once, change)
	if again {
		return &repeated{made}
	}
	return err
}

// onceOf is how a request is known again, by its Idempotency-Key header (draft
// RFC of the HTTPAPI working group); the zero value without one.
func (s *Server) onceOf(r *http.Request, who principal, body []byte) (once tracker.Once, err error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return once, nil
	}
	if len(key) > maxOnceKey {
		return once, badRequest(fmt.Sprintf("Idempotency-Key must be at most %d bytes.", maxOnceKey))
	}
	named := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", who.role, string(who.partner)+who.person.ID, r.Pattern, key)
	if who.role == "" {
		// The keys of some must not be in the way of others of whom as little is known.
		named = append(append(named, 0), body...)
	}
	name := sha256.Sum256(named)
	return tracker.Once{Key: hex.EncodeToString(name[:]), Print: s.fleet.Fingerprint("request", body)}, nil
}

// markRepeated tells that nothing was done anew.
func markRepeated(w http.ResponseWriter, again bool) {
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
}
