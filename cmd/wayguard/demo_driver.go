package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wayguard/tracker"
)

// demoDriver hands over what a van brings.
type demoDriver struct {
	fleet  *tracker.Fleet
	round  *demoRound
	van    *simVan
	orders []tracker.DeliveryID
	begun  time.Time
	// seen are how many calls of the van are known, doors what is still to be
	// handed over.
	seen  int
	doors []demoDoor
}

// demoDoor is a hand-off that is to come.
type demoDoor struct {
	stop int
	at   time.Duration
}

// demoAtDoor is the share of a stay after which the parcel changes hands.
const demoAtDoor = 0.6

// work hands over what is due at a time of the day.
func (d *demoDriver) work(ctx context.Context, now time.Duration) error {
	for _, c := range d.van.tour.calls[d.seen:] {
		if e := &d.round.errands[c.stop]; e.stop >= 0 && !e.empty {
			d.doors = append(d.doors, demoDoor{e.stop, c.at + time.Duration(demoAtDoor*float64(e.stay))})
		}
	}
	d.seen = len(d.van.tour.calls)
	for len(d.doors) > 0 && d.doors[0].at <= now {
		if err := d.handOver(ctx, d.doors[0]); err != nil {
			return fmt.Errorf("hand over stop %d of van %d: %w", d.doors[0].stop+1, d.round.van+1, err)
		}
		d.doors = slices.Delete(d.doors, 0, 1)
	}
	return nil
}

// handOver scans the parcel and types in what the customer says.
func (d *demoDriver) handOver(ctx context.Context, at demoDoor) error {
	id := d.orders[at.stop]
	_, err := d.fleet.HandOff(ctx, id, tracker.AnyVersion, tracker.Handoff{
		Outcome: tracker.DeliveryDelivered, Time: d.begun.Add(at.at),
		Scanned: []string{demoBarcode(d.round.van, at.stop)}, Code: d.fleet.Code(id),
	})
	return err
}
