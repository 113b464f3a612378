package notify

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wayguard/tracker"
)

// RulesOptions are what rules need to know. Fleet and Suppressed are required.
type RulesOptions struct {
	Fleet *tracker.Fleet
	// Keys seal whom the settings name; nil where settings are not to be changed.
	Keys       *tracker.Keyring
	Suppressed *Suppressed
	// Links returns the private page of a delivery, empty for none; nil for none
	// at all.
	Links func(tracker.DeliveryID) string
	// Expected returns the range of time that a delivery will arrive in, and how
	// many stops there are before it; nil where nothing is foretold.
	Expected func(tracker.DeliveryID) (Expected, bool)
	// Pushed tells whether somebody has a browser that shows push messages about
	// a delivery, empty for none; nil where nobody has.
	Pushed func(Recipient, tracker.DeliveryID) bool
	// Console is where dispatch works, empty for nowhere.
	Console string
	// Clock is nil for the system's.
	Clock *tracker.Clock
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Expected is when a delivery will arrive: in four cases of five between From
// and To.
type Expected struct {
	From, To time.Time
	// Stops are those before it.
	Stops int
}

// Rules say who hears what, over which channels, and write it down. Their
// methods may be called from any goroutine.
//
// Customers hear of what happens to their deliveries, drivers of what changes on
// the round that they are on, contacts of dispatch of the alerts that they asked
// for, partners of outcomes if they asked for that. Nobody hears of a test
// delivery, and nobody of what becomes of messages, so that no message can lead
// to another one. Events of types that are not known here lead to nothing.
type Rules struct {
	sources
	clock    *tracker.Clock
	log      *slog.Logger
	settings atomic.Pointer[inForce]
	// changing lets one change of the settings through at a time.
	changing sync.Mutex
	zones    zones
}

// sources are where rules learn what they judge and write about.
type sources struct {
	fleet      *tracker.Fleet
	keys       *tracker.Keyring
	suppressed *Suppressed
	links      func(tracker.DeliveryID) string
	expected   func(tracker.DeliveryID) (Expected, bool)
	pushed     func(Recipient, tracker.DeliveryID) bool
	console    string
}

// NewRules reads the settings. Errors wrap tracker.ErrNoKeyring or the store's.
func NewRules(o RulesOptions) (*Rules, error) {
	r := &Rules{
		sources: sources{o.Fleet, o.Keys, o.Suppressed, o.Links, o.Expected, o.Pushed, o.Console},
		clock:   o.Clock, log: o.Log,
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	if r.links == nil {
		r.links = func(tracker.DeliveryID) string { return "" }
	}
	if r.expected == nil {
		r.expected = func(tracker.DeliveryID) (Expected, bool) { return Expected{}, false }
	}
	if r.pushed == nil {
		r.pushed = func(Recipient, tracker.DeliveryID) bool { return false }
	}
	if err := r.load(); err != nil {
		return nil, fmt.Errorf("read the settings of notifications: %w", err)
	}
	return r, nil
}

func (r *Rules) now() time.Time { return r.clock.Now() }

// Notices says who is to hear of an event, and why others are not.
func (r *Rules) Notices(e *tracker.Event, now time.Time) ([]Notice, []Skip) {
	j := judgement{rules: r, settings: &r.settings.Load().Settings, event: e, now: now}
	subject := e.Subject
	if e.Type == retracted {
		j.retracted = retractedOf(e)
		subject = j.retracted.Subject
	}
	if d, ok := r.fleet.Delivery(tracker.DeliveryID(subject)); ok {
		j.delivery = &d
	}
	j.customer()
	j.dispatch()
	j.drivers()
	j.partner()
	j.security()
	return j.notices, j.skips
}

// judgement is what becomes of one event.
type judgement struct {
	rules    *Rules
	settings *Settings
	event    *tracker.Event
	// delivery is the one that the event is about, nil for none.
	delivery *tracker.Delivery
	// retracted is the event that did not happen, where event is its retraction.
	retracted retraction
	now       time.Time
	notices   []Notice
	skips     []Skip
}

func (j *judgement) skip(k Kind, to Recipient, c Channel, reason string) {
	j.skips = append(j.skips, Skip{Kind: k, To: to, Channel: c, Reason: reason})
}

// Reasons why somebody does not hear of an event.
const (
	whyOff     = "messages of this kind are turned off"
	whyTest    = "it is a test delivery"
	whyErased  = "the customer has been erased"
	whyLate    = "it is no longer worth anything"
	whyQuiet   = "it is in the quiet hours, and this channel would wake somebody"
	whyNobody  = "no contact of dispatch is to hear of it"
	whyUnknown = "there is no such recipient, or no longer"
)

// tell adds a notice, of which Kind, To and Bundle are given and the rest is
// filled in, unless something speaks against it. own are the channels that the
// recipient asked for, empty for those of the kind; quiet is theirs.
func (j *judgement) tell(n Notice, own []Channel, quiet Quiet) {
	m, _ := mannerOf(n.Kind)
	on, channels := j.settings.kind(m)
	if len(own) > 0 {
		channels = own
	}
	switch {
	case !on:
		j.skip(n.Kind, n.To, "", whyOff)
		return
	case j.delivery != nil && j.delivery.Test:
		j.skip(n.Kind, n.To, "", whyTest)
		return
	case j.delivery != nil && j.delivery.Erased:
		j.skip(n.Kind, n.To, "", whyErased)
		return
	}
	j.fill(&n, m)
	n.Channels = j.reachable(&n, channels)
	if len(n.Channels) == 0 {
		return // said why for each
	}
	if !j.hush(&n, m, quiet) {
		return
	}
	if !n.Expires.After(later(n.Due, j.now)) {
		j.skip(n.Kind, n.To, "", whyLate)
		return
	}
	j.notices = append(j.notices, n)
}

// fill says what n is about, and when it is worth something.
func (j *judgement) fill(n *Notice, m manner) {
	e := j.event
	n.Event, n.Seq, n.Time, n.Device = e.ID, e.Seq, e.Time.UTC(), e.Device
	if j.delivery != nil {
		n.Delivery = j.delivery.ID
		if n.Round == "" {
			n.Round = j.delivery.Round
		}
	}
	if m.wait == 0 {
		n.Bundle = "" // what goes at once does not wait for others
	}
	n.Due = later(n.Due, e.KnownAt.Add(m.wait)).UTC()
	since := n.Due.Add(-m.wait)
	if m.live {
		since = e.Time
	}
	n.Expires = since.Add(m.life).UTC()
	if d := j.delivery; m.kind == Changed && !d.WindowEnd.IsZero() && d.WindowEnd.Before(n.Expires) {
		n.Expires = d.WindowEnd
	}
}

// reachable are those of some channels that the recipient can be reached over.
func (j *judgement) reachable(n *Notice, channels []Channel) (open []Channel) {
	for _, c := range channels {
		_, reason, ok := j.rules.Address(n.To, c)
		if ok && c == Push && !j.rules.pushed(n.To, n.Delivery) {
			reason, ok = "has no browser that shows push messages", false
		}
		if !ok {
			j.skip(n.Kind, n.To, c, reason)
			continue
		}
		open = append(open, c)
	}
	return open
}

// hush has n heed quiet hours: see Quiet. It reports whether n can still be sent.
func (j *judgement) hush(n *Notice, m manner, q Quiet) bool {
	at := later(n.Due, j.now)
	end, quiet := q.end(at, j.rules.zoneOf(n))
	switch {
	case !quiet || j.promised(m, at):
		return true
	case !m.urgent && end.Before(n.Expires):
		n.Due = end.UTC()
		return true
	}
	var silent []Channel
	for _, c := range n.Channels {
		if c == Email {
			silent = append(silent, c)
		} else {
			j.skip(n.Kind, n.To, c, whyQuiet)
		}
	}
	n.Channels = silent
	return len(silent) > 0
}

// promised tells whether a delivery comes at an hour that its customer knows of.
func (j *judgement) promised(m manner, at time.Time) bool {
	d := j.delivery
	return m.to == ToCustomer && m.urgent && d != nil && !d.WindowEnd.IsZero() &&
		!at.Before(d.WindowStart) && at.Before(d.WindowEnd)
}
