package web

import (
	"context"
	"net/http"

	"wayguard/notify"
	"wayguard/tracker"
)

// customerPushRoutes are those that the customer's page has its button for.
func (s *Server) customerPushRoutes() []route {
	return []route{
		{pattern: "GET /t/{token}/push", handler: s.showCustomerKey},
		{pattern: "POST /t/{token}/push", handler: s.pushToCustomer, body: maxSubscription},
		{pattern: "DELETE /t/{token}/push/{id}", handler: s.stopPushToCustomer},
	}
}

// maxSubscription is longer than any browser's, in bytes.
const maxSubscription = 8 << 10

// ofLink is the delivery of r's link and its customer.
func (s *Server) ofLink(r *http.Request) (tracker.Delivery, notify.Recipient, error) {
	d, ok := s.fleet.DeliveryByToken(r.PathValue("token"))
	if !ok {
		return d, notify.Recipient{}, s.refuseLink(r)
	}
	return d, notify.Recipient{Audience: notify.ToCustomer, ID: string(d.Customer)}, nil
}

func (s *Server) showCustomerKey(w http.ResponseWriter, r *http.Request, who principal) error {
	if _, _, err := s.ofLink(r); err != nil {
		return err
	}
	s.guests.guard(w.Header())
	return s.showPushKey(w, r, who)
}

// pushToCustomer has a browser told of the delivery whose link was sent, and of
// no other one of the customer's. No foreign page can send it, since it would
// have to know the link.
func (s *Server) pushToCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, to, err := s.ofLink(r)
	if err != nil {
		return err
	}
	s.guests.guard(w.Header())
	if wait := s.guests.wishes.take("push " + string(d.ID)); wait > 0 {
		return tooMany("Too many browsers in a short time: wait as long as Retry-After says.", wait)
	}
	b, err := readBrowser(r)
	if err != nil {
		return err
	}
	b.Delivery = d.ID
	id, err := s.keepBrowser(r, to, b)
	if err != nil {
		return err
	}
	// Whoever allows notifications has agreed to them.
	err = change(r, func(ctx context.Context) error {
		_, err := s.fleet.ChangeCustomer(ctx, d.Customer, tracker.AnyVersion, func(c *tracker.Contact) error {
			c.Consent.Push = true
			return nil
		})
		return err
	})
	if err != nil {
		return deliveryError(err)
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"id": id})
}

func (s *Server) stopPushToCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	_, to, err := s.ofLink(r)
	if err != nil {
		return err
	}
	s.guests.guard(w.Header())
	return s.removeBrowser(w, r, to)
}
