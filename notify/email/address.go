package email

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"wayguard/notify"
)

// address is one of SMTP: a local part and a domain in its ASCII form.
type address struct {
	local, domain string
	// wide: the local part has letters beyond ASCII, which needs SMTPUTF8.
	wide bool
}

func (a address) String() string { return a.local + "@" + a.domain }

// envelope is a as SMTP commands have it, its local part quoted where it must be.
func (a address) envelope() string {
	m := mail.Address{Address: a.String()}
	return m.String()
}

// folded is equal for addresses of the same mailbox: no server in use tells them
// apart by their case.
func (a address) folded() string { return strings.ToLower(a.String()) }

// maxAddress is that of RFC 5321, section 4.5.3.1.3, less the brackets.
const maxAddress = 254

var errAddress = errors.New("not an email address")

func parseAddress(text string) (address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Name != "" || strings.ContainsAny(parsed.Address, "\r\n\x00") {
		return address{}, errAddress
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	domain, err := idna.Lookup.ToASCII(parsed.Address[at+1:])
	if err != nil || domain == "" { // "xn--" is nothing.
		return address{}, errAddress
	}
	a := address{local: parsed.Address[:at], domain: domain}
	if len(a.String()) > maxAddress {
		return address{}, errAddress
	}
	a.wide = strings.ContainsFunc(a.local, func(r rune) bool { return r >= 0x80 })
	return a, nil
}

// badAddress is what Send answers where parseAddress failed.
func badAddress(err error) error {
	return &notify.SendError{Code: "553 5.1.3", Reason: "the address is not one of email", Permanent: true, Dead: true, Err: err}
}

// wideAddress is what Send answers where the server has no SMTPUTF8: code 5.6.7
// of RFC 6531.
func wideAddress() error {
	return &notify.SendError{Code: "553 5.6.7", Reason: "the mail server takes no addresses with letters beyond ASCII", Permanent: true}
}
