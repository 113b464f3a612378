package tracker

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// DeliveryID names a delivery: a UUID (RFC 9562) whose order is that of
// creation.
type DeliveryID string

// PartnerID names a firm whose deliveries are brought.
type PartnerID string

// Delivery is one order to bring something to somebody.
type Delivery struct {
	Meta     `json:"-"`
	ID       DeliveryID `json:"id"`
	Customer CustomerID `json:"customer"`
	// Links counts how often its link was made anew.
	Links uint64 `json:"links,omitempty"`
	Order
	Course
}

func (d *Delivery) key() string { return string(d.ID) }

func (d *Delivery) personal() (KeyID, any) {
	return KeyID(d.Customer), &sealedDelivery{&d.Destination, &d.Reason}
}

// sealedDelivery is what is personal of a delivery.
type sealedDelivery struct {
	*Destination
	Reason *string `json:"reason,omitempty"`
}

const deliveryBucket = "deliveries"

// Order is what was ordered.
type Order struct {
	Destination `json:"-"`
	Terms
}

// Destination is what is personal of an order.
type Destination struct {
	// Consignee is who receives it, where that is not the customer.
	Consignee string `json:"consignee,omitempty"`
	Address   string `json:"address"`
	// Point is the door, in degrees.
	Point orb.Point `json:"point"`
	// Premises are the grounds that belong to the address, nil if unknown.
	Premises orb.MultiPolygon `json:"premises,omitempty"`
	// GeocodeAccuracyMeters is the radius around the point that holds what the
	// address means with a probability of 68 %; 0 for the engine's setting.
	GeocodeAccuracyMeters float64 `json:"geocode_accuracy_m,omitempty"`
	// Instructions are for the driver.
	Instructions string `json:"instructions,omitempty"`
	// Hidden is nothing that the sender gave.
	Hidden Hidden `json:"hidden,omitzero"`
}

// Hidden is what is personal of how a delivery goes.
type Hidden struct {
	// Code is what the customer tells the driver at the hand-off: digits, empty
	// where none is asked for.
	Code string `json:"code,omitempty"`
	// LeftWith is where or with whom it was left.
	LeftWith string `json:"left_with,omitempty"`
	// HandoffPoint is where the driver's device was at the hand-off, nil if
	// nobody said.
	HandoffPoint *orb.Point `json:"handoff_point,omitempty"`
}

// Terms are what is not personal of an order.
type Terms struct {
	// Partner is who ordered it through an API key of theirs; empty for us.
	Partner PartnerID `json:"partner,omitempty"`
	// Reference is the sender's own; empty for none.
	Reference string `json:"reference,omitempty"`
	// WindowStart and WindowEnd are when it is to arrive; zero where open.
	WindowStart time.Time `json:"window_start,omitzero"`
	WindowEnd   time.Time `json:"window_end,omitzero"`
	// Service is how long handing it over is expected to take; 0 for the
	// engine's setting.
	Service time.Duration `json:"service,omitempty"`
	// Parcels are barcodes.
	Parcels []string `json:"parcels,omitempty"`
	// Proof is what must be shown of a hand-off.
	Proof []Proof `json:"proof,omitempty"`
	// Test orders notify nobody.
	Test bool `json:"test,omitempty"`
}

// Proof is something that shows that a parcel was handed over.
type Proof string

// The kinds of proof.
const (
	ProofCode      Proof = "code"      // the customer's one-time code
	ProofScan      Proof = "scan"      // every parcel's barcode
	ProofPhoto     Proof = "photo"     // where it was left
	ProofSignature Proof = "signature" // the receiver's
)

var proofs = []Proof{ProofCode, ProofScan, ProofPhoto, ProofSignature}

// Limits of an order.
const (
	// MaxParcels is the most parcels of one delivery.
	MaxParcels   = 200
	maxBarcode   = 128
	maxReference = 128
	// maxGeocodeMeters is half the size of a city: an address that is no better
	// known is none.
	maxGeocodeMeters = 10_000
	maxServiceTime   = 24 * time.Hour
	maxPremises      = 10_000 // positions
)

