package tracker

import (
	"encoding/json"

	"wayguard/geofence"
)

// aboutParcel tells whether an event is about what a parcel's tracker reported.
func aboutParcel(typ string) bool {
	return typ == tamper || typ == string(geofence.Separated) || typ == string(geofence.Reunited)
}

// deliveryOfParcel is the delivery of the parcel that an event, or the one that it
// corrects, is about.
func (l *ledger) deliveryOfParcel(b *ledgerEdit, e *Event) (d Delivery, ok bool) {
	typ := e.Type
	if isCorrection(e) {
		typ = string(corrected(e).Type)
	}
	if !aboutParcel(typ) {
		return d, false
	}
	p, ok := l.parcelWith(b, e.Device)
	if !ok {
		return d, false
	}
	return l.deliveryWith(b, p.Barcode)
}

// nameParcel adds the parcel and its delivery to the detail of an event that a
// parcel's tracker gave.
func (f *Fleet) nameParcel(ev *Event) {
	if !aboutParcel(ev.Type) {
		return
	}
	p, ok := f.ParcelOfDevice(ev.Device)
	if !ok || len(ev.Detail) < len(`{"episode":0}`) {
		return
	}
	d, _ := f.ledger.deliveryWith(nil, p.Barcode)
	named, _ := json.Marshal(struct {
		Parcel   string     `json:"parcel"`
		Barcode  string     `json:"barcode"`
		Delivery DeliveryID `json:"delivery,omitempty"`
	}{p.ID, p.Barcode, d.ID}) // words always can be written
	open := ev.Detail[:len(ev.Detail)-1]
	ev.Detail = append(append(open[:len(open):len(open)], ','), named[1:]...)
}
