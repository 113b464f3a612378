package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// State says how far a message is.
type State string

// The states. Of those that are over, Dead ones wait for somebody to look.
const (
	// Waiting: it is not due yet, or no carrier has had time for it.
	Waiting State = "waiting"
	// Retrying: a carrier did not take it, and is asked again.
	Retrying State = "retrying"
	// Sent: a carrier has taken it over.
	Sent State = "sent"
	// Dropped: it was not to be sent after all.
	Dropped State = "dropped"
	// Dead: no carrier took it over.
	Dead State = "dead"
)

// Over reports whether nothing happens any more by itself.
func (s State) Over() bool { return s == Sent || s == Dropped || s == Dead }

// Entry is a message on its way, or what has become of one.
type Entry struct {
	ID string    `json:"id"`
	To Recipient `json:"to"`
	// Notices are what it tells of, in the order in which they came.
	Notices []Notice  `json:"notices"`
	Created time.Time `json:"created"`
	Progress
	// Tries are the channels that it did not go over, in order.
	Tries []Try `json:"tries,omitempty"`
	// Repeats and RepeatedAs are the ids of the message that this one repeats, and
	// of the one that repeats it; empty for none.
	Repeats    string `json:"repeats,omitempty"`
	RepeatedAs string `json:"repeated_as,omitempty"`
	Sealed     sealed `json:"sealed"`
}

// Progress is where a message stands.
type Progress struct {
	State State `json:"state"`
	// Channel is the one that it waits for, or was sent over.
	Channel Channel `json:"channel"`
	// Due is when it is sent, or tried again; Until is when the channel's time is
	// over and the next one's begins.
	Due   time.Time `json:"due"`
	Until time.Time `json:"until"`
	// Attempts are those over the channel.
	Attempts int `json:"attempts,omitempty"`
	// Done is when it was sent or given up, zero before that.
	Done time.Time `json:"done,omitzero"`
	// Reason is why it was not sent, or what is known of one that was sent and has
	// yet to be brought; Receipt is the service's name for one that was.
	Reason  string `json:"reason,omitempty"`
	Receipt string `json:"receipt,omitempty"`
}

// Try is what became of a message on one channel.
type Try struct {
	Channel Channel `json:"channel"`
	// Attempts is 0 where the recipient could not be written to at all.
	Attempts int    `json:"attempts,omitempty"`
	Reason   string `json:"reason"`
}

// Kind is that of the first notice, Delivery the one that it concerns.
func (e *Entry) Kind() Kind { return e.Notices[0].Kind }

// Delivery is the one that the first notice concerns, empty for none.
func (e *Entry) Delivery() tracker.DeliveryID { return e.Notices[0].Delivery }

// Expires is when the last of the notices is worth nothing any more.
func (e *Entry) Expires() time.Time {
	last := e.Notices[0].Expires
	for i := range e.Notices {
		if at := e.Notices[i].Expires; at.After(last) {
			last = at
		}
	}
	return last
}

// channels are those that the message is tried over.
func (e *Entry) channels() []Channel { return e.Notices[0].Channels }

// deliveries are those that the notices concern, each once.
func (e *Entry) deliveries() (ids []tracker.DeliveryID) {
	for i := range e.Notices {
		if id := e.Notices[i].Delivery; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Ids sort the newest first: 10 digits of the milliseconds from an event to the
// end of time, base32, then 26 of a hash. They need no index to be found by.
const (
	idTimeDigits = 10
	idTimeMask   = 1<<48 - 1
)

func base32Hex(b []byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// idTime is how ids of messages about something at that time begin.
func idTime(at time.Time) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(^at.UnixMilli()&idTimeMask))
	return base32Hex(b[2:])
}

// newID derives an id from parts, of which no other message has the same.
func newID(at time.Time, parts ...string) string {
	var text strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&text, "%d:%s", len(part), part)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return idTime(at) + base32Hex(sum[:16])
}

// entryID is the same whenever the same notice is.
func entryID(n *Notice) string {
	return newID(n.Time, n.Event, string(n.Kind), string(n.To.Audience), n.To.ID)
}

// newEntry makes a message of a notice, for the first of its channels.
func newEntry(n Notice, now time.Time) *Entry {
	e := &Entry{ID: entryID(&n), To: n.To, Notices: []Notice{n}, Created: now}
	e.begin(n.Channels[0], later(n.Due, now))
	return e
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// begin has the message wait for a channel. The time that is left is divided
// evenly among those that are left, so that one that answers nobody leaves the
// next one time.
func (e *Entry) begin(c Channel, due time.Time) {
	left := len(e.channels()) - slices.Index(e.channels(), c)
	until := due.Add(e.Expires().Sub(due) / time.Duration(left))
	e.Progress = Progress{State: Waiting, Channel: c, Due: due, Until: until}
}

// end says what has become of the message.
func (e *Entry) end(s State, reason string, now time.Time) {
	e.State, e.Reason, e.Done = s, reason, now
}
