package main

import (
	"fmt"
	"math/rand/v2"
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

func (a townAddress) String() string { return fmt.Sprintf("%d %s", a.number, a.street) }
