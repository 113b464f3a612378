package sms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"

	"wayguard/notify"
)

// maxAnswer is the longest answer that is read.
const maxAnswer = 1 << 20

// exchange is one request and what the client keeps to itself about it. It holds
// the request's context, for which the client has no place.
type exchange struct {
	ctx  context.Context
	base http.RoundTripper
	// written: Twilio may have the whole request.
	written atomic.Bool
	// status is 0 where there was no answer.
	status int
	after  time.Duration
}

// RoundTrip reads the whole answer, so that the connection can be used again.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			x.written.Store(true)
		}
	}}
	answer, err := x.base.RoundTrip(r.WithContext(httptrace.WithClientTrace(x.ctx, trace)))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	x.status, x.after = answer.StatusCode, notify.RetryAfter(answer.Header.Get("Retry-After"))
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// verdict is nil where Twilio has queued the message. err is what the client
// made of the answer.
func (x *exchange) verdict(err error) *notify.SendError {
	if x.status == 0 {
		return &notify.SendError{Reason: "Twilio cannot be reached", Unsure: x.written.Load(), Err: bare(err)}
	}
	var refusal *client.TwilioRestError
	switch {
	case x.status/100 == 2 && err == nil:
		return nil
	case x.status/100 == 2:
		return &notify.SendError{Reason: "Twilio's answer cannot be read", Unsure: true}
	case errors.As(err, &refusal) && refusal.Code != 0:
		failed := judgeStatus(x.status)
		if known(refusal.Code) {
			failed = judge(refusal.Code)
		}
		failed.Code = strconv.Itoa(refusal.Code)
		failed.After = max(failed.After, x.after)
		return failed
	}
	failed := judgeStatus(x.status)
	failed.After = max(failed.After, x.after)
	return failed
}

// bare is err without the request, which names the account.
func bare(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
