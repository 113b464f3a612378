package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// rawJSON is a value as it was sent.
type rawJSON = json.RawMessage

// setters take the values of members by their names.
type setters map[string]func(rawJSON) error

// setMembers sets those members of an object that are given. A null puts a
// member back to its zero value.
func setMembers(given map[string]rawJSON, known setters) error {
	names := slices.Sorted(maps.Keys(known))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		set, ok := known[name]
		if !ok {
			return &problem{status: 400, detail: "The member " + quoteCut(name) + " is not known here. Known are: " + strings.Join(names, ", ") + ".", member: cut(name, 100)}
		}
		if err := set(given[name]); err != nil {
			return err
		}
	}
	return nil
}

func quoteCut(name string) string {
	quoted, _ := json.Marshal(cut(name, 100)) // a string always can be written
	return string(quoted)
}

// into sets what v points to, which is described by kind.
func into[T any](name string, v *T, kind string) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		var zero T
		*v = zero
		if bytes.Equal(value, []byte("null")) {
			return nil
		}
		if json.Unmarshal(value, v) != nil {
			return badMember(name, "must be "+kind+".")
		}
		return nil
	}
}

// orderSetters are the members of an order.
func orderSetters(o *tracker.Order) setters {
	return setters{
		"consignee":          into("consignee", &o.Consignee, "a string"),
		"address":            into("address", &o.Address, "a string"),
		"point":              func(v json.RawMessage) error { return setPoint(&o.Point, v) },
		"premises":           func(v json.RawMessage) error { return setPremises(&o.Premises, v) },
		"geocode_accuracy_m": into("geocode_accuracy_m", &o.GeocodeAccuracyMeters, "a number of metres"),
		"instructions":       into("instructions", &o.Instructions, "a string"),
		"reference":          into("reference", &o.Reference, "a string"),
		"window_start":       intoTime("window_start", &o.WindowStart),
		"window_end":         intoTime("window_end", &o.WindowEnd),
		"service_s":          intoSeconds("service_s", &o.Service),
		"parcels":            into("parcels", &o.Parcels, "a list of barcodes"),
		"proof":              into("proof", &o.Proof, "a list of code, scan, photo and signature"),
		"test":               into("test", &o.Test, "true or false"),
	}
}

func setPoint(p *orb.Point, value json.RawMessage) error {
	g, err := tracker.ParseGeometry(value)
	point, ok := g.(orb.Point)
	if err != nil || !ok {
		return badMember("point", `must be a GeoJSON Point, such as {"type":"Point","coordinates":[13.4,52.5]}: longitude first.`)
	}
	*p = point
	return nil
}

func setPremises(p *orb.MultiPolygon, value json.RawMessage) error {
	*p = nil
	if bytes.Equal(value, []byte("null")) {
		return nil
	}
	g, err := tracker.ParseGeometry(value)
	switch shape := g.(type) {
	case orb.Polygon:
		*p = orb.MultiPolygon{shape}
	case orb.MultiPolygon:
		*p = shape
	default:
		err = badMember("premises", "must be a GeoJSON Polygon or MultiPolygon.")
	}
	if err != nil {
		return badMember("premises", "must be a GeoJSON Polygon or MultiPolygon.")
	}
	return nil
}

func intoTime(name string, t *time.Time) func(json.RawMessage) error {
	return into(name, t, "a time such as 2025-03-01T08:00:00Z")
}

// maxSeconds keeps a duration within its type.
const maxSeconds = 1e9

func intoSeconds(name string, d *time.Duration) func(json.RawMessage) error {
	return func(value json.RawMessage) error {
		var seconds float64
		if err := into(name, &seconds, "a number of seconds")(value); err != nil {
			return err
		}
		if math.Abs(seconds) > maxSeconds {
			return badMember(name, "must be a number of seconds.")
		}
		*d = time.Duration(math.Round(seconds*1000)) * time.Millisecond
		return nil
	}
}

// contactSetters are the members of a customer.
func contactSetters(c *tracker.Contact) setters {
	return setters{
		"name":     into("name", &c.Name, "a string"),
		"phone":    into("phone", &c.Phone, "a string"),
		"email":    into("email", &c.Email, "a string"),
		"language": into("language", &c.Language, "a string"),
		"consent": func(v json.RawMessage) error {
			given, err := parseObject(v)
			if err != nil {
				return badMember("consent", "must be an object of email, sms and push.")
			}
			return setMembers(given, setters{
				"email": into("consent.email", &c.Consent.Email, "true or false"),
				"sms":   into("consent.sms", &c.Consent.SMS, "true or false"),
				"push":  into("consent.push", &c.Consent.Push, "true or false"),
			})
		},
	}
}

// readNewDelivery reads an order with the customer that it is for: an object of
// a new one, or an object of nothing but an id.
func readNewDelivery(body []byte) (o tracker.NewDelivery, err error) {
	given, err := parseObject(body)
	if err != nil {
		return o, err
	}
	o.Contact.Consent = tracker.DefaultConsent
	known := orderSetters(&o.Order)
	known["customer"] = func(v json.RawMessage) error { return setCustomer(&o, v) }
	if given["customer"] == nil {
		return o, badMember("customer", `must say whom the delivery is for: {"name", "phone", "email"}, or {"id"} of an existing customer.`)
	}
	if given["point"] == nil {
		return o, badMember("point", "must be a GeoJSON Point: where the door is.")
	}
	return o, setMembers(given, known)
}

func setCustomer(o *tracker.NewDelivery, value json.RawMessage) error {
	given, err := parseObject(value)
	if err != nil {
		return badMember("customer", `must be an object: {"name", "phone", "email"}, or {"id"} of an existing customer.`)
	}
	if given["id"] != nil && len(given) > 1 {
		return badMember("customer", "must be an id alone, or a new customer without one: change an existing customer at /api/v1/customers/{id}.")
	}
	known := contactSetters(&o.Contact)
	known["id"] = into("customer.id", &o.Customer, "a string")
	return setMembers(given, known)
}
