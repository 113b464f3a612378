package notify

import (
	"fmt"
	"time"
	"unicode/utf8"

	"wayguard/tracker"
)

// Outlook is what would become of an event now, and why not more.
type Outlook struct {
	Notices []Prospect `json:"notices"`
	Skips   []Skip     `json:"skips"`
}

// Prospect is one notice, and the messages of which the first that can be
// delivered would be sent.
type Prospect struct {
	Notice
	// Holds tells whether it would be sent if it were due now; Reason why not.
	Holds    bool    `json:"holds"`
	Reason   string  `json:"reason"`
	Messages []Draft `json:"messages"`
}

// Draft is a message that was not sent.
type Draft struct {
	Channel  Channel `json:"channel"`
	Address  string  `json:"address"`
	Name     string  `json:"name"`
	Language string  `json:"language"`
	Content
	// Length of the text is in characters.
	Length int `json:"length"`
	// Reason says why there is no message; empty where there is one.
	Reason string `json:"reason"`
}

// DryRun tells what would become of an event, and changes nothing. It holds what
// is personal of the recipients.
func (r *Rules) DryRun(e *tracker.Event) Outlook {
	now := r.now()
	notices, skips := r.Notices(e, now)
	o := Outlook{Notices: make([]Prospect, len(notices)), Skips: append([]Skip{}, skips...)}
	for i := range notices {
		n := &notices[i]
		p := Prospect{Notice: *n, Messages: []Draft{}}
		p.Reason, p.Holds = r.Holds(n, now)
		for _, c := range n.Channels {
			p.Messages = append(p.Messages, r.draft(n, c))
		}
		o.Notices[i] = p
	}
	return o
}

func (r *Rules) draft(n *Notice, c Channel) Draft {
	a, reason, ok := r.Address(n.To, c)
	if !ok {
		return Draft{Channel: c, Reason: reason}
	}
	d := Draft{Channel: c, Address: a.Address, Name: a.Name, Language: a.Language}
	content, err := r.Compose([]Notice{*n}, a, c)
	if err != nil {
		d.Reason = err.Error()
		return d
	}
	d.Content, d.Length = content, utf8.RuneCountInString(content.Text)
	return d
}

const (
	// searchedEvents is how far back an event is looked for by its id.
	searchedEvents = 10_000
	searchPage     = 1000
)

// EventAt finds an event by its place in the log. Errors wrap
// tracker.ErrNotFound, tracker.ErrGone or the store's.
func (r *Rules) EventAt(seq uint64) (*tracker.Event, error) {
	if seq > 0 {
		found, _, err := r.fleet.Events(seq-1, 1, tracker.EventFilter{})
		if err != nil {
			return nil, err
		}
		if len(found) == 1 && found[0].Seq == seq {
			return &found[0], nil
		}
	}
	return nil, fmt.Errorf("event %d: %w", seq, tracker.ErrNotFound)
}

// EventByID finds an event among the last ten thousand. Errors as of EventAt.
func (r *Rules) EventByID(id string) (*tracker.Event, error) {
	last, first := r.fleet.LastSeq(), r.fleet.FirstSeq()
	after := max(last, searchedEvents) - searchedEvents
	if first > 0 {
		after = max(after, first-1)
	}
	for after < last {
		page, next, err := r.fleet.Events(after, searchPage, tracker.EventFilter{})
		if err != nil {
			return nil, err
		}
		for i := range page {
			if page[i].ID == id {
				return &page[i], nil
			}
		}
		if next == after {
			break
		}
		after = next
	}
	return nil, fmt.Errorf("event %.64q: %w", id, tracker.ErrNotFound)
}

// Imagined completes an event that somebody made up: what it does not say is as
// if it had just happened.
func (r *Rules) Imagined(e tracker.Event) *tracker.Event {
	now := r.now().UTC().Truncate(time.Millisecond)
	if e.Time.IsZero() {
		e.Time = now
	}
	if e.KnownAt.IsZero() {
		e.KnownAt = now
	}
	return &e
}
