package notify

import (
	"time"

	"wayguard/tracker"
)

// Channel is a way to reach somebody.
type Channel string

// The channels. Webhooks are none: they carry events, not messages.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Push  Channel = "push"
)

// Audience says what somebody is to a fleet.
type Audience string

// The audiences.
const (
	ToCustomer Audience = "customer"
	ToDispatch Audience = "dispatch"
	ToDriver   Audience = "driver"
	ToPartner  Audience = "partner"
)

// Recipient is whom a message is for. Where to reach them is looked up when it
// is sent, since it may have changed until then.
type Recipient struct {
	Audience Audience `json:"audience"`
	// ID is that of the customer, the driver, the partner or the contact of
	// dispatch.
	ID string `json:"id"`
}

// Content is what a message says, written for one channel.
type Content struct {
	// Subject is that of an email and the title of a push message; empty for
	// SMS.
	Subject string `json:"subject,omitempty"`
	// Text is the whole message without markup.
	Text string `json:"text"`
	// HTML is the same for email; empty for the other channels.
	HTML string `json:"html,omitempty"`
	// Link is where the message leads; empty for nowhere. Text and HTML hold it
	// already, Push opens it.
	Link string `json:"link,omitempty"`
}

// Message is what a carrier is given.
type Message struct {
	// ID never changes, however often the message is sent: what it was made of,
	// for whom and over which channel. A carrier gives it on as the key that
	// keeps duplicates out, wherever it can.
	ID   string
	Kind Kind
	// Delivery is empty where none is concerned.
	Delivery tracker.DeliveryID
	To       Recipient
	// Address is where to send it: an email address, a number of E.164, or the
	// id of a push subscription.
	Address string
	// Name is the recipient's, empty if unknown.
	Name string
	// Language is a BCP 47 tag, that of Content.
	Language string
	Content
	// Expires is when it is worth nothing any more.
	Expires time.Time
}

// Kind is what a message is about, and names its template.
type Kind string
