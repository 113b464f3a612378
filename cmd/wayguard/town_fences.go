package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

// fences are the demo's: the two depots, five customers in six, the old town's
// pedestrian zone, the trading estate and the station. Their properties say of
// which kind each is. Updated is zero.
func (t *town) fences() []tracker.FenceRecord {
	var fences []tracker.FenceRecord
	for i, d := range t.depots {
		fences = append(fences, townFence(townDepotID(i), d.name, "depot", d.outline))
	}
	rng := rand.New(rand.NewPCG(t.seed, 20))
	for i, c := range t.customers {
		if c.fenced {
			fences = append(fences, t.customerFence(townCustomerID(i), c, rng))
		}
	}
	fences = append(fences, t.pedestrianZone(),
		townFence("zone-estate", "Saltworks Trading Estate", "zone", townLine{
			{1010, -310}, {1185, -400}, {1465, -215}, {1600, -335}, {1570, -720}, {1440, -1000}, {1120, -1145},
			{770, -1090}, {620, -730}, {780, -605},
		}))
	for _, l := range t.scenery.labels {
		if l.name == townStation {
			fences = append(fences, townCircle("zone-station", l.name, "zone", l.at, 95))
		}
	}
	return fences
}

// pedestrianStay is long enough to serve one or two customers.
const pedestrianStay = 3 * time.Minute

func townDepotID(i int) string    { return fmt.Sprintf("depot-%d", i+1) }
func townCustomerID(i int) string { return fmt.Sprintf("customer-%02d", i+1) }

// customerFence is a circle around the door, or, for every fifth customer, the
// premises with the street in front of them. Where a van stops is at least 15 m
// inside.
func (t *town) customerFence(id string, c townCustomer, rng *rand.Rand) tracker.FenceRecord {
	radius := 30 + 8*rng.Float64()
	if rng.IntN(5) != 0 {
		return townCircle(id, c.String(), "customer", c.door, radius)
	}
	street, along := t.net.edges[c.edge].line.at(c.s)
	in := c.door.minus(street).unit()
	if in == (townVec{}) {
		in = along.left()
	}
	side := townVec{in.Y, -in.X}
	corner := func(x, y float64) townVec { return street.plus(side.times(x)).plus(in.times(y)) }
	return townFence(id, c.String(), "customer", townLine{
		corner(-radius, -17), corner(radius, -17), corner(radius, 28), corner(radius-14, 46), corner(-radius, 42),
	})
}

// pedestrianZone is the old town and, across the river, the precinct at the
// bridge: two polygons, the first with the market as a hole. Vans may be in it
// for pedestrianStay.
func (t *town) pedestrianZone() tracker.FenceRecord {
	old := orb.Polygon{townOrbRing(townLine{
		{-485, -45}, {-300, -35}, {-120, -20}, {-25, 0}, {-35, -120}, {-55, -180}, {-150, -235}, {-275, -400},
		{-400, -420}, {-490, -330}, {-525, -180},
	})}
	if market := t.scenery.market; market != nil {
		// Clear of the streets around it.
		middle := market.middle()
		var hole townLine
		for _, p := range market {
			hole = append(hole, middle.mix(p, 0.6))
		}
		old = append(old, townOrbRing(hole))
		old[1].Reverse()
	}
	precinct := orb.Polygon{townOrbRing(townLine{{65, 20}, {215, 15}, {195, -175}, {80, -150}})}
	r := townFence("zone-old-town", "Old Town pedestrian zone", "zone", nil)
	r.Fence.Polygons = orb.MultiPolygon{old, precinct}
	r.Fence.Dwell = pedestrianStay
	return r
}

func townFence(id, name, kind string, outline townLine) tracker.FenceRecord {
	r := tracker.FenceRecord{
		Fence:      geofence.Fence{ID: geofence.FenceID(id)},
		Name:       name,
		Properties: json.RawMessage(`{"kind":"` + kind + `"}`),
	}
	if outline != nil {
		r.Fence.Polygons = orb.MultiPolygon{{townOrbRing(outline)}}
	}
	return r
}

func townCircle(id, name, kind string, center townVec, radius float64) tracker.FenceRecord {
	r := townFence(id, name, kind, nil)
	r.Fence.Center, r.Fence.RadiusMeters = center.lonLat(), radius
	return r
}

// townOrbRing closes the outline and turns it counterclockwise.
func townOrbRing(outline townLine) orb.Ring {
	if outline.area() < 0 {
		outline = outline.reversed()
	}
	ring := make(orb.Ring, 0, len(outline)+1)
	for _, p := range outline {
		ring = append(ring, p.lonLat())
	}
	return append(ring, ring[0])
}
