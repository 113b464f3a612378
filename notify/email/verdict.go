package email

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"time"

	"wayguard/notify"
)

// serverPause is how long everything waits that failed for the server's sake:
// somebody has to mend it.
const serverPause = time.Minute

// enhanced is an enhanced status code (RFC 3463) at the start of a reply.
var enhanced = regexp.MustCompile(`^([245])\.([0-9]{1,3})\.([0-9]{1,3})\b`)

// gone are the enhanced codes that say that there is no such mailbox or domain.
var gone = map[string]bool{"5.1.1": true, "5.1.2": true, "5.1.3": true, "5.1.6": true, "5.1.10": true}

// goneReplies are the reply codes that may go with them; 556 is of RFC 7504.
var goneReplies = map[int]bool{550: true, 551: true, 553: true, 556: true}

// code is that of the server's reply, 0 where err is none.
func code(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// unreachable is a server that could not be connected to.
func unreachable(err error) error {
	failed := &notify.SendError{Reason: "the mail server cannot be reached", After: serverPause, Err: bare(err)}
	if untrusted(err) {
		failed.Reason = untrustedServer
	}
	return failed
}

// noMailbox is why an address is dead.
const noMailbox = "there is no such mailbox"

const busyServer = "the mail server takes no more for now"

const untrustedServer = "the mail server's certificate is not to be trusted"

func untrusted(err error) bool {
	var bad *tls.CertificateVerificationError
	return errors.As(err, &bad)
}

// serverTrouble is a server that does not let us in, or not safely.
func serverTrouble(err error) error {
	failed := &notify.SendError{Reason: "the mail server ended the connection", After: serverPause, Err: bare(err)}
	switch {
	case errors.Is(err, errNoTLS), errors.Is(err, errNoMechanism), errors.Is(err, errSignIn):
		failed.Reason = err.Error()
	case untrusted(err):
		failed.Reason = untrustedServer
	case code(err) != 0:
		failed.Reason = "the mail server is not ready"
		failed.Code, failed.Busy = fmt.Sprint(code(err)), code(err) == 421
	}
	return failed
}

// refused judges what went wrong before the end of the text was sent: the server
// does not have the mail.
func (s *session) refused(err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		s.broken = true
		return &notify.SendError{Reason: "the connection to the mail server was lost", Err: bare(err)}
	}
	if reply.Code == 421 { // The server is about to close.
		s.broken = true
	}
	return verdict(reply)
}

// refusedAtEnd judges what went wrong after that.
func (s *session) refusedAtEnd(err error) error {
	failed := s.refused(err)
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return &notify.SendError{Reason: "the connection to the mail server was lost before it confirmed the mail", Unsure: true, Err: bare(err)}
	}
	return failed
}

// verdict is what a reply means for the message.
func verdict(reply *textproto.Error) *notify.SendError {
	failed := &notify.SendError{Code: fmt.Sprint(reply.Code)}
	detail := enhanced.FindString(reply.Msg)
	if detail != "" {
		failed.Code += " " + detail
	}
	switch {
	case goneReplies[reply.Code] && gone[detail]:
		failed.Reason, failed.Permanent, failed.Dead = noMailbox, true, true
	case reply.Code >= 500:
		failed.Reason, failed.Permanent = "the mail server refuses the mail", true
	case reply.Code == 421: // It closes: nothing of that is the message's doing.
		failed.Reason, failed.After, failed.Busy = busyServer, serverPause, true
	case reply.Code >= 400:
		failed.Reason = "the mail server cannot take the mail now"
	default:
		failed.Reason = "the mail server gave an answer that makes no sense here"
	}
	return failed
}

// bare is err without what a server said, which may repeat an address.
func bare(err error) error {
	var reply *textproto.Error
	var nonsense textproto.ProtocolError
	switch {
	case errors.As(err, &reply):
		return fmt.Errorf("reply %d", reply.Code)
	case errors.As(err, &nonsense):
		return errors.New("the server does not speak SMTP")
	}
	return err
}
