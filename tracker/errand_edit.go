package tracker

import (
	"maps"
	"slices"

	"wayguard/geofence"
)

// errands work out what the engine is to be told of devices, as an edit leaves
// things.
type errands struct {
	*ledger
	b *ledgerEdit
	// running are the rounds under way by vehicle.
	running map[string]Round
}

func (l *ledger) errandsOf(b *ledgerEdit) *errands {
	x := &errands{l, b, make(map[string]Round)}
	l.rounds.mu.RLock()
	defer l.rounds.mu.RUnlock()
	for _, r := range l.rounds.rows {
		if b.pending[roundBucket+"/"+r.key()] == nil && r.State == RoundRunning {
			x.running[r.Vehicle] = *r
		}
	}
	for _, row := range b.pending {
		if r, ok := row.(*Round); ok && r.State == RoundRunning {
			x.running[r.Vehicle] = *r
		}
	}
	return x
}

// changed are the devices of which the engine is told something else than w
// knows, in order of id.
func (x *errands) changed(w *geofence.World, version uint64) (edits []errandEdit) {
	x.gather()
	for _, id := range slices.Sorted(maps.Keys(x.b.touched)) {
		e := errandEdit{version, x.of(id)}
		if e.device != w.Device(geofence.DeviceID(id)) {
			edits = append(edits, e)
		}
	}
	return edits
}

// gather notes the devices that what the edit changes may concern.
func (x *errands) gather() {
	for id := range x.b.reshaped {
		before, _ := x.rounds.get(string(id))
		after, _ := look(x.b, x.rounds, string(id))
		for _, vehicle := range []string{before.Vehicle, after.Vehicle} {
			v, _ := look(x.b, x.vehicles, vehicle)
			old, _ := x.vehicles.get(vehicle)
			x.b.touch(v.Devices...)
			x.b.touch(old.Devices...)
			x.touchParcels(x.tagged.sentWith(vehicle))
		}
		for _, stop := range append(slices.Clone(before.Stops), after.Stops...) {
			if d, ok := look(x.b, x.deliveries, string(stop)); ok {
				x.touchOrder(x.b, &d)
			}
		}
	}
	for _, d := range x.b.pendingDeliveries() {
		x.touchOrder(x.b, d)
		if before, ok := x.deliveries.get(d.key()); ok {
			x.touchOrder(x.b, &before)
		}
	}
}

func (x *errands) touchParcels(ids []string) {
	for _, id := range ids {
		p, _ := x.parcels.get(id)
		x.b.touch(p.Devices...)
	}
}

// touchOrder notes the trackers in the parcels of a delivery.
func (l *ledger) touchOrder(b *ledgerEdit, d *Delivery) {
	for _, code := range d.Parcels {
		if p, ok := l.parcels.get(l.tagged.byBarcode(code)); ok {
			b.touch(p.Devices...)
		}
	}
}

// touchSent notes the trackers of the parcels that dispatch put into a vehicle,
// of which there must be none where it is gone.
func (l *ledger) touchSent(b *ledgerEdit, v *Vehicle, gone bool) error {
	sent := l.tagged.sentWith(v.ID)
	if gone && len(sent) > 0 {
		return &MemberError{"id", "is the vehicle of parcel " + sent[0] + ": take that out first."}
	}
	for _, id := range sent {
		p, _ := l.parcels.get(id)
		b.touch(p.Devices...)
	}
	return nil
}

// of is what the engine is to know of a device.
func (x *errands) of(id DeviceID) geofence.Device {
	d := geofence.Device{ID: geofence.DeviceID(id)}
	if v, ok := x.vehicleWith(x.b, id); ok {
		if _, under := x.running[v.ID]; under {
			d.MaxSpeedMPS = v.maxSpeed()
		}
		return d
	}
	p, ok := x.parcelWith(x.b, id)
	if !ok {
		return d
	}
	vehicle, destination := x.carriage(&p)
	if v, _ := look(x.b, x.vehicles, vehicle); len(v.Devices) > 0 {
		d.Carrier, d.Destination = geofence.DeviceID(v.Devices[0]), geofence.StopID(destination)
	}
	return d
}

// carriage is the vehicle that a parcel is in and the delivery that it is to be
// left at, empty for none. What was handed over is still on its way until the
// engine has judged where.
func (x *errands) carriage(p *Parcel) (vehicle string, destination DeliveryID) {
	d, _ := x.deliveryWith(x.b, p.Barcode)
	r, _ := look(x.b, x.rounds, string(d.Round))
	state := d.parcelState(p.Barcode)
	bound := d.State.OnTheWay() || state == ParcelDelivered && d.Handoff != nil && !d.Handoff.Asked
	onRound := d.Round != "" && r.State == RoundRunning && (bound || state == ParcelAboard)
	switch {
	case p.SentWith != "" && state != ParcelDelivered && state != ParcelReturned:
		vehicle = p.SentWith
	case onRound:
		vehicle = r.Vehicle
	}
	if onRound && bound && vehicle == r.Vehicle {
		destination = d.ID
	}
	return vehicle, destination
}
