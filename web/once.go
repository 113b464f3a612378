package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"wayguard/tracker"
)

// maxOnceKey is the longest Idempotency-Key in bytes.
const maxOnceKey = 255

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
	name := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", who.role, who.partner, r.Pattern, key))
	return tracker.Once{Key: hex.EncodeToString(name[:]), Print: s.fleet.Fingerprint("request", body)}, nil
}

// markRepeated tells that nothing was done anew.
func markRepeated(w http.ResponseWriter, again bool) {
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
}
