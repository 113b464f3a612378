package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wayguard/tracker"
)

const (
	defaultDeliveries = 100
	maxDeliveries     = 1000
	maxSearch         = 200
	// maxNamed is how many deliveries can be asked for by id.
	maxNamed = 100
)

type deliveriesJSON struct {
	Deliveries []deliveryJSON `json:"deliveries"`
	// Next is what before must be for the next page, null if there is none.
	Next *tracker.DeliveryID `json:"next"`
}

// listDeliveries shows the newest first.
func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request, who principal) error {
	q := queryOf(r)
	if q.has("id") {
		return s.listNamed(w, q, who)
	}
	limit, err := q.count("limit", 1, maxDeliveries, defaultDeliveries)
	if err != nil {
		return err
	}
	filter := tracker.DeliveryFilter{
		Customer: tracker.CustomerID(q.text("customer")), Round: tracker.RoundID(q.text("round")), Reference: q.text("reference"),
		Partner: who.partner, Text: q.text("q"),
	}
	if q.has("q") && (strings.TrimSpace(filter.Text) == "" || len(filter.Text) > maxSearch) {
		return badParameter("q", "must be 1 to "+strconv.Itoa(maxSearch)+" bytes of words to be found.")
	}
	s.narrow(who, &filter)
	if filter.States, err = states(q, tracker.DeliveryStates()...); err != nil {
		return err
	}
	found := s.fleet.Deliveries(filter, tracker.DeliveryID(q.text("before")), int(limit))
	page := deliveriesJSON{Deliveries: make([]deliveryJSON, len(found))}
	for i, d := range found {
		if page.Deliveries[i], err = deliveryOf(s.presentTo(who, d)); err != nil {
			return err
		}
	}
	if len(found) == int(limit) {
		page.Next = &found[len(found)-1].ID
	}
	return writeJSON(w, http.StatusOK, page)
}

// listNamed shows those of some ids, in their order, without those that there are
// none of for whoever asks.
func (s *Server) listNamed(w http.ResponseWriter, q query, who principal) error {
	for _, other := range []string{"state", "customer", "round", "reference", "q", "before", "limit"} {
		if q.has(other) {
			return badParameter("id", "goes without any other parameter.")
		}
	}
	ids := strings.Split(q.text("id"), ",")
	if len(ids) > maxNamed {
		return badParameter("id", "must be at most "+strconv.Itoa(maxNamed)+" ids, joined by commas.")
	}
	page := deliveriesJSON{Deliveries: []deliveryJSON{}}
	for _, id := range ids {
		d, ok := s.fleet.Delivery(tracker.DeliveryID(id))
		if !ok || !s.seesDelivery(who, &d) {
			continue
		}
		shown, err := deliveryOf(s.presentTo(who, d))
		if err != nil {
			return err
		}
		page.Deliveries = append(page.Deliveries, shown)
	}
	return writeJSON(w, http.StatusOK, page)
}

func (s *Server) showDelivery(w http.ResponseWriter, r *http.Request, who principal) error {
	d, ok := s.fleet.Delivery(deliveryID(r))
	if !ok || !s.seesDelivery(who, &d) {
		return noDelivery()
	}
	return writeDelivery(w, http.StatusOK, s.presentTo(who, d))
}

func writeDelivery(w http.ResponseWriter, status int, d tracker.Delivery) error {
	j, err := deliveryOf(d)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(d.Version))
	return writeJSON(w, status, j)
}

// createDelivery takes one order, or several in the member deliveries, each of
// which has a result of its own.
func (s *Server) createDelivery(w http.ResponseWriter, r *http.Request, who principal) error {
	body, err := readBody(r, "application/json")
	if err != nil {
		return err
	}
	once, err := s.onceOf(r, who, body)
	if err != nil {
		return err
	}
	if given, err := parseObject(body); err == nil && given["deliveries"] != nil {
		return s.createMany(w, r, who, once, given)
	}
	order, err := readNewDelivery(body)
	if err == nil {
		err = s.checkNew(who, &order)
	}
	if err != nil {
		return deliveryError(err)
	}
	var made []tracker.Delivery
	var again bool
	err = change(r, func(ctx context.Context) (err error) {
		made, again, err = s.fleet.CreateDeliveries(ctx, once, order)
		return err
	})
	if err != nil {
		return deliveryError(err)
	}
	markRepeated(w, again)
	w.Header().Set("Location", "/api/v1/deliveries/"+url.PathEscape(string(made[0].ID)))
	return writeDelivery(w, http.StatusCreated, made[0])
}

