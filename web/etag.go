package web

import (
	"errors"
	"net/http"
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
	version, err := strconv.ParseUint(text, 10, 64)
	if err != nil || !quoted || !closed || version == tracker.AnyVersion {
		return 0, badRequest("If-Match must be the ETag of an answer, with its quotes, such as \"3\".")
	}
	return version, nil
}

// staleError is about a change of what is no longer as the client saw it.
func staleError(err error) error {
	if errors.Is(err, tracker.ErrStale) {
		return &problem{status: http.StatusPreconditionFailed, detail: "It was changed meanwhile: read it again, and send the change with the new ETag in If-Match."}
	}
	return err
}
