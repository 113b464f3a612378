package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wayguard/tracker"
)

// errDamaged: a record cannot be read.
var errDamaged = errors.New("a record is damaged: restore a copy of the data")

// houseKey seals what concerns neither a customer nor a driver: messages to
// dispatch about the server itself.
const houseKey tracker.KeyID = "6d657373-6167-4573-8000-000000000001"

// sealed is what only the keys of its owners open, one after the other, so that
// it goes when one of them is erased.
type sealed struct {
	Owners []tracker.KeyID `json:"owners,omitempty"`
	Text   []byte          `json:"text,omitempty"`
}

// Sight is what is personal of a message that was composed.
type Sight struct {
	Address  string `json:"address"`
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"`
	Content
}

// owners are those whose keys seal what a message says: the customers of the
// deliveries, and the recipient.
func (o *outbox) owners(e *Entry) (ids []tracker.KeyID) {
	if e.To.Audience == ToCustomer || e.To.Audience == ToDriver {
		ids = append(ids, tracker.KeyID(e.To.ID))
	}
	for _, id := range e.deliveries() {
		d, _ := o.fleet.Delivery(id)
		if key := tracker.KeyID(d.Customer); key != "" && !slices.Contains(ids, key) {
			ids = append(ids, key)
		}
	}
	if len(ids) == 0 {
		ids = append(ids, houseKey)
	}
	return ids
}

// seal seals v for a place in the store. Of somebody who was erased meanwhile it
// keeps nothing.
func (o *outbox) seal(e *Entry, bucket string, v any) (s sealed, err error) {
	if s.Text, err = json.Marshal(v); err != nil {
		return sealed{}, fmt.Errorf("encode what a message says: %w", err)
	}
	s.Owners = o.owners(e)
	for _, id := range s.Owners {
		s.Text, err = o.keys.Seal(id, bucket+"/"+e.ID, s.Text)
		if errors.Is(err, tracker.ErrErased) {
			return sealed{Owners: s.Owners}, nil
		}
		if err != nil {
			return sealed{}, fmt.Errorf("seal a message: %w", err)
		}
	}
	return s, nil
}

// open fills v; ok is false where there is nothing, or nobody can read it any
// more.
func (o *outbox) open(s sealed, id, bucket string, v any) (ok bool, err error) {
	text := s.Text
	for _, owner := range slices.Backward(s.Owners) {
		if len(text) == 0 {
			return false, nil
		}
		text, err = o.keys.Open(owner, bucket+"/"+id, text)
		if errors.Is(err, tracker.ErrErased) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("message %s: %w", id, err)
		}
	}
	if len(text) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("message %s: %w", id, errDamaged)
	}
	return true, nil
}
