package web

import (
	"net/http"
	"slices"

	"wayguard/tracker"
)

// ownRounds are the rounds that a driver may see: theirs that run, or begin
// today by the clock at the depot.
func (s *Server) ownRounds(who principal) []tracker.Round {
	return s.fleet.RoundsOf(who.person.ID, s.fleet.Clock().Now())
}

// roundsFor are the rounds of a list, newest first, for whoever asks.
func (s *Server) roundsFor(who principal, states []tracker.RoundState, before tracker.RoundID, limit int) []tracker.Round {
	if who.role != driver {
		return s.fleet.Rounds(states, before, limit)
	}
	found := slices.DeleteFunc(s.ownRounds(who), func(r tracker.Round) bool {
		return before != "" && r.ID >= before || len(states) > 0 && !slices.Contains(states, r.State)
	})
	return found[:min(limit, len(found))]
}

func (s *Server) onOwnRound(who principal, id tracker.RoundID) bool {
	_, ok := s.fleet.RoundOf(who.person.ID, id, s.fleet.Clock().Now())
	return ok
}

// seesDelivery keeps partners to what they ordered and drivers to what is on
// their rounds.
func (s *Server) seesDelivery(who principal, d *tracker.Delivery) bool {
	switch who.role {
	case partner:
		return d.Partner == who.partner
	case driver:
		return !d.Erased && s.onOwnRound(who, d.Round)
	}
	return true
}

// checkOwn answers about the deliveries of others as about those that there are
// none of.
func (s *Server) checkOwn(who principal, id tracker.DeliveryID) error {
	if d, ok := s.fleet.Delivery(id); ok && !s.seesDelivery(who, &d) {
		return noDelivery()
	}
	return nil
}

// narrow keeps a list to what somebody may see.
func (s *Server) narrow(who principal, filter *tracker.DeliveryFilter) {
	filter.Partner = who.partner
	if who.role != driver {
		return
	}
	filter.Rounds = make(map[tracker.RoundID]bool)
	for _, r := range s.ownRounds(who) {
		filter.Rounds[r.ID] = true
	}
}

// presentTo is a delivery as somebody may see it. A driver, who sees nothing of
// customers, has to know whom to ask for.
func (s *Server) presentTo(who principal, d tracker.Delivery) tracker.Delivery {
	if who.role == driver && d.Consignee == "" {
		c, _ := s.fleet.Customer(d.Customer)
		d.Consignee = c.Name
	}
	return d
}

// mayMove tells whether somebody may bring a delivery into a state by saying so.
func mayMove(who principal, to tracker.DeliveryState) error {
	switch {
	case who.role == partner && to != tracker.DeliveryCancelled:
		return &problem{status: http.StatusForbidden, detail: "A partner can cancel a delivery; all else is for those who bring it."}
	case who.role == driver && to != tracker.DeliveryFailed && to != tracker.DeliveryRefused:
		return &problem{status: http.StatusForbidden, detail: "A driver can say that a delivery failed or was refused; what is handed over goes to /handoff, all else is for dispatch."}
	}
	return nil
}