// normalize checks o and brings it into its stored form.
func (o *Order) normalize() error {
	if err := o.Destination.normalize(); err != nil {
		return err
	}
	if err := o.Terms.normalize(); err != nil {
		return err
	}
	if slices.Contains(o.Proof, ProofCode) && o.Hidden.Code == "" {
		o.Hidden.Code = newCode()
	}
	return nil
}

func (d *Destination) normalize() error {
	d.Consignee, d.Address = strings.TrimSpace(d.Consignee), strings.TrimSpace(d.Address)
	d.Instructions = strings.TrimSpace(strings.ReplaceAll(d.Instructions, "\r\n", "\n"))
	if d.Address == "" {
		return &MemberError{"address", "must say where to deliver."}
	}
	if err := checkLine("consignee", d.Consignee, maxName); err != nil {
		return err
	}
	if err := checkLength("address", d.Address, maxAddress); err != nil {
		return err
	}
	if err := checkLength("instructions", d.Instructions, maxInstructions); err != nil {
		return err
	}
	if g := d.GeocodeAccuracyMeters; !(g >= 0 && g <= maxGeocodeMeters) {
		return &MemberError{"geocode_accuracy_m", fmt.Sprintf("must be 0 to %d metres.", maxGeocodeMeters)}
	}
	return checkPlace(d.Point, d.Premises)
}

func checkPlace(point orb.Point, premises orb.MultiPolygon) error {
	if !onEarth(point) {
		return &MemberError{"point", "must be a GeoJSON Point: longitude within -180..180, then latitude within -90..90."}
	}
	positions := 0
	for _, polygon := range premises {
		for _, ring := range polygon {
			positions += len(ring)
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] || !allOnEarth(ring) {
				return &MemberError{"premises", "must be a GeoJSON Polygon or MultiPolygon: rings of 4 positions and more that end where they begin."}
			}
		}
	}
	if positions > maxPremises {
		return &MemberError{"premises", fmt.Sprintf("must have at most %d positions.", maxPremises)}
	}
	return nil
}

func allOnEarth(ring orb.Ring) bool {
	return !slices.ContainsFunc(ring, func(p orb.Point) bool { return !onEarth(p) })
}

func onEarth(p orb.Point) bool {
	return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90
}

func (t *Terms) normalize() error {
	t.Reference = strings.TrimSpace(t.Reference)
	t.WindowStart, t.WindowEnd = t.WindowStart.UTC(), t.WindowEnd.UTC()
	if err := checkLine("reference", t.Reference, maxReference); err != nil {
		return err
	}
	if !t.WindowStart.IsZero() && !t.WindowEnd.IsZero() && t.WindowEnd.Before(t.WindowStart) {
		return &MemberError{"window_end", "must not be before window_start."}
	}
	if t.Service < 0 || t.Service > maxServiceTime {
		return &MemberError{"service_s", "must be 0 to 86400 seconds."}
	}
	return t.checkLists()
}

func (t *Terms) checkLists() error {
	if len(t.Parcels) > MaxParcels {
		return &MemberError{"parcels", fmt.Sprintf("must be at most %d.", MaxParcels)}
	}
	for i, code := range t.Parcels {
		if code == "" || len(code) > maxBarcode || slices.Contains(t.Parcels[:i], code) {
			return &MemberError{"parcels", fmt.Sprintf("must be different barcodes of 1 to %d bytes.", maxBarcode)}
		}
		if err := checkLine("parcels", code, maxBarcode); err != nil {
			return err
		}
	}
	for i, p := range t.Proof {
		if !slices.Contains(proofs, p) || slices.Contains(t.Proof[:i], p) {
			return &MemberError{"proof", "must be some of code, scan, photo and signature, each once."}
		}
	}
	return nil
}
