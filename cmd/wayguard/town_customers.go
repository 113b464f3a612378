package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// townCustomer is an address that is delivered to.
type townCustomer struct {
	townAddress
	fenced bool
}

// The town has townCustomers customers, five in six with a fence; no two are
// closer than townCustomerGap metres.
const (
	townCustomers   = 96
	townCustomerGap = 85.0
)

// pickCustomers draws addresses from all over town but the estate and the
// country.
func (t *town) pickCustomers(rng *rand.Rand) {
	for _, i := range rng.Perm(len(t.addresses)) {
		a := t.addresses[i]
		zone := t.houses[a.house].zone
		if zone == zoneTownEstate || zone == zoneTownCountry || t.crowded(a.door) {
			continue
		}
		n := len(t.customers)
		t.customers = append(t.customers, townCustomer{a, n%6 != 5})
		if n+1 == townCustomers {
			return
		}
	}
}

func (t *town) crowded(door townVec) bool {
	for _, c := range t.customers {
		if c.door.to(door) < townCustomerGap {
			return true
		}
	}
	return false
}

// grounds are the plot of a house: from the edge of the street to behind it.
func (t *town) grounds(a townAddress) orb.MultiPolygon {
	const half, verge, behind = 9.0, 5.0, 12.0
	street, along := t.net.edges[a.edge].line.at(a.s)
	in := a.door.minus(street).unit()
	if in == (townVec{}) {
		in = along.left()
	}
	side, deep := in.left().times(half), street.to(a.door)+behind
	front, back := street.plus(in.times(verge)), street.plus(in.times(deep))
	return orb.MultiPolygon{{townOrbRing(townLine{front.minus(side), front.plus(side), back.plus(side), back.minus(side)})}}
}

func (a townAddress) String() string { return fmt.Sprintf("%d %s", a.number, a.street) }
