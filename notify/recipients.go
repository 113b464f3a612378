package notify

import (
	"cmp"
	"sync"
	"time"

	"wayguard/tracker"
)

// reach is how somebody can be reached.
type reach struct {
	name, language string
	email, phone   string
	consent        tracker.Consent
}

// anyChannel is for people who are reached for their work.
var anyChannel = tracker.Consent{Email: true, SMS: true, Push: true}

// Address is where to reach a recipient over a channel: an email address, a
// number, or for Push the recipient's id, which all browsers of theirs are kept
// under.
func (r *Rules) Address(to Recipient, channel Channel) (a Address, reason string, ok bool) {
	s := &r.settings.Load().Settings
	who, reason, ok := r.find(to, s)
	if !ok {
		return Address{}, reason, false
	}
	address, consents := who.over(channel)
	if channel == Push {
		address = to.ID
	}
	switch {
	case !consents:
		return Address{}, "has not agreed to messages over " + string(channel), false
	case address == "":
		return Address{}, "has no address for " + string(channel), false
	}
	if why, found := r.suppressed.Find(channel, address); found {
		return Address{}, "nothing is sent to the address: " + why.Reason, false
	}
	return Address{
		Address: address, Name: who.name,
		Language: languageOf(who.language, s.Language),
		Zone:     r.zone(s),
	}, "", true
}

func (w *reach) over(channel Channel) (address string, consents bool) {
	switch channel {
	case Email:
		return w.email, w.consent.Email
	case SMS:
		return w.phone, w.consent.SMS
	case Push:
		return "", w.consent.Push
	}
	return "", false
}

// find looks a recipient up.
func (r *Rules) find(to Recipient, s *Settings) (who reach, reason string, ok bool) {
	switch to.Audience {
	case ToCustomer:
		c, ok := r.fleet.Customer(tracker.CustomerID(to.ID))
		if c.Erased {
			return reach{}, whyErased, false
		}
		return reach{c.Name, c.Language, c.Email, c.Phone, c.Consent}, whyUnknown, ok
	case ToDriver:
		d, ok := r.fleet.Drivers().Get(to.ID)
		return reach{d.Name, d.Language, "", d.Phone, anyChannel}, whyUnknown, ok && !d.Erased
	case ToDispatch:
		c, ok := s.contact(to.ID)
		return reach{c.Name, c.Language, c.Email, c.Phone, anyChannel}, whyUnknown, ok
	case ToPartner:
		p, ok := s.partner(tracker.PartnerID(to.ID))
		return reach{p.Name, p.Language, p.Email, "", anyChannel}, whyUnknown, ok
	}
	return reach{}, whyUnknown, false
}

// zone is that of whoever is on no round.
func (r *Rules) zone(s *Settings) *time.Location {
	name := s.TimeZone
	if name == "" {
		for _, d := range r.fleet.Depots().List("", maxDepotsSeen) {
			if name = cmp.Or(name, d.TimeZone); name != "" {
				break
			}
		}
	}
	return r.zones.find(name)
}

// maxDepotsSeen bounds the search for a depot with a time zone.
const maxDepotsSeen = 20

// zoneOf is the zone of the depot of the round that a notice is about.
func (r *Rules) zoneOf(n *Notice) *time.Location {
	round, _ := r.fleet.Round(n.Round)
	if depot, ok := r.fleet.Depots().Get(round.Depot); ok && depot.TimeZone != "" {
		return r.zones.find(depot.TimeZone)
	}
	return r.zone(&r.settings.Load().Settings)
}

// zones remembers the zones that were read, since that takes a file each time.
type zones struct{ known sync.Map }

// find returns UTC for the empty name, and for one that nobody knows any more.
func (z *zones) find(name string) *time.Location {
	if found, ok := z.known.Load(name); ok {
		return found.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	z.known.Store(name, zone)
	return zone
}
