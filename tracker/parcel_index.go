package tracker

import (
	"slices"
	"sync"
)

// parcelIndex finds parcels and deliveries by what is on them.
type parcelIndex struct {
	mu sync.RWMutex
	// codes and devices name parcels, orders the deliveries with a barcode in
	// order of id.
	codes   map[string]string
	devices map[DeviceID]string
	orders  map[string][]string
	// sent are the parcels that dispatch put into a vehicle.
	sent map[string]map[string]bool
}

func newParcelIndex() *parcelIndex {
	return &parcelIndex{
		codes: make(map[string]string), devices: make(map[DeviceID]string),
		orders: make(map[string][]string), sent: make(map[string]map[string]bool),
	}
}

func (x *parcelIndex) byBarcode(code string) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.codes[code]
}

func (x *parcelIndex) byDevice(id DeviceID) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.devices[id]
}

// deliveriesWith are those with a barcode, newest first.
func (x *parcelIndex) deliveriesWith(code string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	ids := slices.Clone(x.orders[code])
	slices.Reverse(ids)
	return ids
}

// sentWith are the parcels that dispatch put into a vehicle.
func (x *parcelIndex) sentWith(vehicle string) (ids []string) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for id := range x.sent[vehicle] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// place notes a parcel that takes the place of another; either may be nil.
func (x *parcelIndex) place(before, after *Parcel) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if before != nil {
		x.take(before)
	}
	if after == nil {
		return
	}
	x.codes[after.Barcode] = after.ID
	for _, id := range after.Devices {
		x.devices[id] = after.ID
	}
	if after.SentWith != "" {
		if x.sent[after.SentWith] == nil {
			x.sent[after.SentWith] = make(map[string]bool)
		}
		x.sent[after.SentWith][after.ID] = true
	}
}

// take forgets p, unless something else has its place by now.
func (x *parcelIndex) take(p *Parcel) {
	if x.codes[p.Barcode] == p.ID {
		delete(x.codes, p.Barcode)
	}
	for _, id := range p.Devices {
		if x.devices[id] == p.ID {
			delete(x.devices, id)
		}
	}
	delete(x.sent[p.SentWith], p.ID)
	if len(x.sent[p.SentWith]) == 0 {
		delete(x.sent, p.SentWith)
	}
}

// order notes the barcodes of a delivery that takes the place of itself as it
// was before, nil for a new one.
func (x *parcelIndex) order(before, after *Delivery) {
	if before != nil && slices.Equal(before.Parcels, after.Parcels) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if before != nil {
		for _, code := range before.Parcels {
			left := slices.DeleteFunc(x.orders[code], func(key string) bool { return key == before.key() })
			if x.orders[code] = left; len(left) == 0 {
				delete(x.orders, code)
			}
		}
	}
	for _, code := range after.Parcels {
		keys := append(x.orders[code], after.key())
		slices.Sort(keys)
		x.orders[code] = keys
	}
}
