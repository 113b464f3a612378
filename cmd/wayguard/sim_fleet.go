package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// simFleet is a number of vans in a town. It knows no clock: time passes when
// advance is called, and the same calls give the same fixes for the same seed.
type simFleet struct {
	town *town
	vans []*simVan
	now  time.Duration
}

// simFix is a fix of one van.
type simFix struct {
	// Van is the number of the van, from 0.
	Van int
	// At is when, after the fleet's beginning. The Time of Fix is zero: who
	// runs the fleet knows when it began.
	At  time.Duration
	Fix geofence.Fix
	// Battery is the charge in percent.
	Battery uint8
	// truth is where the van really was.
	truth simTruth
}

// newSimFleet puts n vans on the road, each somewhere on its round.
func newSimFleet(t *town, n int, seed uint64) *simFleet {
	f := &simFleet{town: t}
	world := newSimWorld(t)
	for i, customers := range simRounds(t.customers, n) {
		rng := rand.New(rand.NewPCG(seed, 100+uint64(i)))
		depot := t.parking(i)
		stops := []townStop{depot}
		for _, c := range simShortest(t.position(depot), customers) {
			stops = append(stops, townStop{c.edge, c.s})
		}
		v := newSimVan(world, stops, rng)
		// A round takes about half an hour.
		v.move(3*time.Minute + time.Duration(rng.Int64N(int64(22*time.Minute))))
		f.vans = append(f.vans, v)
	}
	return f
}

// devices are the vans' trackers, to be registered with a server.
func (f *simFleet) devices() []tracker.Device {
	var devices []tracker.Device
	for i := range f.vans {
		devices = append(devices, tracker.Device{ID: simDeviceID(i), Name: fmt.Sprintf("Van %d", i+1), Kind: "van"})
	}
	return devices
}

func simDeviceID(van int) tracker.DeviceID {
	return tracker.DeviceID(fmt.Sprintf("demo:van-%d", van+1))
}

// advance lets dt pass and returns the fixes of that time, in order of time and
// van.
func (f *simFleet) advance(dt time.Duration) []simFix {
	f.now += dt
	var fixes []simFix
	for i, v := range f.vans {
		fixes = append(fixes, v.report(i, f.now)...)
	}
	slices.SortStableFunc(fixes, func(a, b simFix) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Van, b.Van))
	})
	return fixes
}

// parking is where van i stands at its depot: side by side along the drive.
func (t *town) parking(van int) townStop {
	depot := t.depots[van%len(t.depots)]
	length := t.net.edges[depot.drive].line.length()
	return townStop{depot.drive, length - 2 - 3*float64(van/len(t.depots)%4)}
}

func (t *town) position(s townStop) townVec {
	p, _ := t.net.edges[s.edge].line.at(s.s)
	return p
}

// simRounds deals customers out to n vans by their direction from the centre
// (the sweep of Gillett and Miller, 1974), as evenly as it goes.
func simRounds(customers []townCustomer, n int) [][]townCustomer {
	swept := slices.Clone(customers)
	slices.SortStableFunc(swept, func(a, b townCustomer) int {
		return cmp.Compare(a.door.angle(), b.door.angle())
	})
	var rounds [][]townCustomer
	for i := range n {
		rounds = append(rounds, swept[i*len(swept)/n:(i+1)*len(swept)/n])
	}
	return rounds
}

// simShortest orders customers into a short round trip from depot: always on to
// the nearest, then with crossings undone (2-opt, Croes, 1958).
func simShortest(depot townVec, customers []townCustomer) []townCustomer {
	round := slices.Clone(customers)
	at := depot
	for i := range round {
		nearest := i
		for k := i; k < len(round); k++ {
			if at.to(round[k].door) < at.to(round[nearest].door) {
				nearest = k
			}
		}
		round[i], round[nearest] = round[nearest], round[i]
		at = round[i].door
	}
	simUncross(depot, round)
	return round
}

func simUncross(depot townVec, round []townCustomer) {
	place := func(i int) townVec {
		if i < 0 || i == len(round) {
			return depot
		}
		return round[i].door
	}
	for again := true; again; {
		again = false
		for i := range round {
			for k := i + 1; k < len(round); k++ {
				old := place(i-1).to(place(i)) + place(k).to(place(k+1))
				if place(i-1).to(place(k))+place(i).to(place(k+1)) < old-1e-6 {
					slices.Reverse(round[i : k+1])
					again = true
				}
			}
		}
	}
}
