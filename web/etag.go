package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// etag is the entity tag of a version (RFC 9110, section 8.8.3).
func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// seenVersion is the version that a change builds on, by its If-Match header:
// whichever there is without one.
func seenVersion(r *http.Request) (uint64, error) {
	given := strings.TrimSpace(r.Header.Get("If-Match"))
	if given == "" || given == "*" {
		return tracker.AnyVersion, nil
	}
	text, quoted := strings.CutPrefix(given, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	if !quoted || !closed {
		return 0, badRequest("If-Match must be the ETag of an answer, with its quotes, such as \"3\".")
	}
	version, err := strconv.ParseUint(text, 10, 64)
	if err != nil || version == tracker.AnyVersion {
		return 0, staleError(tracker.ErrStale) // an ETag of something else
	}
	return version, nil
}

// unversioned are the changes that have no version to compare with, beside POST
// that makes something new. openapi.yaml says why.
var unversioned = []string{
	"DELETE /api/v1/session",
	"DELETE /api/v1/api-keys/{id}",
	"DELETE /api/v1/push/subscriptions/{id}",
	"POST /api/v1/deliveries/{id}/photos",
	"POST /api/v1/messages/{id}/resend",
	"POST /api/v1/webhooks/{id}/replay",
}

// comparesVersions tells whether a route looks at If-Match.
func (rt route) comparesVersions() bool {
	method, path, _ := strings.Cut(rt.pattern, " ")
	makes := method == http.MethodPost && !strings.Contains(path, "{")
	return method != http.MethodGet && !makes && !slices.Contains(unversioned, rt.pattern)
}

// checkIfMatch refuses a condition that cannot be true: a change must not be made
// because nobody looked at it (RFC 9110, section 13.1.1).
func checkIfMatch(rt route, r *http.Request) error {
	given := strings.TrimSpace(r.Header.Get("If-Match"))
	if given == "" || given == "*" || r.Method == http.MethodGet || r.Method == http.MethodHead || rt.comparesVersions() {
		return nil
	}
	return &problem{status: http.StatusPreconditionFailed, detail: "There is no version here that If-Match could be compared with: leave it out."}
}

// staleError is about a change of what is no longer as the client saw it.
func staleError(err error) error {
	if errors.Is(err, tracker.ErrStale) {
		return &problem{status: http.StatusPreconditionFailed, detail: "It was changed meanwhile: read it again, and send the change with the new ETag in If-Match."}
	}
	return err
}
