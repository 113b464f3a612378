package email

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"

	"wayguard/notify"
)

// notification is what a delivery status notification (RFC 3464, RFC 6533) says,
// as far as it matters here. Nothing of it is proven.
type notification struct {
	// marks are those of the addresses that it came to, see mark.
	marks []mark
	// messageID is that of the mail that it returns, empty for none.
	messageID  string
	recipients []fate
}

// fate is what became of a mail for one recipient.
type fate struct {
	// addresses are the one that the mail was sent to at the end, and the one at
	// the beginning, where they are told.
	addresses []address
	action    string
	// code is the enhanced status (RFC 3463), empty for none.
	code string
}

// Limits of what is read; a notification has three parts.
const (
	maxParts      = 20
	maxDepth      = 4
	maxPart       = 256 << 10
	maxFates      = 50 // in a part
	maxMessageID  = 200
	maxMarks      = 10
	mailboxPrefix = "From " // of a line that mail servers put before a mail for a program
)

// Errors of parseNotification. What the libraries say would repeat the mail.
var (
	errNoMail         = errors.New("it cannot be read as a mail")
	errNoNotification = errors.New("it is no delivery status notification")
)

// parseNotification reads a whole mail.
func parseNotification(r io.Reader) (*notification, error) {
	mail, err := readEntity(r)
	if err != nil || !mail.Header.Has("From") {
		return nil, errNoMail
	}
	n := &notification{marks: marksOf(&mail.Header.Header)}
	parts := 0
	// Of one that is damaged or cut off, the parts before count.
	_ = mail.Walk(func(path []int, part *message.Entity, _ error) error {
		if parts++; parts > maxParts || len(path) > maxDepth {
			return errNoNotification
		}
		n.readPart(part)
		return nil
	})
	if len(n.recipients) == 0 {
		return nil, errNoNotification
	}
	return n, nil
}

func readEntity(r io.Reader) (*message.Entity, error) {
	text := bufio.NewReader(r)
	if first, _ := text.Peek(len(mailboxPrefix)); string(first) == mailboxPrefix {
		if _, err := text.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	mail, err := message.Read(text)
	if message.IsUnknownCharset(err) || message.IsUnknownEncoding(err) {
		err = nil
	}
	return mail, err
}

// readPart takes from a part what it is for.
func (n *notification) readPart(part *message.Entity) {
	media, _, _ := part.Header.ContentType()
	body := bufio.NewReader(io.LimitReader(part.Body, maxPart))
	switch media {
	case "message/delivery-status", "message/global-delivery-status":
		n.readFates(body)
	case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
		// Of headers that are cut off or damaged, those before count.
		header, _ := textproto.ReadHeader(body)
		id := strings.Trim(header.Get("Message-Id"), "<> \t")
		if n.messageID == "" && len(id) <= maxMessageID {
			n.messageID = id
		}
	}
}

// readFates reads groups of fields, of which the first is about the mail. At the
// end of body ReadHeader may find another empty one, without an error.
func (n *notification) readFates(body *bufio.Reader) {
	for range maxFates {
		group, err := textproto.ReadHeader(body)
		if f, ok := fateOf(&group); ok {
			n.recipients = append(n.recipients, f)
		}
		if err != nil {
			return
		}
	}
}

// fateOf is false for a group that is about no recipient.
func fateOf(group *textproto.Header) (f fate, ok bool) {
	for _, name := range []string{"Final-Recipient", "Original-Recipient"} {
		_, text, _ := strings.Cut(group.Get(name), ";") // behind the address's type
		if a, err := parseAddress(strings.TrimSpace(text)); err == nil {
			f.addresses = append(f.addresses, a)
		}
	}
	f.action = strings.ToLower(strings.TrimSpace(group.Get("Action")))
	f.code = statusOf(group.Get("Status"), group.Get("Diagnostic-Code"))
	return f, len(f.addresses) > 0 && f.action != ""
}

// diagnosed is the enhanced code of a server's reply that is repeated.
var diagnosed = regexp.MustCompile(`^(?i:smtp)\s*;\s*[245][0-9]{2}[ -]([245]\.[0-9]{1,3}\.[0-9]{1,3})\b`)

// statusOf is the status, or the one that the server gave whose reply it was
// where that is of the same class and says more: Exim always says 5.0.0.
func statusOf(status, diagnosis string) string {
	status = enhanced.FindString(strings.TrimSpace(status))
	said := diagnosed.FindStringSubmatch(strings.TrimSpace(diagnosis))
	vague := status == "" || strings.HasSuffix(status, ".0.0")
	if said != nil && vague && (status == "" || status[0] == said[1][0]) {
		return said[1]
	}
	return status
}

// verdict is nil where the mail was brought, or given on to where nobody reports.
// It is permanent where the server has given up, and dead where it says of the
// mailbox what counts as that in an answer over SMTP.
func (f *fate) verdict() *notify.SendError {
	switch f.action {
	case "delayed":
		return &notify.SendError{Code: f.code, Reason: "a mail server on the way cannot pass the mail on yet"}
	case "failed":
	default:
		return nil
	}
	failed := &notify.SendError{Code: f.code, Reason: "a mail server on the way refuses the mail", Permanent: true}
	switch {
	case gone[f.code]:
		failed.Reason, failed.Dead = noMailbox, true
	case strings.HasPrefix(f.code, "4."):
		failed.Reason = "a mail server on the way could not pass the mail on in time"
	}
	return failed
}

// of is the fate of the mail to an address.
func (n *notification) of(to address) (*fate, bool) {
	for i := range n.recipients {
		for _, a := range n.recipients[i].addresses {
			if a.folded() == to.folded() {
				return &n.recipients[i], true
			}
		}
	}
	return nil, false
}
