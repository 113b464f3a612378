package notify

import (
	"time"

	"wayguard/tracker"
)

// Notice says that somebody is to hear of an event: what the rules make of it.
type Notice struct {
	Kind Kind      `json:"kind"`
	To   Recipient `json:"to"`
	// Channels are tried in order: the next one once one has failed for good.
	Channels []Channel `json:"channels"`
	// Event is the event's id, Seq its place in the log, Time when it happened.
	Event string    `json:"event"`
	Seq   uint64    `json:"seq"`
	Time  time.Time `json:"time"`
	// Corrects is the id of an event that turned out not to have happened: the
	// notice is for whom a message told of it. Empty for other notices.
	Corrects string `json:"corrects,omitempty"`
	// Delivery and Round are those concerned, empty where none is.
	Delivery tracker.DeliveryID `json:"delivery,omitempty"`
	Round    tracker.RoundID    `json:"round,omitempty"`
	Device   tracker.DeviceID   `json:"device,omitempty"`
	// Due is when it may be sent, which leaves time for it to be retracted or
	// joined by others; Expires when it is worth nothing any more.
	Due     time.Time `json:"due"`
	Expires time.Time `json:"expires"`
	// Bundle is equal for notices to one recipient that become one message where
	// they are due at the same time or wait for each other; empty for one that
	// always goes alone.
	Bundle string `json:"bundle,omitempty"`
	// LeftOut: the message went out without it, since it was no longer true.
	LeftOut bool `json:"left_out,omitempty"`
}

// Skip says why somebody does not hear of an event, for whoever asks.
type Skip struct {
	Kind    Kind      `json:"kind"`
	To      Recipient `json:"to"`
	Channel Channel   `json:"channel,omitempty"`
	Reason  string    `json:"reason"`
}

// judge decides who hears what and writes it down.
type judge interface {
	// Notices are those of one event, without side effects: the same event gives
	// the same notices for the same settings.
	Notices(e *tracker.Event, now time.Time) ([]Notice, []Skip)
	// Holds tells whether a notice is still true and still wanted, and why not.
	Holds(n *Notice, now time.Time) (reason string, ok bool)
	// Address is where to reach a recipient over a channel; ok is false where
	// they cannot be or must not be reached, and reason says why.
	Address(to Recipient, channel Channel) (a Address, reason string, ok bool)
	// Compose writes one message of notices that share a recipient and a bundle.
	Compose(notices []Notice, a Address, channel Channel) (Content, error)
}

// Address is where and how to reach somebody.
type Address struct {
	Address, Name string
	// Language is a BCP 47 tag that there are templates of.
	Language string
	// Zone is that of the times in the message.
	Zone *time.Location
}
