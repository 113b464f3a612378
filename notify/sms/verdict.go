package sms

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"wayguard/notify"
)

// codeStopped: the recipient has replied STOP.
const codeStopped = "21610"

// pause is how long messages wait that failed for the account's sake: somebody
// has to mend it.
const pause = time.Minute

// codes are what Twilio's codes mean for a message
// (https://www.twilio.com/docs/api/errors). The others follow the status.
var codes = map[int]notify.SendError{
	// Of requests.
	20003: {Reason: "Twilio refuses the account or its token", After: pause},
	20429: {Reason: "Twilio takes no more for now", After: time.Second, Busy: true},
	14107: {Reason: "Twilio takes no more for this number for now", After: pause},
	21211: {Reason: "there is no such number", Permanent: true, Dead: true},
	21214: {Reason: "the number cannot be reached", Permanent: true, Dead: true},
	21217: {Reason: "there is no such number", Permanent: true, Dead: true},
	21606: {Reason: "the account may not send from this sender", After: pause},
	21212: {Reason: "the sender is not a valid one", After: pause},
	21603: {Reason: "the sender is missing", After: pause},
	21408: {Reason: "the account may not send to this country", Permanent: true},
	21608: {Reason: "a trial account sends to verified numbers only", Permanent: true},
	21610: {Reason: "the recipient has replied STOP", Permanent: true, Dead: true},
	21611: {Reason: "too many messages wait at Twilio", After: pause, Busy: true},
	21612: {Reason: "the sender cannot reach this number", Permanent: true},
	21614: {Reason: "the number is not a mobile one", Permanent: true, Dead: true},
	21617: {Reason: "the text is too long", Permanent: true},
	63038: {Reason: "the account's limit of messages for a day is reached", After: time.Hour, Busy: true},
	// Of callbacks.
	30001: {Reason: "too many messages wait at Twilio", After: pause},
	30002: {Reason: "the account is suspended", After: pause},
	30003: {Reason: "the phone is switched off or out of reach"},
	30004: {Reason: "the recipient or their operator blocks the message", Permanent: true},
	30005: {Reason: "the number is not known to its operator", Permanent: true, Dead: true},
	30006: {Reason: "the number is a landline or of an operator that takes no messages", Permanent: true, Dead: true},
	30007: {Reason: "an operator has filtered the message", Permanent: true},
	30008: {Reason: "the operator gives no reason"},
	30034: {Reason: "the sender is not registered with the operators", Permanent: true},
	30036: {Reason: "the message has expired on its way", Permanent: true},
}

func known(code int) bool { _, ok := codes[code]; return ok }

// judge is what a code means for a message. An unknown one of a message that
// Twilio had taken is final.
func judge(code int) *notify.SendError {
	failed, ok := codes[code]
	if !ok {
		failed = notify.SendError{Reason: "Twilio could not deliver the message", Permanent: true}
	}
	failed.Code = strconv.Itoa(code)
	return &failed
}

// judgeStatus is what the status of an answer means.
func judgeStatus(status int) *notify.SendError {
	failed := &notify.SendError{Code: "HTTP " + strconv.Itoa(status), Reason: "Twilio refuses the message", Permanent: true}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status/100 == 3:
		failed.Reason, failed.Permanent, failed.After = "Twilio refuses the account or its token", false, pause
	case status == http.StatusTooManyRequests:
		failed.Reason, failed.Permanent, failed.After, failed.Busy = "Twilio takes no more for now", false, time.Second, true
	case status == http.StatusRequestTimeout, status == http.StatusServiceUnavailable:
		failed.Reason, failed.Permanent = "Twilio is out of order", false
	case status >= 500:
		// It broke down on the request, before or behind queueing it.
		failed.Reason, failed.Permanent, failed.Unsure = "Twilio is out of order", false, true
	}
	return failed
}

// outcome is a label of metrics.
func outcome(err error) string {
	var failed *notify.SendError
	if errors.As(err, &failed) && failed.Code == codeCapped {
		return "capped"
	}
	return notify.Outcome(err)
}
