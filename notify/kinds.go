package notify

import (
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// What customers hear of.
const (
	Ordered     Kind = "ordered"
	Departed    Kind = "departed"
	Approaching Kind = "approaching"
	Delayed     Kind = "delayed"
	OnTime      Kind = "on_time"
	NotDelayed  Kind = "not_delayed" // what was told as Delayed was not so
	NotYet      Kind = "not_yet"     // the same of Approaching
	Delivered   Kind = "delivered"
	Left        Kind = "left" // with a neighbour or at a safe place
	Partial     Kind = "partial"
	Damaged     Kind = "damaged"
	Failed      Kind = "failed"
	Refused     Kind = "refused"
	Returned    Kind = "returned"
	Cancelled   Kind = "cancelled"
	Changed     Kind = "changed" // another window
	NewCode     Kind = "code"
)

// What drivers, partners and, beside alerts, dispatch hear of.
const (
	DriverRound     Kind = "driver.round"
	DriverCancelled Kind = "driver.cancelled"
	DriverCode      Kind = "driver.code"
	PartnerOutcome  Kind = "partner.outcome"
	// Security stands for all security.* events, each of which is a kind.
	Security Kind = "security"
)

// Alerts have a kind for each type, and another one for those whom an alert
// reaches because nobody has taken it up.
const (
	alertKinds      = "alert."
	escalationKinds = "escalation."
)

const (
	// reconsider is how long a customer does not hear of what the engine found:
	// positions that come late put most of it right within that time, if it was
	// wrong.
	reconsider = 30 * time.Second
	// gather is how long a message that can wait does so, for others that make
	// one with it: what people do comes in series.
	gather = time.Minute
	// burst is the same for alerts, which must not be kept: what one cause sets
	// off comes within seconds.
	burst = 10 * time.Second
)

// manner is how messages of a kind are treated.
type manner struct {
	kind Kind
	to   Audience
	// life is how long one is worth something. It counts from when the server
	// came to know of it or, with live, from when it happened.
	life time.Duration
	live bool
	// wait is how long it is kept for what may come.
	wait time.Duration
	// urgent: it cannot wait until the morning.
	urgent bool
	// channels are tried in order unless the settings say otherwise.
	channels []Channel
}

// What is urgent, short and read at once goes to the pocket first; what is kept
// to be looked up goes by email.
var (
	pocket    = []Channel{Push, SMS, Email}
	letterbox = []Channel{Email, SMS}
)

// manners are all kinds but those of alerts. Each life has its reason.
var manners = []manner{
	// The link is good until after the delivery; a day later that has often come.
	{kind: Ordered, to: ToCustomer, life: 24 * time.Hour, wait: gather, channels: letterbox},
	// Half a round: after that most are approached or served.
	{kind: Departed, to: ToCustomer, life: 4 * time.Hour, live: true, wait: gather, channels: letterbox},
	// It says ten minutes; ten more, and the van has come or will be announced by
	// a delay.
	{kind: Approaching, to: ToCustomer, life: 20 * time.Minute, live: true, wait: reconsider, urgent: true, channels: pocket},
	// Forecasts of an hour ago are wrong.
	{kind: Delayed, to: ToCustomer, life: time.Hour, live: true, wait: reconsider, urgent: true, channels: pocket},
	{kind: OnTime, to: ToCustomer, life: time.Hour, live: true, wait: reconsider, urgent: true, channels: pocket},
	// A correction is good until what was told would have come true.
	{kind: NotDelayed, to: ToCustomer, life: time.Hour, wait: reconsider, urgent: true, channels: pocket},
	{kind: NotYet, to: ToCustomer, life: time.Hour, wait: reconsider, urgent: true, channels: pocket},
	// Whoever comes home wants to know; the next day they have seen it.
	{kind: Delivered, to: ToCustomer, life: 24 * time.Hour, wait: gather, channels: letterbox},
	{kind: Partial, to: ToCustomer, life: 24 * time.Hour, wait: gather, channels: letterbox},
	{kind: Damaged, to: ToCustomer, life: 24 * time.Hour, wait: gather, channels: letterbox},
	{kind: Refused, to: ToCustomer, life: 24 * time.Hour, wait: gather, channels: letterbox},
	// What must be fetched, or will come again, matters longer.
	{kind: Left, to: ToCustomer, life: 48 * time.Hour, wait: gather, channels: letterbox},
	{kind: Failed, to: ToCustomer, life: 48 * time.Hour, wait: gather, channels: letterbox},
	{kind: Returned, to: ToCustomer, life: 72 * time.Hour, wait: gather, channels: letterbox},
	{kind: Cancelled, to: ToCustomer, life: 72 * time.Hour, wait: gather, channels: letterbox},
	// It ends with the window at the latest.
	{kind: Changed, to: ToCustomer, life: 72 * time.Hour, wait: gather, channels: letterbox},
	// Without the new code nothing is handed over; it comes while a driver waits.
	{kind: NewCode, to: ToCustomer, life: 12 * time.Hour, urgent: true, channels: pocket},

	// A driver sees the round's list when the app is opened next.
	{kind: DriverRound, to: ToDriver, life: 2 * time.Hour, wait: gather, urgent: true, channels: []Channel{Push, SMS}},
	{kind: DriverCancelled, to: ToDriver, life: 2 * time.Hour, wait: gather, urgent: true, channels: []Channel{Push, SMS}},
	{kind: DriverCode, to: ToDriver, life: time.Hour, urgent: true, channels: []Channel{Push, SMS}},
	// Partners read the API too.
	{kind: PartnerOutcome, to: ToPartner, life: 24 * time.Hour, wait: gather, channels: []Channel{Email}},
	// Who looks into it does so whenever it comes.
	{kind: Security, to: ToDispatch, life: 72 * time.Hour, urgent: true, channels: letterbox},
}

// An alert that nobody could be told of for four hours is on dispatch's list,
// and another shift's.
const alertLife = 4 * time.Hour

// mannerOf finds how a kind is treated; ok is false for one that there is not.
func mannerOf(k Kind) (m manner, ok bool) {
	if strings.HasPrefix(string(k), string(Security)+".") {
		k = Security
	}
	if i := slices.IndexFunc(manners, func(m manner) bool { return m.kind == k }); i >= 0 {
		return manners[i], true
	}
	typ, ok := alertType(k)
	if !ok || !slices.Contains(tracker.AlertTypes(), typ) {
		return manner{}, false
	}
	return manner{kind: k, to: ToDispatch, life: alertLife, wait: burst, urgent: true, channels: pocket}, true
}

// alertType is the type of the alert that a kind is about.
func alertType(k Kind) (typ string, ok bool) {
	if typ, ok = strings.CutPrefix(string(k), alertKinds); ok {
		return typ, true
	}
	return strings.CutPrefix(string(k), escalationKinds)
}

// Kinds are all kinds of messages, in the order of the pages that list them.
func Kinds() []Kind {
	var kinds []Kind
	for _, m := range manners {
		kinds = append(kinds, m.kind)
	}
	for _, prefix := range []string{alertKinds, escalationKinds} {
		for _, typ := range tracker.AlertTypes() {
			kinds = append(kinds, Kind(prefix+typ))
		}
	}
	return kinds
}

// customerKinds are what customers hear of, by the type of the event. What the
// engine says of the place of a hand-off is not among them: that a parcel may be
// at a wrong address is for a person to say.
var customerKinds = map[string]Kind{
	"delivery.created":       Ordered,
	"delivery.departed":      Departed,
	"delivery.approaching":   Approaching,
	"delivery.delayed":       Delayed,
	"delivery.on_time_again": OnTime,
	"delivery.delivered":     Delivered,
	"delivery.left":          Left,
	"delivery.partial":       Partial,
	"delivery.damaged":       Damaged,
	"delivery.failed":        Failed,
	"delivery.refused":       Refused,
	"delivery.returned":      Returned,
	"delivery.cancelled":     Cancelled,
}

// correctedKinds are what customers hear of once an event that they heard of turns
// out not to have happened, by its type.
var correctedKinds = map[string]Kind{
	"delivery.delayed":     NotDelayed,
	"delivery.approaching": NotYet,
}

// outcomes are the events that partners hear of.
var outcomes = []string{
	"delivery.delivered", "delivery.left", "delivery.partial", "delivery.damaged",
	"delivery.failed", "delivery.refused", "delivery.returned", "delivery.cancelled",
}
