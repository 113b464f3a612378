package tracker

import (
	"fmt"
	"slices"
	"strings"
)

// Parcel is one thing to be delivered that is more than a barcode on an order:
// it has a tracker, or somebody wants to know where it is. Its id is a name of 1
// to 64 of A-Z a-z 0-9 _ . -.
//
// Which delivery it belongs to follows from its barcode, and what has become of
// it from the delivery; see [Fleet.ParcelStanding].
type Parcel struct {
	Meta `json:"-"`
	ID   string `json:"id"`
	// Barcode is what is on it and in the Parcels of an order; the id if it was
	// not given. No two parcels have the same.
	Barcode string `json:"barcode"`
	// Devices are its trackers. A device is in one parcel, or in one vehicle.
	Devices []DeviceID `json:"devices,omitempty"`
	// SentWith is the vehicle that dispatch says it is in; empty for the one that
	// its delivery is on the way with.
	SentWith string `json:"sent_with,omitempty"`
}

const parcelBucket = "parcels"

func (p *Parcel) name(key string)        { p.ID = key }
func (p *Parcel) key() string            { return p.ID }
func (p *Parcel) personal() (KeyID, any) { return "", nil }

const maxParcelDevices = 4

func (p *Parcel) normalize() error {
	if p.Barcode = strings.TrimSpace(p.Barcode); p.Barcode == "" {
		p.Barcode = p.ID
	}
	if err := checkLine("barcode", p.Barcode, maxBarcode); err != nil {
		return err
	}
	if len(p.Barcode) > maxBarcode {
		return &MemberError{"barcode", fmt.Sprintf("must be at most %d bytes.", maxBarcode)}
	}
	if len(p.Devices) > maxParcelDevices {
		return &MemberError{"devices", fmt.Sprintf("must be at most %d.", maxParcelDevices)}
	}
	return checkDeviceList(p.Devices)
}

func checkDeviceList(ids []DeviceID) error {
	for i, id := range ids {
		if _, err := ParseDeviceID(string(id)); err != nil || slices.Contains(ids[:i], id) {
			return &MemberError{"devices", "must be ids of devices, each once."}
		}
	}
	return nil
}

// Parcels are things to be delivered.
func (f *Fleet) Parcels() Catalog[Parcel, *Parcel] {
	return Catalog[Parcel, *Parcel]{f, f.ledger.parcels, func(b *ledgerEdit, p *Parcel, gone bool) error {
		before, _ := f.Parcel(p.ID)
		b.touch(before.Devices...)
		b.touch(p.Devices...)
		if gone {
			b.remove(parcelBucket, p.ID)
			return nil
		}
		return f.checkParcel(b, p)
	}, vehicleBucket}
}

func (f *Fleet) checkParcel(b *ledgerEdit, p *Parcel) error {
	l := f.ledger
	if err := f.checkRegistered(p.Devices); err != nil {
		return err
	}
	for _, id := range p.Devices {
		if v, ok := l.vehicleWith(b, id); ok {
			return &MemberError{"devices", fmt.Sprintf("must be in no vehicle: take %s out of %q first.", id, v.ID)}
		}
		if other, ok := l.parcelWith(b, id); ok && other.ID != p.ID {
			return &MemberError{"devices", fmt.Sprintf("must be in no other parcel: take %s out of %q first.", id, other.ID)}
		}
	}
	if other, ok := f.ParcelByBarcode(p.Barcode); ok && other.ID != p.ID {
		return &MemberError{"barcode", fmt.Sprintf("must be on one parcel only: %q has it.", other.ID)}
	}
	if _, ok := look(b, l.vehicles, p.SentWith); !ok && p.SentWith != "" {
		return &MemberError{"sent_with", "must be the id of a vehicle, or empty for that of the delivery."}
	}
	return nil
}

// Parcel returns one parcel. Its slices are shared: do not change them.
func (f *Fleet) Parcel(id string) (Parcel, bool) { return f.ledger.parcels.get(id) }

// ParcelByBarcode returns the parcel with a barcode.
func (f *Fleet) ParcelByBarcode(code string) (Parcel, bool) {
	return f.ledger.parcels.get(f.ledger.tagged.byBarcode(code))
}

// ParcelOfDevice returns the parcel that a tracker is in.
func (f *Fleet) ParcelOfDevice(id DeviceID) (Parcel, bool) {
	return f.ledger.parcels.get(f.ledger.tagged.byDevice(id))
}

// parcelWith is the parcel that a tracker is in, as an edit leaves it.
func (l *ledger) parcelWith(b *ledgerEdit, id DeviceID) (Parcel, bool) {
	for _, p := range b.pendingParcels() {
		if slices.Contains(p.Devices, id) {
			return *p, true
		}
	}
	p, ok := look(b, l.parcels, l.tagged.byDevice(id))
	return p, ok && slices.Contains(p.Devices, id)
}

// vehicleWith is the vehicle that a tracker is in, as an edit leaves it.
func (l *ledger) vehicleWith(b *ledgerEdit, id DeviceID) (found Vehicle, ok bool) {
	has := func(v *Vehicle) bool { return slices.Contains(v.Devices, id) }
	for _, row := range b.pending {
		if v, ok := row.(*Vehicle); ok && has(v) {
			return *v, true
		}
	}
	for _, v := range l.vehicles.list("", false, 1, has) {
		v, ok := look(b, l.vehicles, v.ID)
		return v, ok && has(&v)
	}
	return found, false
}

func (b *ledgerEdit) pendingParcels() (parcels []*Parcel) {
	if b == nil {
		return nil
	}
	for _, row := range b.pending {
		if p, ok := row.(*Parcel); ok {
			parcels = append(parcels, p)
		}
	}
	return parcels
}
