package main

import (
	"context"
	"errors"

	"wayguard/notify"
	"wayguard/tracker"
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
	m.rules, err = notify.NewRules(notify.RulesOptions{
		Fleet: s.fleet, Keys: s.keys, Suppressed: o.Suppressed,
		Links: s.linksAt(site), Expected: s.expected, Pushed: s.out.browsers.Has, Console: site, Clock: s.fleet.Clock(), Log: o.Log,
	})
	if err != nil {
		return err
	}
	o.Fleet, o.Keys, o.Judge = s.fleet, s.keys, m.rules
	if m.notifier, err = notify.Open(o); err != nil {
		return err
	}
	s.out.report, s.out.returned = m.reported, m.notifier.Bounced
	return nil
}

// reported passes on what a service said of a text message.
func (m *messages) reported(ctx context.Context, receipt string, failed *notify.SendError) error {
	return m.notifier.Report(ctx, notify.SMS, receipt, failed)
}

// linksAt are the pages of customers.
func (s *server) linksAt(site string) func(tracker.DeliveryID) string {
	return func(id tracker.DeliveryID) string {
		token, ok := s.fleet.TrackingToken(id)
		if !ok {
			return ""
		}
		return site + "/t/" + token
	}
}

// expected is when a delivery will arrive, in four of five cases.
func (s *server) expected(id tracker.DeliveryID) (e notify.Expected, ok bool) {
	a, ok := s.fleet.ETA(id)
	return notify.Expected{From: a.P10, To: a.P90, Stops: a.StopsBefore}, ok
}
