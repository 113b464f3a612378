package web

import (
	"math"
	"slices"
	"time"

	"wayguard/tracker"
)

// How exactly a customer is told when and how far: what the forecast knows, and
// no finer than it takes to wait at the right time. Whole kilometres on the road
// tell nobody where the stops before lie.
const (
	expectedStep = 5 * time.Minute
	// manyStops is the most that are counted.
	manyStops = 10
	// staleAfter is how old the position may be that a forecast goes by before the
	// page says so.
	staleAfter = 10 * time.Minute
)

// customerNews is what the page says and its live feed repeats.
type customerNews struct {
	Type  string                `json:"type"` // status
	State tracker.DeliveryState `json:"state"`
	// Text is by the name of the place on the page; what is empty has nothing to
	// say.
	Text    map[string]string `json:"text"`
	History []customerMoment  `json:"history"`
	// Vehicle is where it is, null where the customer is not to know. Door is
	// where it goes to, null where there is no vehicle to be shown.
	Vehicle *sightJSON `json:"vehicle"`
	Door    *placeJSON `json:"door"`
}

type customerMoment struct {
	Time string `json:"time"`
	Text string `json:"text"`
}

type placeJSON struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

type sightJSON struct {
	placeJSON
	Time time.Time `json:"time"`
}

// teller tells one customer in their language of one delivery as it is now.
type teller struct {
	*speech
	fleet *tracker.Fleet
	d     *tracker.Delivery
	now   time.Time // in the zone of the delivery
}

// tell speaks of a delivery in the zone that messages about it are in.
func (s *Server) tell(d *tracker.Delivery, in *speech) *teller {
	return &teller{speech: in, fleet: s.fleet, d: d, now: s.fleet.Clock().Now().In(s.zoneOf(d))}
}

func (s *Server) zoneOf(d *tracker.Delivery) *time.Location {
	if s.rules != nil {
		return s.rules.Zone(d)
	}
	round, _ := s.fleet.Round(d.Round)
	depot, _ := s.fleet.Depots().Get(round.Depot)
	zone, err := time.LoadLocation(depot.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// news gathers what there is to be said but the history.
func (t *teller) news() *customerNews {
	n := &customerNews{Type: "status", State: t.d.State, History: []customerMoment{}}
	n.Text = map[string]string{
		"headline":  t.say(string(t.d.State)),
		"todo":      t.say("do." + string(t.d.State)),
		"window":    t.span(t.local(t.d.WindowStart), t.local(t.d.WindowEnd), t.now),
		"code":      t.code(),
		"wish":      t.wish(),
		"left_with": t.leftWith(),
	}
	if !t.d.State.OnTheWay() {
		return n
	}
	if t.d.Delayed {
		n.Text["late"] = t.say("late")
	}
	if a, ok := t.fleet.Approach(t.d.ID); ok {
		t.foretell(n, &a)
	}
	return n
}

func (t *teller) local(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(t.now.Location())
}

// foretell says when and how far. The vehicle stands at the door where it has
// arrived, so that is not for the map.
func (t *teller) foretell(n *customerNews, a *tracker.Approach) {
	n.Text["expected"] = t.expected(a)
	switch {
	case a.StopsBefore == 0:
		n.Text["stops"] = t.say("next")
	case a.StopsBefore > manyStops:
		n.Text["stops"] = t.say("many", manyStops)
	default:
		n.Text["stops"] = t.say("stops", a.StopsBefore)
	}
	n.Text["distance"] = t.say("near")
	if a.Meters >= 1000 {
		n.Text["distance"] = t.say("km", int(math.Round(a.Meters/1000)))
	}
	if a.Vehicle != nil {
		n.Vehicle = &sightJSON{placeJSON{a.Vehicle[0], a.Vehicle[1]}, a.VehicleTime.UTC()}
		n.Door = &placeJSON{t.d.Point[0], t.d.Point[1]}
	}
}

// expected is a span that the arrival lies in with a probability of 80 %, rounded
// outward. A forecast that the time has overtaken says nothing.
func (t *teller) expected(a *tracker.Approach) string {
	from, to := a.P10.Truncate(expectedStep), a.P90.Add(expectedStep-1).Truncate(expectedStep)
	if floor := t.now.Truncate(expectedStep); from.Before(floor) {
		from = floor
	}
	if !to.After(t.now) {
		return ""
	}
	text := t.say("between", clockTime(t.local(from)), clockTime(t.local(to)))
	if t.local(from).Format(time.DateOnly) != t.now.Format(time.DateOnly) {
		text = t.day(t.local(from), t.now) + " " + text
	}
	if t.now.Sub(a.Known) > staleAfter {
		text += ". " + t.say("as_of", clockTime(t.local(a.Known)))
	}
	return text
}

// code is what to tell the driver, from the day of the delivery on.
func (t *teller) code() string {
	d := t.d
	if !slices.Contains(d.Proof, tracker.ProofCode) || !d.State.Open() || d.State == tracker.DeliveryFailed {
		return ""
	}
	today := !d.WindowStart.IsZero() && t.local(d.WindowStart).Format(time.DateOnly) <= t.now.Format(time.DateOnly)
	if !d.State.OnTheWay() && !today {
		return ""
	}
	return d.Hidden.Code
}

func (t *teller) leftWith() string {
	if t.d.State != tracker.DeliveryLeft {
		return ""
	}
	return t.d.Hidden.LeftWith
}

// wish says what became of the last wish.
func (t *teller) wish() string {
	all := t.fleet.Wishes(t.d.ID)
	if len(all) == 0 || all[0].Erased {
		return ""
	}
	w := all[0]
	what := t.say("wish." + string(w.Kind))
	if day, err := time.ParseInLocation(time.DateOnly, w.Day, t.now.Location()); err == nil {
		what += ", " + t.day(day, t.now)
	}
	text := t.say("wish."+string(w.State), what)
	if w.Answer != "" {
		text += " " + w.Answer
	}
	return text
}
