package tracker

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wayguard/geofence"
)

// The veil keeps the customer of one delivery from learning where others live.
// It lets the position of a vehicle through to a customer only if
//
//   - no other stop comes before theirs, it is on the way and has not arrived;
//   - the position is VeilMeters or more, after its uncertainty was taken off, from
//     every stop of another customer on the rounds that the vehicle was on in the
//     last veilMemory, whether served, to come, taken off or cancelled.
//
// A veil whose edge is a circle around a stop would show the stop as its middle
// to whoever sees where a vehicle vanishes and comes back (W. U. Hassan, S.
// Hussain, A. Bates, "Analysis of Privacy Protections in Fitness Tracking Social
// Networks", USENIX Security 2018). Hence its middle is up to veilShift off the
// stop, to a side that only the link key tells and that is the same whenever and
// by whomever it is seen, and it reaches as much further.
//
// What it does not hide: that the vehicle stands somewhere else than at a stop;
// which way it turns, where a driver serves somebody out of order, until it is
// near to them; and a stop whose address was changed while the vehicle was there,
// since the old address is not kept.
const (
	// VeilMeters is as far as two or three blocks of houses: it leaves a hundred
	// doors and more.
	VeilMeters = 300
	// veilShift leaves an area of 3 ha for the middle.
	veilShift = 100.0 // metres
	// veilMemory is how long a vehicle may stand where its last round ended.
	veilMemory = 12 * time.Hour
	// veilBlur is how uncertain a position may be; beyond, the veil would be of
	// no use, nor would the position.
	veilBlur = 100.0 // metres
	// defaultBlur is taken for one that does not say: that of phones in towns.
	defaultBlur = 30.0 // metres
	// sightAge is how old a position may be that is shown as that of now.
	sightAge = 5 * time.Minute
)

// Approach is what a customer may know of the vehicle that brings a delivery.
type Approach struct {
	Arrival
	// Vehicle is where the vehicle was at VehicleTime, nil where the customer is
	// not to know, or nobody does.
	Vehicle     *orb.Point
	VehicleTime time.Time
}

// Approach returns what the customer of a delivery may know of its arrival. ok is
// false where ETA's is.
func (f *Fleet) Approach(id DeliveryID) (a Approach, ok bool) {
	d, ok := f.Delivery(id)
	if !ok || !d.State.OnTheWay() {
		return a, false
	}
	r, device := f.carrierOf(&d)
	if device == "" {
		return a, false
	}
	etas, known := f.etasOf(device)
	if a.Arrival, ok = f.arrivalOf(&r, &d, etas, known); !ok {
		return Approach{}, false
	}
	// Read behind the forecast: a position that is newer than it is veiled by
	// stops, too, which do not depend on the order of the round.
	p, seen := f.live.position(device)
	if seen && a.StopsBefore == 0 && d.State != DeliveryArrived && f.unveiled(&p, &r, &d) {
		a.Vehicle, a.VehicleTime = &p.Fix.Point, p.Fix.Time.Time()
	}
	return a, true
}

// unveiled reports whether the customer of d may see the position of the vehicle
// that is on r.
func (f *Fleet) unveiled(p *Position, r *Round, d *Delivery) bool {
	blur := defaultBlur
	if p.Fix.Known&geofence.KnownAccuracy != 0 {
		blur = float64(p.Fix.AccuracyMeters)
	}
	now := f.ledger.now()
	if blur > veilBlur || now.Sub(p.Fix.Time.Time()) > sightAge {
		return false
	}
	for _, id := range f.ledger.trips.stops(f, r, now) {
		other, ok := f.Delivery(id)
		if !ok || other.Customer == d.Customer {
			continue
		}
		// Nobody knows any more where the stop of an erased one was.
		if other.Erased || f.ledger.links.veils(&other, p.Fix.Point, blur) {
			return false
		}
	}
	return true
}

// veils reports whether a position is too near to the stop of d.
func (l *links) veils(d *Delivery, at orb.Point, blur float64) bool {
	reach := VeilMeters + veilShift + extent(&d.Destination)
	if geo.DistanceHaversine(d.Point, at)-blur > reach+veilShift {
		return false
	}
	return geo.DistanceHaversine(l.shifted(d), at)-blur < reach
}

// extent is how far premises reach from the door.
func extent(d *Destination) (meters float64) {
	for _, polygon := range d.Premises {
		for _, ring := range polygon {
			for _, p := range ring {
				meters = max(meters, geo.DistanceHaversine(d.Point, p))
			}
		}
	}
	return meters
}

// shifted is the middle of the veil over a stop: a point of the disc of veilShift
// around it, each as likely as any other.
func (l *links) shifted(d *Delivery) orb.Point {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("veil "))
	mac.Write([]byte(d.ID))
	sum := mac.Sum(nil)
	part := func(b []byte) float64 { return float64(binary.BigEndian.Uint64(b)>>11) / (1 << 53) }
	return geo.PointAtBearingAndDistance(d.Point, 360*part(sum), veilShift*math.Sqrt(part(sum[8:])))
}
