package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Carrier hands messages to a service that brings them. Its methods may be
// called from several goroutines.
type Carrier interface {
	// Channel is the one that it serves.
	Channel() Channel
	// Send returns once the service has taken the message over, with its own
	// name for it, which may be empty. An error is a *SendError where the
	// carrier knows what to do next; any other is worth another try. It returns
	// when ctx ends: a carrier that does not holds up its channel.
	Send(ctx context.Context, m *Message) (receipt string, err error)
}

// SendError is why a message was not taken over. Nothing in it is personal.
type SendError struct {
	// Code is the service's own, such as "550" or "21610".
	Code string
	// Reason is for dispatch.
	Reason string
	// Permanent: the same message to the same address fails again.
	Permanent bool
	// Dead: nothing more can be sent to this address, since there is none, or
	// its owner wants nothing.
	Dead bool
	// After is how long to wait at least; 0 leaves it to the sender.
	After time.Duration
	// Busy: the service takes nothing from us for now, whatever the message, so
	// that others wait for After, too; see Pause.
	Busy bool
	// Unsure: the service may have taken it over all the same.
	Unsure bool
	// Err is the cause, nil for none.
	Err error
}

func (e *SendError) Error() string {
	if e.Code == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s (%s)", e.Reason, e.Code)
}

// Outcome is what metrics call what became of an attempt to send: sent,
// temporary, permanent, dead or unsure.
func Outcome(err error) string {
	var failed *SendError
	switch {
	case err == nil:
		return "sent"
	case !errors.As(err, &failed):
		return "temporary"
	case failed.Dead:
		return "dead"
	case failed.Permanent:
		return "permanent"
	case failed.Unsure:
		return "unsure"
	}
	return "temporary"
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
