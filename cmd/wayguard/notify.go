package main

import (
	"errors"

	"wayguard/notify"
)

// messaging is how much the accounts take that messages are sent by.
type messaging struct {
	EmailRate float64 `name:"email-per-second" default:"50" help:"Emails to hand over a second at most."`
	SMSRate   float64 `name:"sms-per-second" default:"20" help:"Text messages to hand over a second at most."`
}

// limits are the carriers'; rates of zero stand for the defaults.
func (m messaging) limits() (map[notify.Channel]notify.Limit, error) {
	if m.EmailRate < 0 || m.SMSRate < 0 {
		return nil, &inputError{errors.New("--email-per-second and --sms-per-second must not be negative")}
	}
	return map[notify.Channel]notify.Limit{
		notify.Email: {PerSecond: m.EmailRate},
		notify.SMS:   {PerSecond: m.SMSRate},
	}, nil
}

// messages are the parts that write to people.
type messages struct {
	rules    *notify.Rules
	notifier *notify.Notifier
}

// openMessages needs of o what the server does not know by itself: carriers,
// metrics, the log. site is where browsers find the server.
func (s *server) openMessages(site string, limits messaging, o notify.Options) (err error) {
	m := &s.messages
	if o.Limits, err = limits.limits(); err != nil {
		return err
	}
	if o.Suppressed, err = notify.OpenSuppressed(s.fleet); err != nil {
		return err
	}
	m.rules, err = notify.NewRules(notify.RulesOptions{
		Fleet: s.fleet, Keys: s.keys, Suppressed: o.Suppressed,
		Console: site, Clock: s.fleet.Clock(), Log: o.Log,
	})
	if err != nil {
		return err
	}
	o.Fleet, o.Keys, o.Judge = s.fleet, s.keys, m.rules
	m.notifier, err = notify.Open(o)
	return err
}
