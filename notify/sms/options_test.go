package sms_test

import (
	"errors"
	"strings"
	"testing"

	"wayguard/notify/sms"
)

func TestBadOptions(t *testing.T) {
	l := newLab(t)
	for name, change := range map[string]func(o *sms.Options){
		"account":            func(o *sms.Options) { o.Account.SID = "AC123" },
		"no token":           func(o *sms.Options) { o.Account.Token = "" },
		"token":              func(o *sms.Options) { o.Account.Token += " " },
		"region":             func(o *sms.Options) { o.Account.Region = "ie1.evil" },
		"no sender":          func(o *sms.Options) { o.Service = "" },
		"two senders":        func(o *sms.Options) { o.From = "+4930123456" },
		"service":            func(o *sms.Options) { o.Service = "MG1" },
		"sender":             func(o *sms.Options) { o.Service, o.From = "", "+0123" },
		"sender's name":      func(o *sms.Options) { o.Service, o.From = "", "twelve chars" },
		"cap":                func(o *sms.Options) { o.Caps.Daily = -1 },
		"no fleet":           func(o *sms.Options) { o.Fleet = nil },
		"nothing suppressed": func(o *sms.Options) { o.Suppressed = nil },
	} {
		o := l.opts
		change(&o)
		if _, err := sms.New(o); !errors.Is(err, sms.ErrOptions) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, from := range []string{"+4930123456", "72345", "Deliveries", "My Shop 1"} {
		o := l.opts
		o.Service, o.From = "", from
		if _, err := sms.New(o); err != nil {
			t.Errorf("%q: %v", from, err)
		}
	}
}
