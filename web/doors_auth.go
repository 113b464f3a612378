package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"wayguard/tracker"
)

// guesses slows down whoever tries devices' secrets and tokens. Beside the bucket
// of an address, the smaller one of address and name keeps a device with a wrong
// secret, trying for ever, from using up the tokens of those that share its
// address.
type guesses struct{ byAddress, byName *buckets }

func newGuesses() guesses {
	return guesses{byAddress: newBuckets(rate.Every(time.Second), 60), byName: failureBuckets()}
}

// maxUserName is longer than any device's id.
const maxUserName = 256

// claim is what a request says of who sent it: a name and a secret, or a door
// token alone.
type claim struct{ name, secret, token string }

// authenticateDevice finds which device sent r.
func (s *Server) authenticateDevice(r *http.Request) (principal, error) {
	c, ok := claimOf(r)
	if !ok {
		s.metrics.refused("missing")
		return principal{}, badDevice("Send Basic credentials, the device's id and its secret, or its door token at the end of the address.")
	}
	address := addressKey(s.clientAddr(r))
	own := address + " " + c.key()
	if wait := max(s.guesses.byAddress.wait(address), s.guesses.byName.wait(own)); wait > 0 {
		s.metrics.refused("limited")
		return principal{}, tooMany("Too many wrong credentials: wait as long as Retry-After says.", wait)
	}
	if id, ok := s.prove(c); ok {
		return principal{role: device, device: id}, nil
	}
	s.guesses.byAddress.take(address)
	s.guesses.byName.take(own)
	s.metrics.refused("device")
	return principal{}, badDevice("The device's id, its secret or its door token is wrong.")
}

func (s *Server) prove(c claim) (tracker.DeviceID, bool) {
	if c.token != "" {
		return s.fleet.AuthenticateToken(c.token)
	}
	return s.fleet.Authenticate(c.name, c.secret)
}

// claimOf reads the token in the address, which counts alone, else the header
// Authorization.
func claimOf(r *http.Request) (claim, bool) {
	if token := r.PathValue("token"); token != "" {
		return claim{token: token}, true
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(token)
		return claim{token: token}, token != ""
	}
	name, secret, ok := deviceCredentials(r)
	return claim{name: name, secret: secret}, ok
}

// key tells apart who is limited: a name, or a token, of which no more than a
// hash stays in memory.
func (c claim) key() string {
	if c.token != "" {
		sum := sha256.Sum256([]byte(c.token))
		return "token " + hex.EncodeToString(sum[:8])
	}
	return "name " + c.name[:min(len(c.name), maxUserName)]
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
