package notify

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// customer tells whom a delivery is for.
func (j *judgement) customer() {
	kind, ok := j.customerKind()
	if !ok || j.delivery == nil {
		return
	}
	to := Recipient{ToCustomer, string(j.delivery.Customer)}
	n := Notice{Kind: kind, To: to, Bundle: "deliveries"}
	if j.event.Type == retracted {
		n.Corrects = j.event.Subject
	}
	j.tell(n, nil, j.settings.quietOf(ToCustomer))
}

// customerKind is what the event is to a customer.
func (j *judgement) customerKind() (Kind, bool) {
	e := j.event
	switch e.Type {
	case "delivery.changed":
		changed := j.detail().Changed
		switch {
		case j.delivery == nil || !j.delivery.State.Open():
		case slices.Contains(changed, tracker.ChangedCode):
			return NewCode, true
		case slices.Contains(changed, tracker.ChangedWindow) && hasWindow(j.delivery):
			return Changed, true
		}
		return "", false
	case "delivery.departed":
		// Where a device saw it, the vehicle goes on without a hand-off: the
		// customer has heard of the departure.
		return Departed, e.Device == ""
	case retracted:
		kind, ok := correctedKinds[j.retracted.Type]
		return kind, ok
	}
	kind, ok := customerKinds[e.Type]
	return kind, ok
}

func hasWindow(d *tracker.Delivery) bool { return !d.WindowStart.IsZero() || !d.WindowEnd.IsZero() }

// detail is what an edit of a delivery said, zero for other events.
func (j *judgement) detail() (d tracker.DeliveryDetail) {
	if json.Unmarshal(j.event.Detail, &d) != nil {
		return tracker.DeliveryDetail{}
	}
	return d
}

// dispatch tells contacts of what opens an alert: at once, or once it has been
// open for as long as a contact said.
func (j *judgement) dispatch() {
	e, typ := j.event, j.event.AlertType()
	if typ == "" {
		return
	}
	heard := false
	for i := range j.settings.Contacts {
		c := &j.settings.Contacts[i]
		if !c.hears(typ) {
			continue
		}
		heard = true
		n := Notice{Kind: Kind(alertKinds + typ), To: Recipient{ToDispatch, c.ID}, Bundle: "alerts"}
		if c.AfterMinutes > 0 {
			n.Kind, n.Bundle = Kind(escalationKinds+e.Type), "escalations"
			n.Due = e.KnownAt.Add(time.Duration(c.AfterMinutes) * time.Minute)
		}
		j.tell(n, c.Channels, c.quiet())
	}
	if !heard {
		j.skip(Kind(alertKinds+typ), Recipient{Audience: ToDispatch}, "", whyNobody)
	}
}

func (c *StaffContact) hears(typ string) bool {
	return slices.ContainsFunc(c.Alerts, func(pattern string) bool { return matches(pattern, typ) })
}

func (c *StaffContact) quiet() Quiet {
	if c.Quiet == nil {
		return Quiet{}
	}
	return *c.Quiet
}

// security tells contacts of what concerns the server itself.
func (j *judgement) security() {
	if !strings.HasPrefix(j.event.Type, "security.") {
		return
	}
	heard := false
	for i := range j.settings.Contacts {
		c := &j.settings.Contacts[i]
		if !slices.Contains(c.Alerts, securityPattern) {
			continue
		}
		heard = true
		j.tell(Notice{Kind: Kind(j.event.Type), To: Recipient{ToDispatch, c.ID}}, c.Channels, c.quiet())
	}
	if !heard {
		j.skip(Security, Recipient{Audience: ToDispatch}, "", whyNobody)
	}
}

// drivers tells those who are on the rounds that a delivery was changed on, put
// on or taken off.
func (j *judgement) drivers() {
	kind, rounds := j.driverKind()
	for _, id := range rounds {
		round, ok := j.rules.fleet.Round(id)
		if !ok || round.State != tracker.RoundRunning || round.Driver == "" {
			continue
		}
		n := Notice{Kind: kind, To: Recipient{ToDriver, round.Driver}, Round: id, Bundle: "round " + string(id)}
		j.tell(n, nil, j.settings.quietOf(ToDriver))
	}
}

// driverKind is what the event is to drivers, and of which rounds.
func (j *judgement) driverKind() (kind Kind, rounds []tracker.RoundID) {
	if j.delivery == nil || j.event.Device != "" || !strings.HasPrefix(j.event.Type, "delivery.") {
		return "", nil
	}
	told := j.detail()
	// What is put on a round under way has departed; before, nobody drives it.
	if told.Round != "" && told.State != tracker.DeliveryCreated {
		rounds = append(rounds, told.Round)
	}
	if told.PreviousRound != "" {
		rounds = append(rounds, told.PreviousRound)
	}
	switch {
	case j.event.Type == "delivery.cancelled":
		return DriverCancelled, rounds
	case slices.Equal(told.Changed, []string{tracker.ChangedCode}):
		return DriverCode, rounds
	case len(told.Changed) > 0:
		return DriverRound, rounds
	}
	return "", nil
}

// partner tells whoever ordered how it ended.
func (j *judgement) partner() {
	if j.delivery == nil || j.delivery.Partner == "" || !slices.Contains(outcomes, j.event.Type) {
		return
	}
	to := Recipient{ToPartner, string(j.delivery.Partner)}
	if _, ok := j.settings.partner(j.delivery.Partner); !ok {
		j.skip(PartnerOutcome, to, "", "the partner has no contact in the settings")
		return
	}
	j.tell(Notice{Kind: PartnerOutcome, To: to, Bundle: "outcomes"}, nil, j.settings.quietOf(ToPartner))
}
