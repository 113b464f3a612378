package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	firmware "wayguard/firmware-protocol"
	"wayguard/tracker"
	"wayguard/tracker/ingest/warning"
)

// demoOffice is dispatch on the day: it takes orders, plans rounds and passes
// warnings on.
type demoOffice struct {
	fleet *tracker.Fleet
	plan  *demoPlan
	begun time.Time
	// drivers, rounds and orders are by van, and by stop.
	drivers []string
	rounds  []tracker.RoundID
	orders  [][]tracker.DeliveryID
	warned  bool
}

// equip makes what there is every day: depots, vehicles and drivers.
func (o *demoOffice) equip(ctx context.Context) error {
	t := o.plan.world.town
	for i, d := range t.depots {
		made := tracker.Depot{
			ID: townDepotID(i), Name: d.name, Point: t.position(t.parking(i)).lonLat(),
			Premises: orb.MultiPolygon{{townOrbRing(d.outline)}},
		}
		if _, err := o.fleet.Depots().Create(ctx, made); err != nil {
			return fmt.Errorf("make a depot: %w", err)
		}
	}
	for _, r := range o.plan.rounds {
		van := tracker.Vehicle{ID: demoVehicle(r.van), Name: fmt.Sprintf("Van %d", r.van+1), Kind: "van", Devices: []tracker.DeviceID{simDeviceID(r.van)}}
		if _, err := o.fleet.Vehicles().Create(ctx, van); err != nil {
			return fmt.Errorf("make a vehicle: %w", err)
		}
		driver, err := o.fleet.Drivers().Create(ctx, tracker.Driver{Person: tracker.Person{Name: fmt.Sprintf("Driver %d", r.van+1)}})
		if err != nil {
			return fmt.Errorf("make a driver: %w", err)
		}
		o.drivers = append(o.drivers, driver.ID)
	}
	return nil
}

func demoVehicle(van int) string { return fmt.Sprintf("van-%d", van+1) }

// open takes the day's orders and plans its rounds.
func (o *demoOffice) open(ctx context.Context) error {
	for _, r := range o.plan.rounds {
		if err := o.openRound(ctx, r); err != nil {
			return fmt.Errorf("plan the round of van %d: %w", r.van+1, err)
		}
	}
	return nil
}

func (o *demoOffice) openRound(ctx context.Context, r *demoRound) error {
	var orders []tracker.NewDelivery
	for i := range r.stops {
		orders = append(orders, o.order(r, i))
	}
	made, _, err := o.fleet.CreateDeliveries(ctx, tracker.Once{}, orders...)
	if err != nil {
		return err
	}
	var ids []tracker.DeliveryID
	for _, d := range made {
		ids = append(ids, d.ID)
	}
	round, err := o.fleet.CreateRound(ctx, tracker.NewRound{
		Name: fmt.Sprintf("Round %d", r.van+1), Vehicle: demoVehicle(r.van), Driver: o.drivers[r.van],
		Depot: townDepotID(r.van % len(o.plan.world.town.depots)), Start: o.begun.Add(r.leaves), Stops: ids, Route: r.line(), Manual: true,
	})
	if err != nil {
		return err
	}
	o.rounds, o.orders = append(o.rounds, round.ID), append(o.orders, ids)
	return nil
}

// watch has the trackers in parcels watched, and the seal of each armed.
func (o *demoOffice) watch(ctx context.Context, parcels []*simParcel) error {
	for i, p := range parcels {
		made := tracker.Parcel{ID: fmt.Sprintf("parcel-%d", i+1), Barcode: o.plan.barcode(p), Devices: []tracker.DeviceID{p.id}}
		if _, err := o.fleet.Parcels().Create(ctx, made); err != nil {
			return fmt.Errorf("make a parcel: %w", err)
		}
		_, err := o.fleet.ChangeDesired(ctx, p.id, func(d tracker.Desired) (firmware.Desired, error) {
			state := d.State
			state.Seal = firmware.SealArm
			return state, nil
		})
		if err != nil {
			return fmt.Errorf("arm the seal of a parcel: %w", err)
		}
	}
	return nil
}

