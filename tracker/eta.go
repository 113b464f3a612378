package tracker

import (
	"slices"
	"time"

	"wayguard/geofence"
)

// Arrival is when a delivery is expected, by the newest position of the vehicle
// that has it: before P10, P50 and P90 with a probability of 10, 50 and 90 %.
type Arrival struct {
	P10, P50, P90 time.Time
	// StopsBefore counts the stops that come first, 0 for the next one; those with
	// an outcome do not count.
	StopsBefore int
	// Meters is how far there is to drive.
	Meters float64
	// Known is the time of the position that this goes by.
	Known time.Time
}

// ETA foretells the arrival of a delivery that is on the way. ok is false for all
// others, and where no position has come since the round began.
func (f *Fleet) ETA(id DeliveryID) (a Arrival, ok bool) {
	d, ok := f.Delivery(id)
	if !ok || !d.State.OnTheWay() {
		return a, false
	}
	r, device := f.carrierOf(&d)
	if device == "" {
		return a, false
	}
	etas, known := f.etasOf(device)
	return f.arrivalOf(&r, &d, etas, known)
}

// carrierOf is the running round that a delivery is on and the device that says
// where it is: the best one of the vehicle; empty where there is none.
func (f *Fleet) carrierOf(d *Delivery) (Round, DeviceID) {
	r, ok := f.Round(d.Round)
	if !ok || r.State != RoundRunning {
		return Round{}, ""
	}
	v, _ := f.ledger.vehicles.get(r.Vehicle)
	if len(v.Devices) == 0 {
		return Round{}, ""
	}
	return r, v.Devices[0]
}

// etasOf are the engine's of a device, in the order in which it is expected to
// serve them, as of the time known.
func (f *Fleet) etasOf(device DeviceID) (etas []geofence.ETA, known time.Time) {
	w := f.World()
	s := f.pipeline.shards[shardOf(device)]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[device]
	if t == nil {
		return nil, known
	}
	return t.engine.ETAs(w, nil), t.last.Fix.Time.Time()
}

func (f *Fleet) arrivalOf(r *Round, d *Delivery, etas []geofence.ETA, known time.Time) (a Arrival, ok bool) {
	i := slices.IndexFunc(etas, func(e geofence.ETA) bool { return e.Stop == geofence.StopID(d.ID) })
	if i < 0 || !slices.Contains(r.Stops, d.ID) {
		return a, false
	}
	e := etas[i]
	a = Arrival{P10: e.P10.Time(), P50: e.P50.Time(), P90: e.P90.Time(), Meters: e.RemainingMeters, Known: known}
	for _, before := range etas[:i] {
		if other, ok := f.Delivery(DeliveryID(before.Stop)); ok && other.State.OnTheWay() {
			a.StopsBefore++
		}
	}
	return a, true
}
