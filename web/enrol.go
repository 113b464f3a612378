package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"wayguard/tracker"
)

// enrolLimits slow down whoever tries enrolment codes: by address, and all
// together, since a botnet has many addresses. They count wrong codes only.
type enrolLimits struct{ byAddress, all *buckets }

// What all may get wrong together. With codes of 50 bits, a thousand of them
// open, a guess succeeds once in some 7,000 years.
const (
	enrolFailures     = 50
	enrolFailureEvery = time.Second / 5
)

func newEnrolLimits() enrolLimits {
	return enrolLimits{byAddress: failureBuckets(), all: newBuckets(rate.Every(enrolFailureEvery), enrolFailures)}
}

// everybody is the key of what is counted for all together.
const everybody = ""

type enrolCodeJSON struct {
	ID      string           `json:"id"`
	Device  tracker.DeviceID `json:"device"`
	Prefix  string           `json:"prefix"`
	Name    string           `json:"name"`
	Kind    string           `json:"kind"`
	Uses    int              `json:"uses"`
	Created time.Time        `json:"created"`
	Expires time.Time        `json:"expires"`
	Version uint64           `json:"version"`
}

func enrolCodeOf(c tracker.EnrolCode) enrolCodeJSON {
	return enrolCodeJSON{c.ID, c.Device, c.Prefix, c.Name, c.Kind, c.Uses, c.Created.UTC(), c.Expires.UTC(), c.Version}
}

// enrolCodeKey is in the order in which codes expire.
func enrolCodeKey(c tracker.EnrolCode) string {
	return c.Expires.UTC().Format(time.RFC3339) + "/" + c.ID
}

func (s *Server) listEnrolCodes(w http.ResponseWriter, r *http.Request, _ principal) error {
	open, next, err := pageOf(queryOf(r), s.fleet.EnrolCodes(), enrolCodeKey)
	if err != nil {
		return err
	}
	list := make([]enrolCodeJSON, len(open))
	for i, c := range open {
		list[i] = enrolCodeOf(c)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"codes": list, "next": next})
}

// newEnrolCodeJSON is a code, which is shown this once.
type newEnrolCodeJSON struct {
	enrolCodeJSON
	Code string `json:"code"`
	// Link is the page where it is used, and QR the link drawn.
	Link string `json:"link"`
	QR   string `json:"qr"`
}

func (s *Server) createEnrolCode(w http.ResponseWriter, r *http.Request, _ principal) error {
	c, valid, err := readEnrolCode(r)
	if err != nil {
		return err
	}
	var code string
	err = change(r, func(ctx context.Context) (err error) {
		code, c, err = s.fleet.CreateEnrolCode(ctx, c, valid)
		return err
	})
	if errors.Is(err, tracker.ErrBadEnrolCode) {
		return &problem{status: http.StatusUnprocessableEntity, detail: err.Error() + "."}
	}
	if err != nil {
		return err
	}
	made := newEnrolCodeJSON{enrolCodeJSON: enrolCodeOf(c), Code: code, Link: s.urlFor(r).JoinPath("enrol", code).String()}
	if made.QR, err = qrCode(made.Link); err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/enrol-codes/"+c.ID)
	return writeJSON(w, http.StatusCreated, made)
}

func readEnrolCode(r *http.Request) (c tracker.EnrolCode, valid time.Duration, err error) {
	var device, text string
	err = readObject(r,
		member{"device", &device, "a string"},
		member{"prefix", &c.Prefix, "a string"},
		member{"name", &c.Name, "a string"},
		member{"kind", &c.Kind, "a string"},
		member{"uses", &c.Uses, "a whole number"},
		member{"valid", &text, spanKind})
	if err != nil {
		return c, 0, err
	}
	c.Device = tracker.DeviceID(device)
	if err := checkDevice(c.Name, c.Kind); err != nil {
		return c, 0, err
	}
	if c.Uses < 0 {
		return c, 0, badMember("uses", "must be 1 or more.")
	}
	valid, err = readSpan("valid", text, tracker.MaxEnrolCodeLife)
	return c, valid, err
}

func (s *Server) deleteEnrolCode(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.DeleteEnrolCode(ctx, r.PathValue("id"), seen) })
	if errors.Is(err, tracker.ErrNotFound) {
		return notFound("No enrolment code has this id, or it was used or has expired. GET /api/v1/enrol-codes lists all of them.")
	}
	if err != nil {
		return staleError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// enrol is for devices: the code is all they prove themselves with.
func (s *Server) enrol(w http.ResponseWriter, r *http.Request, _ principal) error {
	var code, id, kind, csr string
	members := append(askMembers(&kind, &csr, nil)[:2], member{"code", &code, "a string"}, member{"id", &id, "a string"})
	if err := readObject(r, members...); err != nil {
		return err
	}
	ask, err := readAsk(kind, csr, "")
	if err != nil {
		return err
	}
	made, err := s.useEnrolCode(r, code, tracker.DeviceID(id), ask)
	if err != nil {
		return err
	}
	answer, err := s.credential(r, made)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, answer)
}

// maxTypedCode is longer than a code with any spaces in it.
const maxTypedCode = 64

// useEnrolCode refuses right codes too while the limit lasts, else it would
// limit nothing.
func (s *Server) useEnrolCode(r *http.Request, code string, id tracker.DeviceID, ask tracker.Ask) (made tracker.Credential, err error) {
	address := addressKey(s.clientAddr(r))
	if wait := max(s.enrolling.byAddress.wait(address), s.enrolling.all.wait(everybody)); wait > 0 {
		s.metrics.enrolments.WithLabelValues("limited").Inc()
		return made, tooMany("Too many wrong enrolment codes: wait as long as Retry-After says.", wait)
	}
	if len(code) > maxTypedCode {
		code = ""
	}
	err = change(r, func(ctx context.Context) (err error) {
		made, err = s.fleet.Enrol(ctx, code, id, ask)
		return err
	})
	outcome, err := enrolOutcome(err)
	if outcome == "wrong_code" {
		s.enrolling.byAddress.take(address)
		s.enrolling.all.take(everybody)
	}
	s.metrics.enrolments.WithLabelValues(outcome).Inc()
	return made, err
}

// enrolOutcome is what metrics call it, and the answer.
func enrolOutcome(err error) (string, error) {
	switch {
	case err == nil:
		return "enrolled", nil
	case errors.Is(err, tracker.ErrEnrolCode):
		return "wrong_code", &problem{
			status: http.StatusForbidden,
			detail: "This enrolment code does not work: it is mistyped, used up or too old. Ask dispatch for another one.",
		}
	case errors.Is(err, tracker.ErrEnrolDevice):
		return "refused", badMember("id", "this enrolment code is not for a device of this id; leave the id out, or ask dispatch for another code.")
	case errors.Is(err, tracker.ErrExists), errors.Is(err, tracker.ErrDeviceID):
		return "refused", err
	case errors.Is(err, tracker.ErrCertificateRequest):
		return "refused", deviceError(err)
	}
	return "unavailable", err
}
