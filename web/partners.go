package web

import (
	"net/http"

	"wayguard/tracker"
)

// sees reports whether what belongs to a partner, or to us where that is empty,
// may be shown to p.
func (p principal) sees(owner tracker.PartnerID) bool { return p.role != partner || p.partner == owner }

// checkNew checks a new delivery, and makes it the partner's. A partner gives
// each customer anew, since ids are those of other people's customers, too.
func (s *Server) checkNew(who principal, o *tracker.NewDelivery) error {
	if who.role == partner && o.Customer != "" {
		return &problem{status: http.StatusForbidden, detail: "A partner gives the customer's name and contact with each delivery, not an id.", member: "customer.id"}
	}
	o.Order.Partner = who.partner
	return s.fleet.CheckDelivery(*o)
}
