package tracker

import "encoding/json"

// DeliveryOf is the delivery that an event, or the one that it corrects, is
// about, if it is about one.
func (f *Fleet) DeliveryOf(e *Event) (Delivery, bool) { return f.Delivery(deliveryOf(e)) }

// ofOthers are the facts that name another delivery than the event's: where a
// drop is likelier to have been, and which stop was served instead.
var ofOthers = []string{"likely", "served"}

// Shared is e as whoever ordered the delivery may see it: without the device and
// where that was, and without what it says of other deliveries.
func (e Event) Shared() Event {
	e.Device, e.Point = "", nil
	var detail map[string]json.RawMessage
	if json.Unmarshal(e.Detail, &detail) != nil {
		return e // There is none.
	}
	for _, name := range ofOthers {
		delete(detail, name)
	}
	e.Detail, _ = json.Marshal(detail) // What was read can be written.
	return e
}
