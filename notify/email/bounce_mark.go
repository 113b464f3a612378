package email

import (
	"crypto/subtle"
	"encoding/base32"
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"

	"wayguard/notify"
)

// A mail that bounces must prove that it is about one that we sent to that very
// recipient, else anybody could stop the mails to anybody. What proves it is the
// name of the mail, a keyed hash, which stands in its Message-ID and, where there
// is an address for bounces, in the sender of its envelope. There stands behind it
// the mark's check, which binds it to the recipient: see mark.

// nameEncoding outlives a mail server that changes the case of an address, and
// leaves 20 characters for the mailbox's own name (RFC 5321, section 4.5.3.1.1).
var nameEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

const (
	nameBytes, checkBytes = 16, 10
	maxLocal              = 64
	// markLength is that of "+", the name, "." and the check, as markPattern has
	// them.
	markLength = 1 + 26 + 1 + 16
)

func encodeName(b []byte) string { return strings.ToLower(nameEncoding.EncodeToString(b)) }

// nameOf is the same each time a message is sent, and cannot be guessed.
func (c *Carrier) nameOf(m *notify.Message) string {
	sum := c.opts.Fingerprint("name of a mail", []byte(m.ID))
	return encodeName(sum[:nameBytes])
}

// messageID is the one of a name.
func (c *Carrier) messageID(name string) string { return name + "@" + c.from.domain }

// mark is what an address for bounces has of one mail: its name, and a check that
// only who has the key can make, of the name and the recipient.
type mark struct{ name, check string }

func (c *Carrier) mark(name string, to address) mark {
	sum := c.opts.Fingerprint("bounce of a mail", []byte(name+" "+to.folded()))
	return mark{name, encodeName(sum[:checkBytes])}
}

// marks tells whether k is that of a mail to a recipient.
func (c *Carrier) marks(k mark, to address) bool {
	return subtle.ConstantTimeCompare([]byte(c.mark(k.name, to).check), []byte(k.check)) == 1
}

// sender is that of the envelope: bounces+NAME.CHECK@… where bounces have an
// address, else the one that readers see.
func (c *Carrier) sender(name string, to address) address {
	if c.bounces == (address{}) {
		return c.from
	}
	k, a := c.mark(name, to), c.bounces
	a.local += "+" + k.name + "." + k.check
	return a
}

var markPattern = regexp.MustCompile(`\+([0-9a-v]{26})\.([0-9a-v]{16})@`)

// marksOf are those of the addresses that a mail came to: mail servers tell by one
// of these headers.
func marksOf(header *textproto.Header) (found []mark) {
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "To"} {
		for _, value := range header.Values(name) {
			for _, k := range markPattern.FindAllStringSubmatch(strings.ToLower(value), maxMarks) {
				found = append(found, mark{k[1], k[2]})
			}
		}
	}
	return found[:min(len(found), maxMarks)]
}
