package main

import (
	"math/rand/v2"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
)

// simParcel is a parcel with a tracker, aboard a van until it is taken off.
type simParcel struct {
	id       tracker.DeviceID
	van      int
	receiver *simReceiver
	due      time.Duration
	// taken is the errand at which somebody takes it off, 0 for none, to carry it
	// somewhere, and thief is who does.
	taken int
	to    townStop
	thief *simVan
	// opened is the errand on the way to which its seal is opened, 0 for none;
	// told says that it was reported, closed that it was before.
	opened       int
	closed, told bool
}

// simParcelEvery is how often a parcel's tracker reports: its battery has to last
// for weeks.
const simParcelEvery = 20 * time.Second

func newSimParcel(id tracker.DeviceID, van int, seed uint64) *simParcel {
	return &simParcel{id: id, van: van, receiver: newSimReceiver(rand.New(rand.NewPCG(seed, 400+uint64(van))))}
}

// follow is what the parcel reports when its van reports x; ok is false where it
// says nothing. The time of the report is to be set.
func (p *simParcel) follow(v *simVan, x simFix, at geofence.Millis) (r device.Report, ok bool) {
	if x.Van != p.van || x.At < p.due {
		return r, false
	}
	if p.taken > 0 && p.thief == nil && v.next > p.taken {
		p.thief = p.steal(v)
	}
	truth := x.truth
	if p.thief != nil {
		p.thief.move(simParcelEvery)
		truth = p.thief.now
	}
	p.due = x.At + simParcelEvery
	r.Fix = p.receiver.fix(truth, simParcelEvery)
	r.Fix.Time = at
	p.seal(v, &r)
	return r, true
}

// simWalking is how fast somebody walks, as a share of how fast vans drive.
const simWalking = 0.2

// steal has somebody walk off with it, from where the van was.
func (p *simParcel) steal(v *simVan) *simVan {
	return newSimTour(v.world, []simErrand{
		{at: v.stops[p.taken]}, {at: p.to, stay: simForGood, pace: simWalking},
	}, rand.New(rand.NewPCG(uint64(p.van), 500)))
}

// seal adds what the seal says: that it is closed, at first, and that it was
// opened, once.
func (p *simParcel) seal(v *simVan, r *device.Report) {
	say := func(value int64) {
		r.Readings = append(r.Readings, firmware.Reading{Kind: firmware.Seal, Time: firmware.Millis(r.Fix.Time), Value: value})
	}
	switch {
	case p.opened == 0:
	case !p.closed:
		p.closed = true
		say(firmware.SealClosed)
	case !p.told && v.next >= p.opened && v.drive != nil:
		p.told = true
		say(firmware.SealOpen)
	}
}
