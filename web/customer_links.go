package web

import (
	"context"
	"errors"
	"net/http"

	"wayguard/tracker"
)

// linkTo is what a customer opens.
func (s *Server) linkTo(r *http.Request, token string) string {
	u := s.urlFor(r)
	u.Path = "/t/" + token
	return u.String()
}

// CustomerLink is where the customer finds a delivery; empty where there is none,
// and once the link is dead.
func (s *Server) CustomerLink(id tracker.DeliveryID) string {
	token, ok := s.fleet.TrackingToken(id)
	if !ok {
		return ""
	}
	return s.url().JoinPath("t", token).String()
}

// showLink gives dispatch the link of a delivery, to say or to send by hand.
func (s *Server) showLink(w http.ResponseWriter, r *http.Request, _ principal) error {
	if _, ok := s.fleet.Delivery(deliveryID(r)); !ok {
		return noDelivery()
	}
	token, ok := s.fleet.TrackingToken(deliveryID(r))
	if !ok {
		return &problem{status: http.StatusGone, detail: "The link is dead: the delivery was some time ago, or its customer's data has been erased."}
	}
	return writeJSON(w, http.StatusOK, map[string]string{"url": s.linkTo(r, token)})
}

// renewLink makes the link anew; the old one shows nothing any more.
func (s *Server) renewLink(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var token string
	err = change(r, func(ctx context.Context) (err error) {
		token, err = s.fleet.RenewLink(ctx, deliveryID(r), seen)
		return err
	})
	if err != nil {
		return deliveryError(err)
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"url": s.linkTo(r, token)})
}

type wishJSON struct {
	ID       tracker.WishID     `json:"id"`
	Delivery tracker.DeliveryID `json:"delivery"`
	Kind     tracker.WishKind   `json:"kind"`
	State    tracker.WishState  `json:"state"`
	Day      *string            `json:"day"`
	Text     string             `json:"text"`
	Answer   string             `json:"answer"`
	By       string             `json:"by"`
	metaJSON
}

func wishOf(w tracker.Wish) wishJSON {
	return wishJSON{
		ID: w.ID, Delivery: w.Delivery, Kind: w.Kind, State: w.State,
		Day: textOrNull(w.Day), Text: w.Text, Answer: w.Answer, By: w.By, metaJSON: metaOf(w.Meta),
	}
}

// listWishes shows the newest first; there are a few at most.
func (s *Server) listWishes(w http.ResponseWriter, r *http.Request, _ principal) error {
	if _, ok := s.fleet.Delivery(deliveryID(r)); !ok {
		return noDelivery()
	}
	return writeJSON(w, http.StatusOK, map[string]any{"wishes": s.wishesOf(deliveryID(r))})
}

func (s *Server) wishesOf(id tracker.DeliveryID) []wishJSON {
	list := []wishJSON{}
	for _, wish := range s.fleet.Wishes(id) {
		list = append(list, wishOf(wish))
	}
	return list
}

// wish finds one of a delivery. The error wraps tracker.ErrNotFound.
func (s *Server) wish(id tracker.DeliveryID, wish tracker.WishID) (tracker.Wish, error) {
	for _, w := range s.fleet.Wishes(id) {
		if w.ID == wish {
			return w, nil
		}
	}
	return tracker.Wish{}, tracker.ErrNotFound
}

func (s *Server) acceptWish(w http.ResponseWriter, r *http.Request, who principal) error {
	return s.settleWish(w, r, who, true)
}

func (s *Server) declineWish(w http.ResponseWriter, r *http.Request, who principal) error {
	return s.settleWish(w, r, who, false)
}

// settleWish takes an answer for the customer, or no body at all.
func (s *Server) settleWish(w http.ResponseWriter, r *http.Request, who principal, accept bool) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var answer string
	if r.ContentLength != 0 {
		if err := readObject(r, member{"answer", &answer, "a string"}); err != nil {
			return err
		}
	}
	var settled tracker.Wish
	err = change(r, func(ctx context.Context) (err error) {
		settled, err = s.fleet.SettleWish(ctx, deliveryID(r), tracker.WishID(r.PathValue("wish")), seen, accept, string(who.role), answer)
		return err
	})
	if _, ok := again(w, err); ok {
		settled, err = s.wish(deliveryID(r), tracker.WishID(r.PathValue("wish")))
	}
	if err != nil {
		return wishError(err)
	}
	w.Header().Set("ETag", etag(settled.Version))
	return writeJSON(w, http.StatusOK, wishOf(settled))
}

func wishError(err error) error {
	switch {
	case errors.Is(err, tracker.ErrSettled):
		return &problem{status: http.StatusConflict, detail: "The wish is not open any more: read the wishes of the delivery again."}
	case errors.Is(err, tracker.ErrNotFound):
		return notFound("The delivery has no wish with this id. GET /api/v1/deliveries/{id}/wishes lists them.")
	}
	return deliveryError(err)
}
