package main

import "math/rand/v2"

// townZone is how a part of town is built.
type townZone int

const (
	zoneTownCountry townZone = iota
	zoneTownOld
	zoneTownCentre
	zoneTownSuburb
	zoneTownEstate
)

// townZones tells the parts of town apart.
type townZones struct {
	old, estate, ring *townRing
	mains             *townIndex
	rough             townNoise
	// known are the zones found so far, by squares of townZoneCell, one more
	// than the zone's number.
	known []uint8
}

const (
	townZoneCell  = 16.0
	townZoneCells = int(2 * townReach / townZoneCell)
)

func newTownZones(mains []townRoad, rng *rand.Rand) *townZones {
	z := &townZones{mains: newTownIndex(), rough: newTownNoise(rng), known: make([]uint8, townZoneCells*townZoneCells)}
	for i, m := range mains {
		z.mains.add(i, m.line)
	}
	z.old = newTownRing(townLine{
		{-560, -10}, {-305, 25}, {-50, 55}, {30, 50}, {0, -105}, {15, -265}, {-130, -350},
		{-190, -575}, {-430, -490}, {-560, -335},
	})
	z.estate = newTownRing(townLine{
		{950, -265}, {1185, -400}, {1465, -215}, {1600, -335}, {1570, -720}, {1440, -1000},
		{1120, -1145}, {770, -1090}, {610, -720}, {720, -560},
	})
	// Along the bay the town ends at the quay.
	z.ring = newTownRing(append(townRingRoad(), townVec{0, -240}))
	return z
}

// at is the zone of p, to a square of townZoneCell.
func (z *townZones) at(p townVec) townZone {
	col, row := int((p.X+townReach)/townZoneCell), int((p.Y+townReach)/townZoneCell)
	if col < 0 || row < 0 || col >= townZoneCells || row >= townZoneCells {
		return zoneTownCountry
	}
	known := &z.known[row*townZoneCells+col]
	if *known == 0 {
		middle := townVec{float64(col) + 0.5, float64(row) + 0.5}.times(townZoneCell)
		*known = 1 + uint8(z.of(middle.minus(townVec{townReach, townReach})))
	}
	return townZone(*known - 1)
}

// of is the zone of p. Beyond the ring the town frays out along its roads.
func (z *townZones) of(p townVec) townZone {
	middle := townVec{95, 95}
	switch {
	case z.estate.holds(p):
		return zoneTownEstate
	case z.old.holds(p):
		return zoneTownOld
	case z.ring.holds(p) && p.to(middle) < 400:
		return zoneTownCentre
	case z.ring.holds(p):
		return zoneTownSuburb
	case p.length() > 1750:
		return zoneTownCountry
	}
	reach := 215 + 170*z.rough.at(p, 380) - 0.07*p.length()
	if reach > 0 && z.mains.distance(p, reach) < reach {
		return zoneTownSuburb
	}
	return zoneTownCountry
}

// spacing is how far apart streets run in a zone: along the main roads, and
// across them.
func (z townZone) spacing() (along, across float64) {
	switch z {
	case zoneTownOld:
		return 50, 78
	case zoneTownCentre:
		return 74, 122
	case zoneTownEstate:
		return 175, 240
	default:
		return 80, 150
	}
}
