package email

import (
	"errors"
	"strings"
	"sync"

	"wayguard/notify"
)

// strain tells a server that has had enough of us from one that makes one
// recipient wait. Both answer 4.7.x (RFC 3463), the latter for greylisting
// (RFC 6647), which must hold up nobody else: only where two recipients in a row
// are answered so is it for the server's sake.
type strain struct {
	mu sync.Mutex
	// last is whose mail was last answered so, empty where another answer came
	// since.
	last string
}

// judge marks err, what became of a mail, where the server is to be left alone.
func (s *strain) judge(to address, err error) {
	var failed *notify.SendError
	policy := errors.As(err, &failed) && strings.Contains(failed.Code, " 4.7.")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !policy:
		s.last = ""
	case s.last != "" && s.last != to.folded():
		failed.Reason, failed.After, failed.Busy = busyServer, serverPause, true
	default:
		s.last = to.folded()
	}
}
