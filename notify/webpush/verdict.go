package webpush

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"wayguard/notify"
)

// unsent is what happened without an answer. The cause is given without the
// endpoint, which is a secret.
func unsent(err error) *notify.SendError {
	failed := &notify.SendError{Reason: "the push service cannot be reached", Err: err}
	var request *url.Error
	if !errors.As(err, &request) {
		// The browser's keys were checked before, so it is the message's fault.
		failed.Reason, failed.Permanent = "the push message could not be encrypted", true
		return failed
	}
	failed.Err = request.Err
	if errors.Is(err, notify.ErrPrivate) {
		failed.Reason, failed.Permanent, failed.Dead = "the push service is not on the internet", true, true
	}
	return failed
}

// busyService is why a push service is left alone.
const busyService = "the push service takes no more for now"

// verdict is nil where the push service has taken the message (RFC 8030, sections
// 5 and 7.3).
func verdict(answer *http.Response) *notify.SendError {
	status := answer.StatusCode
	failed := &notify.SendError{Code: strconv.Itoa(status), Reason: "the push service refuses the message", Permanent: true}
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusNotFound, status == http.StatusGone:
		failed.Reason, failed.Dead = "the browser takes push messages no more", true
	case status == http.StatusTooManyRequests:
		failed.Reason, failed.Permanent = busyService, false
		failed.After, failed.Busy = notify.RetryAfter(answer.Header.Get("Retry-After")), true
	case status >= 500, status == http.StatusRequestTimeout:
		failed.Reason, failed.Permanent = "the push service is out of order", false
		failed.After = notify.RetryAfter(answer.Header.Get("Retry-After"))
	}
	return failed
}

// outcome is a label of metrics.
func outcome(failed *notify.SendError) string {
	switch {
	case failed == nil:
		return "sent"
	case failed.Dead:
		return "gone"
	case failed.Permanent:
		return "permanent"
	}
	return "temporary"
}
