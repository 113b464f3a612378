package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wayguard/tracker"
)

// maxGrace is the longest that a replaced credential may go on working.
const maxGrace = 30 * 24 * time.Hour

// certificateJSON is a client certificate, all in PEM.
type certificateJSON struct {
	Certificate string    `json:"certificate"`
	Key         string    `json:"key,omitempty"`
	Authority   string    `json:"authority"`
	Expires     time.Time `json:"expires"`
}

func certificateOf(c tracker.Credential) *certificateJSON {
	if c.Certificate == nil {
		return nil
	}
	return &certificateJSON{c.Certificate.Certificate, c.Certificate.Key, c.Certificate.Authority, c.Certificate.Expires.UTC()}
}

// credentialJSON is a device's new credential, which is shown this once.
type credentialJSON struct {
	ID          tracker.DeviceID `json:"id"`
	Secret      string           `json:"secret,omitempty"`
	Certificate *certificateJSON `json:"certificate,omitempty"`
	Setup       setupJSON        `json:"setup"`
}

func (s *Server) credential(r *http.Request, c tracker.Credential) (credentialJSON, error) {
	setup, err := s.setupOf(r, c)
	return credentialJSON{c.Device, c.Secret, certificateOf(c), setup}, err
}

// askMembers are those by which a body says which credential it wants.
func askMembers(kind, csr, valid *string) []member {
	return []member{
		{"credential", kind, "a string"},
		{"csr", csr, "a certificate signing request in PEM"},
		{"valid", valid, spanKind},
	}
}

// readAsk makes what the members say of the credential.
func readAsk(kind, csr, valid string) (ask tracker.Ask, err error) {
	switch kind {
	case "", "secret":
		if csr != "" || valid != "" {
			return ask, badMember("credential", `must be "certificate" where csr or valid is given.`)
		}
	case "certificate":
		ask.Certificate = true
	default:
		return ask, badMember("credential", "must be secret or certificate.")
	}
	ask.Request = []byte(csr)
	ask.Valid, err = readSpan("valid", valid, tracker.MaxCertificateLife)
	return ask, err
}

const spanKind = `a duration such as "10m", "24h" or "30d"`

// readSpan reads a duration, which may be in days; empty is zero.
func readSpan(name, text string, longest time.Duration) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 || d > longest {
		return 0, badMember(name, "must be "+spanKind+", at most "+strconv.Itoa(int(longest.Hours()/24))+" days.")
	}
	return d, nil
}

// readOptional is readObject for a body that may be left out.
func readOptional(r *http.Request, members ...member) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readObject(r, members...)
}

func (s *Server) rotateSecret(w http.ResponseWriter, r *http.Request, _ principal) error {
	var grace string
	if err := readOptional(r, member{"grace", &grace, spanKind}); err != nil {
		return err
	}
	return s.renew(w, r, tracker.Ask{}, grace)
}

func (s *Server) rotateCertificate(w http.ResponseWriter, r *http.Request, _ principal) error {
	var csr, valid, grace string
	members := append(askMembers(nil, &csr, &valid)[1:], member{"grace", &grace, spanKind})
	if err := readOptional(r, members...); err != nil {
		return err
	}
	ask, err := readAsk("certificate", csr, valid)
	if err != nil {
		return err
	}
	return s.renew(w, r, ask, grace)
}

// renew answers with a new credential in place of the one before.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, ask tracker.Ask, grace string) (err error) {
	if ask.Grace, err = readSpan("grace", grace, maxGrace); err != nil {
		return err
	}
	if ask.Seen, err = seenVersion(r); err != nil {
		return err
	}
	id := tracker.DeviceID(r.PathValue("id"))
	var made tracker.Credential
	err = change(r, func(ctx context.Context) (err error) {
		made, err = s.fleet.Renew(ctx, id, ask)
		return err
	})
	if err != nil {
		return deviceError(err)
	}
	answer, err := s.credential(r, made)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// Bounds of a device's own limits.
const (
	maxMessageRate = 1e6
	maxByteRate    = 1e9
	minMessageRate = 0.01
	minByteRate    = 100
)

func (s *Server) putDeviceLimits(w http.ResponseWriter, r *http.Request, _ principal) error {
	var l tracker.DeviceLimits
	err := readObject(r,
		member{"messages_per_s", &l.MessagesPerSecond, "a number"},
		member{"bytes_per_s", &l.BytesPerSecond, "a number"})
	if err != nil {
		return err
	}
	outside := func(v, least, most float64) bool { return v != 0 && (v < least || v > most) }
	if outside(l.MessagesPerSecond, minMessageRate, maxMessageRate) {
		return badMember("messages_per_s", "must be 0.01 to 1,000,000, or left out for the server's default.")
	}
	if outside(l.BytesPerSecond, minByteRate, maxByteRate) {
		return badMember("bytes_per_s", "must be 100 to 1,000,000,000, or left out for the server's default.")
	}
	id := tracker.DeviceID(r.PathValue("id"))
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	if err := change(r, func(ctx context.Context) error { return s.fleet.SetDeviceLimits(ctx, id, seen, l) }); err != nil {
		return deviceError(err)
	}
	return s.showDevice(w, r, principal{})
}

func deviceError(err error) error {
	switch {
	case errors.Is(err, tracker.ErrNotFound):
		return noDevice()
	case errors.Is(err, tracker.ErrCertificateRequest):
		return badMember("csr", err.Error()+".")
	}
	return staleError(err)
}
