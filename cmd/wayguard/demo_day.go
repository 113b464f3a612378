package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"wayguard/tracker"
)

// demoDay is the day as it happens.
type demoDay struct {
	clock   *tracker.Clock
	begun   time.Time
	plan    *demoPlan
	fleet   *simFleet
	office  *demoOffice
	drivers []*demoDriver
	radio   *simRadio
	parcels []*simParcel
	// held is what the silent van keeps meanwhile.
	held []simFix
}

// demoMoving and demoResting are how often trackers report while the day passes
// faster than it does.
const demoMoving, demoResting = 5 * time.Second, 10 * time.Second

func newDemoDay(plan *demoPlan, fleet *tracker.Fleet, clock *tracker.Clock) *demoDay {
	begun := clock.Now().Truncate(time.Second)
	d := &demoDay{clock: clock, begun: begun, plan: plan, fleet: &simFleet{town: plan.world.town}}
	d.office = &demoOffice{fleet: fleet, plan: plan, begun: begun}
	for _, r := range plan.rounds {
		v := newSimTour(plan.world, r.drives(), rand.New(rand.NewPCG(plan.world.town.seed, 300+uint64(r.van))))
		d.fleet.vans = append(d.fleet.vans, v)
		d.drivers = append(d.drivers, &demoDriver{fleet: fleet, round: r, van: v, begun: begun})
	}
	d.fleet.every(demoMoving, demoResting)
	d.parcels = plan.parcels(plan.world.town.seed)
	return d
}

// equip has dispatch make what there is every day, and open the first one.
func (d *demoDay) equip(ctx context.Context) error {
	if err := d.office.equip(ctx); err != nil {
		return err
	}
	if err := d.office.watch(ctx, d.parcels); err != nil {
		return err
	}
	return d.open(ctx)
}

// open has dispatch make the day.
func (d *demoDay) open(ctx context.Context) error {
	err := d.office.open(ctx)
	for i, orders := range d.office.orders {
		d.drivers[i].orders = orders
	}
	return err
}

// next is a day like this one that begins now, not yet opened.
func (d *demoDay) next() *demoDay {
	next := newDemoDay(d.plan, d.office.fleet, d.clock)
	next.radio, next.office.drivers = d.radio, d.office.drivers
	return next
}

// devices are what reports on the day, to be registered with a server.
func (d *demoDay) devices() []tracker.Device {
	devices := d.fleet.devices()
	for i, p := range d.parcels {
		devices = append(devices, tracker.Device{ID: p.id, Name: fmt.Sprintf("Parcel %d", i+1), Kind: "parcel"})
	}
	return devices
}

// pass lets the day go on to a time: dispatch works, vans drive and report,
// drivers hand over. Where wait is true, what was reported is acknowledged
// before drivers do anything.
func (d *demoDay) pass(ctx context.Context, to time.Duration, wait bool) error {
	if err := d.office.work(ctx, to); err != nil {
		return err
	}
	for _, x := range d.fleet.advance(to - d.fleet.now) {
		if d.silent(x.Van) {
			d.held = append(d.held, x)
			continue
		}
		if x.Van == demoSilentVan {
			if err := d.release(ctx); err != nil {
				return err
			}
		}
		if err := d.send(ctx, x); err != nil {
			return err
		}
	}
	if wait {
		if err := d.radio.settle(ctx); err != nil {
			return err
		}
	}
	return d.drive(ctx, to)
}

// send reports a fix of a van, and what the parcels aboard say then.
func (d *demoDay) send(ctx context.Context, x simFix) error {
	report := x.report(d.begun)
	if err := d.radio.send(ctx, simDeviceID(x.Van), report); err != nil {
		return err
	}
	for _, p := range d.parcels {
		if r, ok := p.follow(d.fleet.vans[x.Van], x, report.Fix.Time); ok {
			if err := d.radio.send(ctx, p.id, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// drive has drivers do what is due. One without a network waits for it.
func (d *demoDay) drive(ctx context.Context, now time.Duration) error {
	for i, driver := range d.drivers {
		if d.silent(i) {
			continue
		}
		if err := driver.work(ctx, now); err != nil {
			return err
		}
		if driver.van.home() && len(driver.doors) == 0 && now > driver.van.tour.calls[len(driver.van.tour.calls)-1].at+demoHome {
			if err := d.office.end(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoHome is how long after the return a round is over.
const demoHome = 3 * time.Minute

// release sends what the silent van kept, in order.
func (d *demoDay) release(ctx context.Context) error {
	for _, x := range d.held {
		if err := d.radio.send(ctx, simDeviceID(x.Van), x.report(d.begun)); err != nil {
			return err
		}
	}
	d.held = nil
	return nil
}

// silent reports whether a van is out of reach: from when it leaves for its break
// until it comes from it.
func (d *demoDay) silent(van int) bool {
	v := d.fleet.vans[van]
	return van == demoSilentVan && d.plan.rounds[van].errands[v.next].away
}

// over reports whether all rounds have ended.
func (d *demoDay) over() bool {
	for _, id := range d.office.rounds {
		if r, _ := d.office.fleet.Round(id); r.State != tracker.RoundEnded {
			return false
		}
	}
	return true
}
