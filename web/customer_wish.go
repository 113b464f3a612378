package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"wayguard/tracker"
)

// maxWishForm is longer than any form of the page, in bytes.
const maxWishForm = 8 << 10

// wishForm is the form for wishes, and what was written into it.
type wishForm struct {
	Link  string
	Kinds []wishKind
	// Days is set where another day can be asked for: the first and the last one.
	First, Last     string
	Kind, Day, Text string
	// Error says what is wrong with it; empty for nothing.
	Error string
}

type wishKind struct {
	Kind    tracker.WishKind
	Label   string
	Checked bool
}

// form is nil where there is nothing to be asked for any more.
func (t *teller) form(link string, sent *wishForm) *wishForm {
	f := &wishForm{}
	if sent != nil {
		*f = *sent
	}
	f.Link = link
	kinds := tracker.WishesFor(t.d.State)
	for _, kind := range kinds {
		f.Kinds = append(f.Kinds, wishKind{kind, t.say("wish." + string(kind)), string(kind) == f.Kind})
	}
	if slices.Contains(kinds, tracker.WishDay) {
		y, m, d := t.now.Date()
		f.First = time.Date(y, m, d+1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
		f.Last = time.Date(y, m, d+tracker.WishDays, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if len(f.Kinds) == 0 && f.Error == "" {
		return nil
	}
	return f
}

// makeWish takes what a customer asks for on the page. No foreign page can send
// it, since it would have to know the link.
func (s *Server) makeWish(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.DeliveryByToken(r.PathValue("token"))
	if !ok {
		return s.showGone(w, r)
	}
	form, err := readWishForm(r)
	if err != nil {
		return err
	}
	if wait := s.guests.wishes.take(string(d.ID)); wait > 0 {
		w.Header().Set("Retry-After", retryAfterSeconds(wait))
		return s.refuseWish(w, r, &d, form, "often", http.StatusTooManyRequests)
	}
	err = change(r, func(ctx context.Context) error {
		_, err := s.fleet.MakeWish(ctx, d.ID, tracker.NewWish{
			Kind: tracker.WishKind(form.Kind), Zone: s.zoneOf(&d), Wished: tracker.Wished{Day: form.Day, Text: form.Text},
		})
		return err
	})
	var member *tracker.MemberError
	switch {
	case errors.As(err, &member):
		return s.refuseWish(w, r, &d, form, member.Member, http.StatusUnprocessableEntity)
	case err != nil:
		p, _ := problemOf(deliveryError(err))
		return s.refuseWish(w, r, &d, form, "now", p.status)
	}
	s.guests.metrics.wishes.WithLabelValues(form.Kind).Inc() // it is one of the kinds
	s.guests.guard(w.Header())
	http.Redirect(w, r, "/t/"+url.PathEscape(r.PathValue("token"))+"#wish", http.StatusSeeOther)
	return nil
}

func readWishForm(r *http.Request) (*wishForm, error) {
	body, err := readBody(r, "application/x-www-form-urlencoded")
	if err != nil {
		return nil, err
	}
	given, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("The form could not be read.")
	}
	return &wishForm{Kind: given.Get("kind"), Day: given.Get("day"), Text: given.Get("text")}, nil
}

// refuseWish shows the page again with what was sent, and what is wrong.
func (s *Server) refuseWish(w http.ResponseWriter, r *http.Request, d *tracker.Delivery, form *wishForm, why string, status int) error {
	s.guests.metrics.wishes.WithLabelValues("refused").Inc()
	customer, _ := s.fleet.Customer(d.Customer)
	form.Error = s.guests.texts.speak(r, customer.Language).say("wish.bad." + why)
	return s.writeCustomer(w, r, status, d, form)
}
