package notify

import (
	"encoding/json"
	"fmt"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Positions that come late may show that something did not happen that a customer
// was told of. Who was told is told of that too, once, by the same rules: what the
// message says is held back, since later positions may turn it around again, and
// is sent where it is still owed then.

// retracted is the type of the events that say that another did not happen.
const retracted = string(geofence.Retracted)

// retraction is what the detail of such an event says of the other one.
type retraction struct {
	Type    string `json:"type"`
	Subject string `json:"subject"`
}

// retractedOf is zero where the detail cannot be read.
func retractedOf(e *tracker.Event) (r retraction) {
	if json.Unmarshal(e.Detail, &r) != nil {
		return retraction{}
	}
	return r
}

// Reasons why a correction is not sent.
const (
	whyUntold     = "no message told of what turned out not to be so"
	whyCorrected  = "the customer has been told already that it was not so"
	whyUnreadable = "what the customer was told cannot be read"
)

// owed tells whether a customer was told of what n corrects, and of nothing since
// that sets it right.
func (r *Rules) owed(n *Notice) (reason string, ok bool) {
	told, corrected := false, false
	err := r.eachMessage(n.Delivery, func(e *Entry) {
		for i := range e.Notices {
			o := &e.Notices[i]
			sent := e.To == n.To && e.State == Sent && !o.LeftOut
			told = told || sent && o.Event == n.Corrects
			again := o.Corrects == n.Corrects && o.Event != n.Event
			corrected = corrected || sent && again || e.To == n.To && !e.State.gone() && o.supersedes(n)
		}
	})
	switch {
	case err != nil:
		r.log.Error("a correction is not sent", "event", n.Event, "error", err)
		return whyUnreadable, false
	case !told:
		return whyUntold, false
	case corrected:
		return whyCorrected, false
	}
	return "", true
}

// gone reports whether a message reaches nobody.
func (s State) gone() bool { return s == Dropped || s == Dead }

// supersedes tells whether n need not be sent since o says the same: the engine
// found later that the delivery is on time again.
func (o *Notice) supersedes(n *Notice) bool {
	return n.Kind == NotDelayed && o.Kind == OnTime && !o.LeftOut && !o.Time.Before(n.Time)
}

// eachMessage calls fn with every message about a delivery.
func (r *Rules) eachMessage(id tracker.DeliveryID, fn func(*Entry)) error {
	o := &outbox{fleet: r.fleet}
	prefix, after := string(id)+"/", ""
	for {
		page, err := r.fleet.Records(deliveryIndex, prefix, after, loadPage)
		if err != nil {
			return fmt.Errorf("read the messages of a delivery: %w", err)
		}
		for _, row := range page {
			e, err := o.listed(deliveryIndex, row.Key[len(prefix):], row.Value)
			if err != nil {
				return err
			}
			if e != nil {
				fn(e)
			}
		}
		if len(page) < loadPage {
			return nil
		}
		after = page[len(page)-1].Key
	}
}
