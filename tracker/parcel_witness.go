package tracker

import (
	"slices"

	"wayguard/geofence"
)

// A hand-off is judged by one device, and noted by the others that it concerns:
// by a tracker in a parcel that was handed over, if one was heard of in time, for
// it is where the parcel is; else by the vehicle's, which stays where that is
// parked.

// witness is the device that is to judge a hand-off from a vehicle, whose
// tracker is given; late tells that no more is waited for.
func (f *Fleet) witness(d *Delivery, vehicle DeviceID, late bool) DeviceID {
	at := d.Handoff.Time
	since := at.Add(-f.pipeline.world.Load().Settings().Drops.Tolerance)
	for _, id := range f.handedOver(d, vehicle) {
		if f.hasPassed(id, since) && (!late || f.hasPassed(id, at)) {
			return id
		}
	}
	return vehicle
}

// tellHandoff is what the engine is to be told.
func (f *Fleet) tellHandoff(d *Delivery, vehicle, witness DeviceID) (told []*journaledHandoff) {
	for _, id := range append([]DeviceID{vehicle}, f.handedOver(d, vehicle)...) {
		h := &journaledHandoff{device: id, Handoff: d.Handoff.input(d)}
		h.Noted = id != witness
		told = append(told, h)
	}
	return told
}

// handedOver are the trackers in the parcels that were handed over, as far as the
// engine knows that the vehicle's tracker carries them.
func (f *Fleet) handedOver(d *Delivery, vehicle DeviceID) (ids []DeviceID) {
	aboard := f.pipeline.world.Load().Aboard(geofence.DeviceID(vehicle))
	for _, code := range d.Parcels {
		p, ok := f.ParcelByBarcode(code)
		if !ok || d.parcelState(code) != ParcelDelivered {
			continue
		}
		for _, id := range p.Devices {
			if slices.Contains(aboard, geofence.DeviceID(id)) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// handedOverIn reports whether the parcel that a tracker is in was handed over
// with a delivery.
func (f *Fleet) handedOverIn(d *Delivery, id DeviceID) bool {
	p, ok := f.ParcelOfDevice(id)
	return ok && slices.Contains(d.Parcels, p.Barcode) && d.parcelState(p.Barcode) == ParcelDelivered
}

// inParcelOf reports whether a device is in a parcel of a delivery.
func (l *ledger) inParcelOf(b *ledgerEdit, d *Delivery, id DeviceID) bool {
	p, ok := l.parcelWith(b, id)
	return ok && slices.Contains(d.Parcels, p.Barcode)
}
