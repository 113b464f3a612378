package tracker

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// WishID names a wish: a UUID (RFC 9562).
type WishID string

// WishKind is what a customer asks for.
type WishKind string

// The kinds of wishes.
const (
	// WishDay: brought on another day.
	WishDay WishKind = "another_day"
	// WishPlace: left at a safe place.
	WishPlace WishKind = "safe_place"
	// WishNeighbour: left with a neighbour.
	WishNeighbour WishKind = "neighbour"
	// WishNotMine: not brought at all, since it is for somebody else.
	WishNotMine WishKind = "not_mine"
)

var wishKinds = []WishKind{WishDay, WishPlace, WishNeighbour, WishNotMine}

// WishState is where a wish stands.
type WishState string

// The states. A wish is open until dispatch decides or the customer asks for
// something else instead.
const (
	WishOpen     WishState = "open"
	WishAccepted WishState = "accepted"
	WishDeclined WishState = "declined"
	WishReplaced WishState = "replaced"
)

// Wish is what a customer asks for about a delivery. At most one of a delivery is
// open.
type Wish struct {
	Meta     `json:"-"`
	ID       WishID     `json:"id"`
	Delivery DeliveryID `json:"delivery"`
	Customer CustomerID `json:"customer"`
	Kind     WishKind   `json:"kind"`
	State    WishState  `json:"state"`
	// Zone is a name of the IANA database: that of its day.
	Zone string `json:"zone,omitempty"`
	// By is who decided, empty while it is open.
	By     string `json:"by,omitempty"`
	Wished `json:"-"`
}

// Wished is what is personal of a wish.
type Wished struct {
	// Day is such as 2026-03-03, empty unless another day is asked for.
	Day string `json:"day,omitempty"`
	// Text says where or with whom to leave it, or what else the customer says.
	Text string `json:"text,omitempty"`
	// Answer is what dispatch says to the customer; empty for nothing.
	Answer string `json:"answer,omitempty"`
}

const wishBucket = "wishes"

func (w *Wish) key() string            { return string(w.ID) }
func (w *Wish) personal() (KeyID, any) { return KeyID(w.Customer), &w.Wished }

// Limits of wishes.
const (
	maxWishText = 300 // characters
	// maxWishes are as many as a delivery takes, whatever became of them; whoever
	// changes their mind more often is to speak with somebody.
	maxWishes = 10
	// WishDays is how far ahead another day may be: as long as depots keep
	// parcels.
	WishDays = 14
)

// NewWish is a wish to be made.
type NewWish struct {
	Kind WishKind
	// Zone is where the customer is; nil for UTC.
	Zone *time.Location
	Wished
}

// normalize checks w against the days on which it could be brought.
func (w *NewWish) normalize(d *Delivery, now time.Time) error {
	if w.Zone == nil {
		w.Zone = time.UTC
	}
	w.Text = strings.TrimSpace(strings.ReplaceAll(w.Text, "\r\n", "\n"))
	w.Answer = ""
	if w.Kind != WishDay {
		w.Day = ""
	}
	if !slices.Contains(wishKinds, w.Kind) {
		return &MemberError{"kind", "must be another_day, safe_place, neighbour or not_mine."}
	}
	if err := checkLength("text", w.Text, maxWishText); err != nil {
		return err
	}
	if (w.Kind == WishPlace || w.Kind == WishNeighbour) && w.Text == "" {
		return &MemberError{"text", "must say where, or with whom."}
	}
	if !slices.Contains(WishesFor(d.State), w.Kind) {
		return &MemberError{"kind", fmt.Sprintf("is not to be had for a delivery that is %s.", d.State)}
	}
	if w.Kind == WishDay {
		return checkWishDay(w.Day, now.In(w.Zone))
	}
	return nil
}

// WishesFor are the kinds of wishes that can be made about a delivery in a state.
// What is aboard already comes today; what is at the door is for the driver to
// hear.
func WishesFor(s DeliveryState) []WishKind {
	switch s {
	case DeliveryCreated, DeliveryFailed:
		return wishKinds
	case DeliveryDeparted, DeliveryApproaching:
		return []WishKind{WishPlace, WishNeighbour, WishNotMine}
	}
	return nil
}

func checkWishDay(day string, today time.Time) error {
	at, err := time.ParseInLocation(time.DateOnly, day, today.Location())
	y, m, d := today.Date()
	first := time.Date(y, m, d+1, 0, 0, 0, 0, today.Location())
	last := time.Date(y, m, d+WishDays, 0, 0, 0, 0, today.Location())
	if err != nil || at.Before(first) || at.After(last) {
		return &MemberError{"day", fmt.Sprintf("must be a day from %s to %s.", first.Format(time.DateOnly), last.Format(time.DateOnly))}
	}
	return nil
}

// wishDetail is what events tell of a wish: what it says stays with it.
type wishDetail struct {
	ID    WishID    `json:"id"`
	Kind  WishKind  `json:"kind"`
	State WishState `json:"state"`
}

// window is when a delivery is to be brought on another day: at the same time of
// the day, or where none was set, at any.
func (w *Wish) window(d *Delivery) (start, end time.Time, err error) {
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		zone = time.UTC
	}
	day, err := time.ParseInLocation(time.DateOnly, w.Day, zone)
	if err != nil {
		return start, end, &MemberError{"day", "of the wish cannot be read: change the delivery's window."}
	}
	if d.WindowStart.IsZero() || d.WindowEnd.IsZero() {
		return day, day.AddDate(0, 0, 1), nil
	}
	y, m, on := day.Date()
	old := d.WindowStart.In(zone)
	start = time.Date(y, m, on, old.Hour(), old.Minute(), old.Second(), 0, zone)
	return start, start.Add(d.WindowEnd.Sub(d.WindowStart)), nil
}
