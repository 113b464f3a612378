package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// town is a made-up small harbour town on an island of its own. It remembers
// what it looked up and is for one goroutine at a time.
type town struct {
	seed   uint64
	ground *townGround
	zones  *townZones
	net    *townNet
	// names of the streets, by townEdge.road.
	names     []string
	depots    []townYard
	houses    []townHouse
	addresses []townAddress
	customers []townCustomer
	scenery   townScenery
}

// townScenery is what is only looked at.
type townScenery struct {
	parks        []townPark
	blocks       []townLine
	woods        []townLine
	meadow, lake townLine
	market       townLine
	outskirts    townOutskirts
	labels       []townLabel
}

// newTown builds the same town for the same seed. Each part draws from a source
// of its own, so that a change to one leaves the others as they are.
func newTown(seed uint64) *town {
	source := func(part uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, part)) }
	t := &town{seed: seed, ground: newTownGround(source(1))}
	mains := townMains(t.ground, source(2))
	t.zones = newTownZones(mains, source(3))
	field := newTownField(t.ground, mains, source(4))
	roads := townSideStreets(t.ground, t.zones, field, mains, source(5))
	t.net = newTownNet(roads)
	t.net.carve(append(townParkSites(), townMarket()))
	t.net.tidy()
	t.plant(source(6))
	t.settle(source(7))
	t.names = townStreetNames(t.net, t.zones, source(8))
	t.number()
	t.pickCustomers(source(9))
	return t
}

// plant sorts the blocks into parks and others, and adds the green around town.
func (t *town) plant(rng *rand.Rand) {
	s := &t.scenery
	sites, names := townParkSites(), townParkNames()
	t.net.clear(append(sites, townMarket()))
	blocks := t.net.blocks()
	for i, site := range sites {
		if p, ok := newTownPark(site, blocks, names[i], rng); ok {
			s.parks = append(s.parks, p)
			s.labels = append(s.labels, townLabel{p.outline.middle(), p.name, "park"})
		}
	}
	if square, ok := newTownPark(townMarket(), blocks, "", rng); ok {
		s.market = square.outline
		s.labels = append(s.labels, townLabel{square.outline.middle(), "Old Market", "place"})
	}
	for _, b := range blocks {
		if t.built(b) {
			s.blocks = append(s.blocks, b)
		}
	}
	s.meadow, s.lake = townMeadows(t.ground.river, rng)
	s.woods = townWoods(t.ground, t.zones, t.net.index(), rng)
	s.outskirts = newTownOutskirts(t.ground, t.net, rng)
	s.labels = append(s.labels, townPlaceLabels()...)
}

// built tells whether a block is one for houses: not a park and not open
// country.
func (t *town) built(block townLine) bool {
	const largest, country = 80_000, 200_000
	if a := block.area(); a > country || a > largest && t.zones.at(block.middle()) == zoneTownCountry {
		return false
	}
	ring := newTownRing(block)
	return !slices.ContainsFunc(t.scenery.parks, func(p townPark) bool { return ring.holds(p.outline.middle()) })
}

// settle builds depots, landmarks and houses, in this order.
func (t *town) settle(rng *rand.Rand) {
	b := &townBuilder{ground: t.ground, zones: t.zones, net: t.net, streets: t.net.index(), walls: newTownIndex(), rng: rng}
	for _, p := range t.scenery.parks {
		b.closed = append(b.closed, newTownRing(p.outline))
	}
	if t.scenery.market != nil {
		b.closed = append(b.closed, newTownRing(t.scenery.market))
	}
	b.closed = append(b.closed, newTownRing(t.scenery.lake))
	t.depots = b.depots()
	t.scenery.labels = append(t.scenery.labels, b.landmarks()...)
	b.church(t.scenery.market)
	b.line()
	t.houses = b.houses
}

// townAddress is a door.
type townAddress struct {
	street string
	number int
	// edge and s are where on the network one stops for it, door its front.
	edge int
	s    float64
	door townVec
	// house is the number of its building.
	house int
}

// number gives every house on a street an address: odd numbers to the left of
// the way the street was laid, even ones to the right.
func (t *town) number() {
	order := make([]int, 0, len(t.houses))
	for i, h := range t.houses {
		if h.edge >= 0 {
			order = append(order, i)
		}
	}
	along := func(i int) (road int, s float64) {
		e := t.net.edges[t.houses[i].edge]
		return e.road, e.start + t.houses[i].s
	}
	slices.SortStableFunc(order, func(a, b int) int {
		roadA, sA := along(a)
		roadB, sB := along(b)
		return cmp.Or(cmp.Compare(roadA, roadB), cmp.Compare(sA, sB))
	})
	last := map[int]*[2]int{}
	for _, i := range order {
		h := t.houses[i]
		road := t.net.edges[h.edge].road
		if last[road] == nil {
			last[road] = &[2]int{-1, 0}
		}
		side := 1
		if h.left {
			side = 0
		}
		last[road][side] += 2
		t.addresses = append(t.addresses, townAddress{
			street: t.names[road], number: last[road][side], edge: h.edge, s: h.s,
			door: h.outline[0].mix(h.outline[1], 0.5), house: i,
		})
	}
}
