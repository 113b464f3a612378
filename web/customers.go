package web

import (
	"context"
	"errors"
	"math"
	"net/http"

	"wayguard/tracker"
)

const (
	defaultCustomers = 100
	maxCustomers     = 1000
)

func (s *Server) listCustomers(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxCustomers, defaultCustomers)
	if err != nil {
		return err
	}
	found := s.fleet.Customers(tracker.CustomerID(q.text("after")), int(limit))
	list := make([]customerJSON, len(found))
	for i, c := range found {
		list[i] = customerOf(c)
	}
	var next *tracker.CustomerID
	if len(found) == int(limit) {
		next = &found[len(found)-1].ID
	}
	return writeJSON(w, http.StatusOK, map[string]any{"customers": list, "next": next})
}

func (s *Server) showCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	c, ok := s.fleet.Customer(customerID(r))
	if !ok {
		return noCustomer()
	}
	w.Header().Set("ETag", etag(c.Version))
	return writeJSON(w, http.StatusOK, customerOf(c))
}

// patchCustomer changes those members that are given.
func (s *Server) patchCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	var changed tracker.Customer
	err = change(r, func(ctx context.Context) (err error) {
		changed, err = s.fleet.ChangeCustomer(ctx, customerID(r), seen, func(c *tracker.Contact) error {
			return setMembers(given, contactSetters(c))
		})
		return err
	})
	if err != nil {
		return customerError(err)
	}
	w.Header().Set("ETag", etag(changed.Version))
	return writeJSON(w, http.StatusOK, customerOf(changed))
}

// eraseCustomer destroys all that is personal of a customer. It may be
// repeated.
func (s *Server) eraseCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.EraseCustomer(ctx, customerID(r), seen) })
	if err != nil {
		return customerError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// exportCustomer gives out all that is kept of a customer, as they may ask for
// (GDPR, articles 15 and 20).
func (s *Server) exportCustomer(w http.ResponseWriter, r *http.Request, _ principal) error {
	c, ok := s.fleet.Customer(customerID(r))
	if !ok {
		return noCustomer()
	}
	deliveries := []deliveryJSON{}
	events := []tracker.Event{}
	wishes := []wishJSON{}
	for _, d := range s.fleet.Deliveries(tracker.DeliveryFilter{Customer: c.ID}, "", math.MaxInt) {
		j, err := deliveryOf(d)
		if err != nil {
			return err
		}
		about, err := s.eventsAbout(string(d.ID))
		if err != nil {
			return err
		}
		deliveries, events = append(deliveries, j), append(events, about...)
		wishes = append(wishes, s.wishesOf(d.ID)...)
	}
	w.Header().Set("Content-Disposition", `attachment; filename="customer.json"`)
	return writeJSON(w, http.StatusOK, map[string]any{"customer": customerOf(c), "deliveries": deliveries, "events": events, "wishes": wishes})
}

// eventsAbout are all events of a subject.
func (s *Server) eventsAbout(subject string) (all []tracker.Event, err error) {
	for after := uint64(0); ; {
		found, next, err := s.fleet.Events(after, maxEvents, tracker.EventFilter{Subject: subject})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if next == after {
			return all, nil
		}
		after = next
	}
}

func customerID(r *http.Request) tracker.CustomerID { return tracker.CustomerID(r.PathValue("id")) }

func customerError(err error) error {
	var open *tracker.OpenError
	switch {
	case errors.Is(err, tracker.ErrNotFound):
		return noCustomer()
	case errors.As(err, &open):
		return &problem{status: http.StatusConflict, detail: upperFirst(open.Error()) + "."}
	}
	return deliveryError(err)
}

func noCustomer() error {
	return notFound("No customer has this id. GET /api/v1/customers lists all of them.")
}
