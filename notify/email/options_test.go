package email_test

import (
	"errors"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"

	"wayguard/notify/email"
)

func TestBadOptions(t *testing.T) {
	for name, change := range map[string]func(o *email.Options){
		"no host":                     func(o *email.Options) { o.Server.Host = "" },
		"host with a port and a path": func(o *email.Options) { o.Server.Host = "smtp://mail.example.com/" },
		"port":                        func(o *email.Options) { o.Server.Port = 70000 },
		"encryption":                  func(o *email.Options) { o.Server.Encryption = "ssl" },
		"no password":                 func(o *email.Options) { o.Server.User = "u" },
		"no user":                     func(o *email.Options) { o.Server.Password = testPassword },
		"password in plain text": func(o *email.Options) {
			o.Server.User, o.Server.Password, o.Server.Encryption = "u", testPassword, email.Plain
		},
		"no sender":       func(o *email.Options) { o.From = netmail.Address{} },
		"bad reply-to":    func(o *email.Options) { o.ReplyTo = &netmail.Address{Address: "x"} },
		"bad mailbox":     func(o *email.Options) { o.Unsubscribe.Mailbox = "x" },
		"no keyed hash":   func(o *email.Options) { o.Fingerprint = nil },
		"bad bounces":     func(o *email.Options) { o.Bounces.Address = "x" },
		"long bounces":    func(o *email.Options) { o.Bounces.Address = "those-that-came-back-late@example.com" },
		"short token":     func(o *email.Options) { o.Bounces.Token, o.Bounces.Report = "guess", noReport },
		"nobody hears":    func(o *email.Options) { o.Bounces.Token = testPassword },
		"nothing to note": func(o *email.Options) { o.Unsubscribe.PublicURL = &url.URL{Scheme: "https", Host: "h"} },
	} {
		o := email.Options{Fingerprint: fingerprint, Server: email.Server{Host: "mail.example.com"}, From: netmail.Address{Address: "a@example.com"}}
		if _, err := email.New(o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := email.New(o); !errors.Is(err, email.ErrOptions) || strings.Contains(err.Error(), testPassword) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