// order is what the customer of a stop has ordered. Names, numbers and addresses
// are such as are nobody's (RFC 2606, section 3; North American Numbering Plan,
// 555-0100 to 555-0199).
func (o *demoOffice) order(r *demoRound, stop int) tracker.NewDelivery {
	s, number := &r.stops[stop], r.van*len(r.stops)+stop+1
	n := tracker.NewDelivery{
		Contact: tracker.Contact{
			Name: fmt.Sprintf("Customer %d", number), Email: fmt.Sprintf("customer-%d@example.com", number),
			Phone: fmt.Sprintf("+1202555%04d", 100+number%100), Consent: tracker.DefaultConsent,
		},
		Order: tracker.Order{
			Destination: tracker.Destination{
				Address: s.String(), Point: s.door.lonLat(), Premises: o.plan.world.town.grounds(s.townAddress), GeocodeAccuracyMeters: 8,
			},
			Terms: tracker.Terms{
				Reference: fmt.Sprintf("order-%03d", number), Service: s.stay, Parcels: []string{demoBarcode(r.van, stop)},
				WindowStart: o.begun.Add(s.due - demoEarly), WindowEnd: o.begun.Add(s.late),
				Proof: []tracker.Proof{tracker.ProofScan, tracker.ProofCode},
			},
		},
	}
	switch e := r.errands[r.errand(stop)]; {
	case e.blind:
		n.Order.Proof = n.Order.Proof[:1]
	case e.empty:
		n.Order.WindowStart, n.Order.WindowEnd = time.Time{}, time.Time{}
	}
	return n
}

func demoBarcode(van, stop int) string { return fmt.Sprintf("WG-%d-%02d", van+1, stop+1) }

// work does what is due at a time of the day.
func (o *demoOffice) work(ctx context.Context, now time.Duration) error {
	for van, id := range o.rounds {
		r, _ := o.fleet.Round(id)
		if r.State != tracker.RoundPlanned || now < o.plan.rounds[van].leaves {
			continue
		}
		if _, err := o.fleet.StartRound(ctx, id, tracker.AnyVersion); err != nil {
			return fmt.Errorf("start the round of van %d: %w", van+1, err)
		}
	}
	if o.warned || now < o.plan.flood.warned {
		return nil
	}
	o.warned = true
	return o.warn(ctx, now)
}

// end ends the round of a van that is back.
func (o *demoOffice) end(ctx context.Context, van int) error {
	if r, _ := o.fleet.Round(o.rounds[van]); r.State != tracker.RoundRunning {
		return nil
	}
	if _, err := o.fleet.EndRound(ctx, o.rounds[van], tracker.AnyVersion); err != nil {
		return fmt.Errorf("end the round of van %d: %w", van+1, err)
	}
	return nil
}

// warn passes a warning of the Common Alerting Protocol on, as a weather service
// would send it.
func (o *demoOffice) warn(ctx context.Context, now time.Duration) error {
	messages, err := warning.Parse(o.plan.flood.message(o.begun.Add(now)))
	if err != nil {
		return fmt.Errorf("read the warning: %w", err)
	}
	for _, m := range messages {
		if m.Hazard == nil {
			return fmt.Errorf("the warning warns of nothing: %s", m.Ignored)
		}
		if err := o.fleet.PutHazard(ctx, m.Hazard, m.Superseded...); err != nil {
			return fmt.Errorf("keep the warning: %w", err)
		}
	}
	return nil
}

// message is the warning that is sent at a time.
func (d demoFlood) message(sent time.Time) []byte {
	center := d.center.lonLat()
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>flood-%s</identifier><sender>warnings@example.com</sender><sent>%s</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><category>Met</category><event>Flooding</event><urgency>Immediate</urgency><severity>Moderate</severity><certainty>Observed</certainty>
<expires>%s</expires><headline>Water on the road</headline>
<area><areaDesc>A street of the town</areaDesc><circle>%.6f,%.6f %.3f</circle></area></info></alert>
`, sent.Format("20060102-150405"), sent.Format("2006-01-02T15:04:05-07:00"), sent.Add(90*time.Minute).Format("2006-01-02T15:04:05-07:00"), center[1], center[0], d.radius/1000)
	return b.Bytes()
}
