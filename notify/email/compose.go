package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"net/url"

	gomail "github.com/wneessen/go-mail"

	"wayguard/notify"
)

// compose writes the mail of a name, and signs it: what it returns is what must be sent,
// byte for byte.
func (c *Carrier) compose(m *notify.Message, name string, to address) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: c.opts.From.Name, Address: c.from.String()})
	msg.ToMailAddress(&mail.Address{Name: m.Name, Address: to.String()})
	if c.opts.ReplyTo != nil {
		msg.ReplyToMailAddress(c.opts.ReplyTo)
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(c.messageID(name))
	msg.SetDateWithValue(c.opts.Clock.Now())
	// RFC 3834: nobody's absence note answers it; Exchange has a header of its own.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	if m.Language != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, m.Language)
	}
	if m.To.Audience == notify.ToCustomer {
		if err := c.offerToStop(msg, m.Address); err != nil {
			return nil, err
		}
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var text bytes.Buffer
	if _, err := msg.WriteTo(&text); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	return c.opts.Key.sign(text.Bytes())
}

// offerToStop adds what mail programs show as a button (RFC 2369, RFC 8058).
func (c *Carrier) offerToStop(msg *gomail.Msg, to string) error {
	var mailbox []string
	if box := c.opts.Unsubscribe.Mailbox; box != "" {
		mailbox = append(mailbox, (&url.URL{Scheme: "mailto", Opaque: box, RawQuery: "subject=unsubscribe"}).String())
	}
	link := c.opts.Unsubscribe.link(to)
	if link == "" {
		if len(mailbox) > 0 {
			msg.SetListUnsubscribe(mailbox...)
		}
		return nil
	}
	if err := msg.SetListUnsubscribeOneClick(link, mailbox...); err != nil {
		return fmt.Errorf("write the link that stops the mails: %w", err)
	}
	return nil
}
