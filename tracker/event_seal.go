package tracker

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/paulmach/orb"
)

// sealedEvent is an event about a customer as the log keeps it: in place of its
// point and detail it has them sealed.
type sealedEvent struct {
	eventJSON
	Customer CustomerID `json:"customer,omitempty"`
	Sealed   []byte     `json:"sealed,omitempty"`
	// Corrected is what the engine must know of the event even when nobody can
	// open it any more.
	Corrected *correctedDetail `json:"of,omitempty"`
}

// personal is what is sealed of an event.
type personal struct {
	Point  *orb.Point      `json:"point,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// erasedDetail stands for what nobody can open any more.
const erasedDetail = `{"erased":true}`

// encodeEvent writes what the log keeps of an event. Of one whose customer has
// been erased meanwhile, it keeps nothing personal.
func (k *Keyring) encodeEvent(e *Event) ([]byte, error) {
	if e.Customer == "" {
		return json.Marshal(e.shown()) // marshalled by its method it would be read twice
	}
	of, err := toldDetail(e)
	if err != nil {
		return nil, err
	}
	s := sealedEvent{Customer: e.Customer, Corrected: &of}
	s.Sealed, err = k.sealJSON(KeyID(e.Customer), "events", strconv.FormatUint(e.Seq, 10), personal{e.Point, e.Detail})
	if err != nil && !errors.Is(err, ErrErased) {
		return nil, err
	}
	bare := *e
	bare.Point, bare.Detail = nil, json.RawMessage(erasedDetail)
	s.eventJSON = bare.shown()
	return json.Marshal(s)
}

// decodeEvent reads what encodeEvent wrote.
func (k *Keyring) decodeEvent(value []byte) (Event, error) {
	var s sealedEvent
	if err := json.Unmarshal(value, &s); err != nil {
		return Event{}, err
	}
	e := s.event()
	e.Customer, e.of = s.Customer, s.Corrected
	if s.Sealed == nil || k == nil {
		return e, nil
	}
	var p personal
	erased, err := k.openJSON(KeyID(s.Customer), "events", strconv.FormatUint(e.Seq, 10), s.Sealed, &p)
	if err != nil {
		return Event{}, err
	}
	if !erased {
		e.Point, e.Detail = p.Point, p.Detail
	}
	return e, nil
}
