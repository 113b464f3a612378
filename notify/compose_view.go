package notify

import (
	"cmp"
	"strings"
	"time"

	"wayguard/tracker"
)

// Limits of what others wrote, in characters: longer texts end in an ellipsis.
const (
	maxNameShown = 60
	maxTextShown = 80
	maxSMSText   = 40
)

// view is what the templates of a kind know. Texts of people are one line each.
type view struct {
	Sender string
	// Link leads to the delivery or, for staff, to the console.
	Link string
	// Count is how many things it tells of at once.
	Count int
	moments
	parcel
	scene
}

// moments are phrases of times, empty where there is none. Brief ones are for an
// SMS.
type moments struct {
	At                      string
	Window, WindowBrief     string
	Expected, ExpectedBrief string
}

// parcel is what is told of a delivery.
type parcel struct {
	Delivery, Reference, State string
	Parcels                    int
	// Code is empty where none is asked for, or none is to be told.
	Code string
	// Where is what the driver said of the place it was left at.
	Where string
	// AtDoor: the vehicle's positions agree that it was handed over there.
	AtDoor bool
	Stops  int
}

// scene is what is told to staff.
type scene struct {
	Title, Type            string
	Vehicle, Round, Device string
	// Minutes is for how long an alert has been open.
	Minutes int
}

// view gathers what a section tells of. Today is when it is written.
func (r *Rules) view(same []*Notice, a Address, w *writer) *view {
	n := same[0]
	zone := r.zoneOf(n)
	if a.Zone != nil && n.Round == "" {
		zone = a.Zone
	}
	today := r.now().In(zone)
	v := &view{Sender: w.sender.Name, Count: countOf(same)}
	v.At = w.moment(n.Time.In(zone), today)
	if d, ok := r.fleet.Delivery(n.Delivery); ok && n.Delivery != "" {
		v.tellDelivery(&d, w.short)
		v.tellWindow(&d, w.tongue, zone)
		v.tellArrival(r, &d, w.tongue, today)
		v.Link = r.links(d.ID)
		if n.Kind != NewCode && n.Kind != Departed && n.Kind != Approaching {
			v.Code = ""
		}
	}
	if n.To.Audience != ToCustomer {
		v.Link, v.Code, v.Where = r.console, "", ""
		r.tellScene(v, n, today)
	}
	return v
}

// countOf is how many deliveries notices about one thing are about.
func countOf(same []*Notice) int {
	seen := make(map[tracker.DeliveryID]bool)
	for _, n := range same {
		seen[n.Delivery] = true
	}
	return len(seen)
}

func (v *view) tellDelivery(d *tracker.Delivery, short bool) {
	v.Delivery, v.State = string(d.ID), string(d.State)
	v.Reference = word(d.Reference, maxNameShown)
	v.Parcels = len(d.Parcels)
	v.Code = d.Hidden.Code
	v.AtDoor = d.Handoff != nil && d.Handoff.Position == tracker.PositionConfirmed
	most := maxTextShown
	if short {
		most = maxSMSText
	}
	v.Where = strings.TrimRight(word(d.Hidden.LeftWith, most), ".")
}

func (v *view) tellWindow(d *tracker.Delivery, t *tongue, zone *time.Location) {
	from, to := d.WindowStart, d.WindowEnd
	if !from.IsZero() {
		from = from.In(zone)
	}
	if !to.IsZero() {
		to = to.In(zone)
	}
	v.Window, v.WindowBrief = t.period(from, to, time.Time{}), t.brief(from, to, time.Time{})
}

// tellArrival rounds outwards to five minutes: nobody can foretell better.
func (v *view) tellArrival(r *Rules, d *tracker.Delivery, t *tongue, today time.Time) {
	x, ok := r.expected(d.ID)
	if !ok || !d.State.OnTheWay() || x.From.IsZero() || x.To.Before(today) {
		return
	}
	const step = 5 * time.Minute
	from := later(x.From, today).In(today.Location()).Truncate(step)
	to := x.To.In(today.Location()).Add(step - 1).Truncate(step)
	v.Expected, v.ExpectedBrief = t.period(from, to, today), t.brief(from, to, today)
	v.Stops = x.Stops
}

func (r *Rules) tellScene(v *view, n *Notice, today time.Time) {
	v.Type = string(n.Kind)
	if typ, ok := alertType(n.Kind); ok {
		v.Type = typ
	}
	v.Device = string(n.Device)
	round, ok := r.fleet.Round(n.Round)
	if ok {
		v.Round = word(round.Name, maxTextShown)
		if vehicle, ok := r.fleet.Vehicles().Get(round.Vehicle); ok {
			v.Vehicle = word(cmp.Or(vehicle.Name, vehicle.ID), maxTextShown)
		}
	}
	v.Vehicle = cmp.Or(v.Vehicle, v.Device)
	set := r.settings.Load()
	contact, _ := set.contact(n.To.ID)
	v.Minutes = max(contact.AfterMinutes, 1)
}