// patchDelivery changes those members of the order that are given.
func (s *Server) patchDelivery(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := s.checkOwn(who, deliveryID(r)); err != nil {
		return err
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	var changed tracker.Delivery
	err = change(r, func(ctx context.Context) (err error) {
		changed, err = s.fleet.ChangeOrder(ctx, deliveryID(r), seen, func(o *tracker.Order) error {
			return setMembers(given, orderSetters(o))
		})
		return err
	})
	if err != nil {
		return deliveryError(err)
	}
	return writeDelivery(w, http.StatusOK, changed)
}

// moveDelivery brings a delivery into the state that the body names.
func (s *Server) moveDelivery(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := s.checkOwn(who, deliveryID(r)); err != nil {
		return err
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var to tracker.DeliveryState
	var reason string
	err = readObject(r, member{"state", &to, "the state to bring it into"}, member{"reason", &reason, "a string"})
	if err != nil {
		return err
	}
	if err := mayMove(who, to); err != nil {
		return err
	}
	var moved tracker.Delivery
	err = change(r, func(ctx context.Context) (err error) {
		moved, err = s.fleet.MoveDelivery(ctx, deliveryID(r), seen, to, reason)
		return err
	})
	if _, ok := again(w, err); ok {
		moved, err = s.found(deliveryID(r))
	}
	if err != nil {
		return deliveryError(err)
	}
	return writeDelivery(w, http.StatusOK, s.presentTo(who, moved))
}

// found is a delivery that was there a moment ago.
func (s *Server) found(id tracker.DeliveryID) (tracker.Delivery, error) {
	d, ok := s.fleet.Delivery(id)
	if !ok {
		return d, noDelivery()
	}
	return d, nil
}

func deliveryID(r *http.Request) tracker.DeliveryID { return tracker.DeliveryID(r.PathValue("id")) }

// deliveryError says what an error of the fleet means to a client.
func deliveryError(err error) error {
	var member *tracker.MemberError
	var illegal *tracker.TransitionError
	switch {
	case errors.As(err, &member):
		return badMember(member.Member, member.Detail)
	case errors.As(err, &illegal):
		return &problem{status: http.StatusConflict, detail: upperFirst(illegal.Error()) + "."}
	case errors.Is(err, tracker.ErrErased):
		return &problem{status: http.StatusGone, detail: "The customer's data has been erased; nothing can be changed any more."}
	case errors.Is(err, tracker.ErrNotFound):
		return noDelivery()
	}
	return staleError(err)
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func noDelivery() error {
	return notFound("No delivery, or no customer, has this id. GET /api/v1/deliveries lists all deliveries.")
}

// resultJSON is what came of one order among several.
type resultJSON struct {
	Status   int           `json:"status"`
	Delivery *deliveryJSON `json:"delivery"`
	Problem  *problemJSON  `json:"problem"`
}

// createMany makes those of up to maxDeliveries orders that are right.
func (s *Server) createMany(w http.ResponseWriter, r *http.Request, who principal, once tracker.Once, given map[string]json.RawMessage) error {
	var orders []json.RawMessage
	if len(given) > 1 || json.Unmarshal(given["deliveries"], &orders) != nil || len(orders) > maxDeliveries {
		return badMember("deliveries", "must be a list of at most 1000 deliveries, and the only member.")
	}
	results := make([]resultJSON, len(orders))
	repeated := false
	for i := 0; i < len(orders); i += manyChunk {
		end := min(i+manyChunk, len(orders))
		part := once.Part(i)
		again, err := s.createChunk(r, who, part, orders[i:end], results[i:end])
		if err != nil {
			return err
		}
		repeated = repeated || again
	}
	markRepeated(w, repeated)
	return writeJSON(w, http.StatusOK, map[string]any{"results": results})
}

// manyChunk is how many orders share a transaction, so that devices do not wait
// for a long one.
const manyChunk = 64

func (s *Server) createChunk(r *http.Request, who principal, once tracker.Once, bodies []json.RawMessage, results []resultJSON) (again bool, err error) {
	var orders []tracker.NewDelivery
	var places []int
	for i, body := range bodies {
		o, err := readNewDelivery(body)
		if err == nil {
			err = s.checkNew(who, &o)
		}
		if err != nil {
			results[i] = refusedResult(deliveryError(err))
			continue
		}
		orders, places = append(orders, o), append(places, i)
	}
	var made []tracker.Delivery
	err = change(r, func(ctx context.Context) (err error) {
		made, again, err = s.fleet.CreateDeliveries(ctx, once, orders...)
		return err
	})
	switch {
	case err != nil:
		return false, deliveryError(err)
	case len(made) != len(orders):
		return false, &repeated{} // Of some the customer was erased since.
	}
	for i, d := range made {
		j, err := deliveryOf(d)
		if err != nil {
			return false, err
		}
		results[places[i]] = resultJSON{Status: http.StatusCreated, Delivery: &j}
	}
	return again, nil
}

func refusedResult(err error) resultJSON {
	p, _ := problemOf(err)
	return resultJSON{Status: p.status, Problem: p.json()}
}
