package web

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

type customerJSON struct {
	ID       tracker.CustomerID `json:"id"`
	Name     string             `json:"name"`
	Phone    string             `json:"phone"`
	Email    string             `json:"email"`
	Language string             `json:"language"`
	Consent  tracker.Consent    `json:"consent"`
	metaJSON
}

// metaJSON is what is shown of everything that people edit.
type metaJSON struct {
	Version uint64    `json:"version"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Erased  bool      `json:"erased"`
}

func metaOf(m tracker.Meta) metaJSON {
	return metaJSON{Version: m.Version, Created: m.Created.UTC(), Updated: m.Updated.UTC(), Erased: m.Erased}
}

func customerOf(c tracker.Customer) customerJSON {
	return customerJSON{
		ID: c.ID, Name: c.Name, Phone: c.Phone, Email: c.Email,
		Language: c.Language, Consent: c.Consent, metaJSON: metaOf(c.Meta),
	}
}

// deliveryJSON is a delivery as the API shows it, all members present.
type deliveryJSON struct {
	ID       tracker.DeliveryID `json:"id"`
	Customer tracker.CustomerID `json:"customer"`
	orderJSON
	courseJSON
	metaJSON
}

type orderJSON struct {
	Consignee    string          `json:"consignee"`
	Address      string          `json:"address"`
	Point        json.RawMessage `json:"point"`
	Premises     json.RawMessage `json:"premises"`
	Accuracy     float64         `json:"geocode_accuracy_m"`
	Instructions string          `json:"instructions"`
	Partner      string          `json:"partner"`
	Reference    string          `json:"reference"`
	WindowStart  *time.Time      `json:"window_start"`
	WindowEnd    *time.Time      `json:"window_end"`
	Service      float64         `json:"service_s"`
	Parcels      []string        `json:"parcels"`
	Proof        []tracker.Proof `json:"proof"`
	Test         bool            `json:"test"`
}

type courseJSON struct {
	State    tracker.DeliveryState   `json:"state"`
	Since    time.Time               `json:"since"`
	Next     []tracker.DeliveryState `json:"next"`
	Round    *tracker.RoundID        `json:"round"`
	Delayed  bool                    `json:"delayed"`
	Attempts int                     `json:"attempts"`
	Reason   string                  `json:"reason"`
	Tries    int                     `json:"tries"`
	Handoff  *handoffJSON            `json:"handoff"`
}

// handoffJSON is what was shown of a hand-off.
type handoffJSON struct {
	*tracker.HandoffRecord
	Scanned []string `json:"scanned"`
	// Asked is nobody's business.
	Asked *bool `json:"asked,omitempty"`
	// LeftWith is personal, and not part of the record.
	LeftWith string `json:"left_with"`
}

func handoffOf(d *tracker.Delivery) *handoffJSON {
	if d.Handoff == nil {
		return nil
	}
	return &handoffJSON{HandoffRecord: d.Handoff, Scanned: append([]string{}, d.Handoff.Scanned...), LeftWith: d.Hidden.LeftWith}
}

func deliveryOf(d tracker.Delivery) (j deliveryJSON, err error) {
	j = deliveryJSON{ID: d.ID, Customer: d.Customer, orderJSON: orderOf(&d.Order), courseJSON: courseOf(&d.Course), metaJSON: metaOf(d.Meta)}
	j.Handoff = handoffOf(&d)
	if d.Erased {
		return j, nil
	}
	if j.Point, err = tracker.MarshalGeometry(d.Point); err != nil {
		return j, fmt.Errorf("encode the point of delivery %s: %w", d.ID, err)
	}
	if d.Premises != nil {
		if j.Premises, err = tracker.MarshalGeometry(shapeOf(d.Premises)); err != nil {
			return j, fmt.Errorf("encode the premises of delivery %s: %w", d.ID, err)
		}
	}
	return j, nil
}

func shapeOf(p orb.MultiPolygon) orb.Geometry {
	if len(p) == 1 {
		return p[0]
	}
	return p
}

func orderOf(o *tracker.Order) orderJSON {
	return orderJSON{
		Consignee: o.Consignee, Address: o.Address, Accuracy: o.GeocodeAccuracyMeters, Instructions: o.Instructions,
		Point: json.RawMessage("null"), Premises: json.RawMessage("null"),
		Partner: string(o.Partner), Reference: o.Reference, WindowStart: timeOrNull(o.WindowStart), WindowEnd: timeOrNull(o.WindowEnd),
		Service: o.Service.Seconds(), Parcels: append([]string{}, o.Parcels...), Proof: append([]tracker.Proof{}, o.Proof...), Test: o.Test,
	}
}

func courseOf(c *tracker.Course) courseJSON {
	j := courseJSON{
		State: c.State, Since: c.Since.UTC(), Next: append([]tracker.DeliveryState{}, c.State.Next()...),
		Delayed: c.Delayed, Attempts: c.Attempts, Reason: c.Reason, Tries: c.Tries,
	}
	if c.Round != "" {
		j.Round = &c.Round
	}
	return j
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
