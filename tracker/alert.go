package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wayguard/geofence"
)

// AlertID names an alert: the id of the event that opened it.
type AlertID string

// AlertState is where an alert stands.
type AlertState string

// The states. An open alert may be resolved without having been acknowledged.
const (
	AlertOpen         AlertState = "open"
	AlertAcknowledged AlertState = "acknowledged"
	AlertResolved     AlertState = "resolved"
)

// Alert asks dispatch to look at something. There is one for each episode,
// however often it is corrected.
type Alert struct {
	Meta  `json:"-"`
	ID    AlertID    `json:"id"`
	State AlertState `json:"state"`
	// Type is that of the event, Subject what it is about, Seq its place in the
	// log.
	Type    string   `json:"type"`
	Subject string   `json:"subject"`
	Seq     uint64   `json:"seq"`
	Device  DeviceID `json:"device,omitempty"`
	// Delivery and Round are those concerned, empty where none is.
	Delivery DeliveryID `json:"delivery,omitempty"`
	Round    RoundID    `json:"round,omitempty"`
	// Time is when it happened, by the device's clock.
	Time time.Time `json:"time"`
	// By is who acknowledged or resolved it; "system" where the cause has gone
	// by itself.
	By string `json:"by,omitempty"`
	// Note is what they said of it, or why it was resolved.
	Note string `json:"-"`
	// Customer is whose key seals Note, since it may name them; empty for an
	// alert that concerns none.
	Customer CustomerID `json:"customer,omitempty"`
}

// bareAlert is an alert with its note in plain.
type bareAlert struct {
	*plainAlert
	Note string `json:"note,omitempty"`
}

type plainAlert Alert

// MarshalJSON leaves out what is sealed.
func (a *Alert) MarshalJSON() ([]byte, error) {
	bare := bareAlert{plainAlert: (*plainAlert)(a)}
	if a.Customer == "" {
		bare.Note = a.Note
	}
	return json.Marshal(bare)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Alert) UnmarshalJSON(b []byte) error {
	bare := bareAlert{plainAlert: (*plainAlert)(a)}
	err := json.Unmarshal(b, &bare)
	a.Note = bare.Note
	return err
}

const alertBucket = "alerts"

func (a *Alert) key() string { return string(a.ID) }
func (a *Alert) personal() (KeyID, any) {
	if a.Customer == "" {
		return "", nil
	}
	return KeyID(a.Customer), &a.Note
}

// bySystem resolves what has gone by itself.
const bySystem = "system"

// alarming are the events that open an alert, each with the one that resolves
// it, empty for none. Of hazards that are mild there is none.
var alarming = map[string]string{
	"route.off":          "route.back",
	"route.wrong_way":    "",
	"route.stop_skipped": "",
	"stop.unplanned":     "",
	"drop.wrong_address": "",
	"drop.unverifiable":  "",
	"parcel.separated":   "parcel.reunited",
	"parcel.tamper":      "",
	"device.silent":      "device.back",
	"delivery.delayed":   "delivery.on_time_again",
	"delivery.damaged":   "",
	"delivery.failed":    "",
	"hazard.enter":       "",
	"hazard.ahead":       "hazard.enter",
}

// wishAlert is what an alert about a wish is called. Its event is a
// delivery.changed, of which most open none.
const wishAlert = "delivery.wish"

// AlertTypes are the types of alerts that people can ask to be told of, in order.
func AlertTypes() []string {
	types := append(slices.Collect(maps.Keys(alarming)), wishAlert)
	slices.Sort(types)
	return types
}

// AlertType is the type of the alert that an event opens, one of AlertTypes;
// empty where it opens none.
func (e *Event) AlertType() string {
	if w := wishOf(e); w != nil && w.State == WishOpen {
		return wishAlert
	}
	if e.alarms() {
		return e.Type
	}
	return ""
}

// alarms reports whether an event opens an alert by itself.
func (e *Event) alarms() bool {
	if _, alarms := alarming[e.Type]; !alarms {
		return false
	}
	var hazard struct{ Severity string }
	isHazard := strings.HasPrefix(e.Type, "hazard.") && json.Unmarshal(e.Detail, &hazard) == nil
	return !isHazard || !mild(hazard.Severity)
}

// resolving are the events that resolve alerts of a type.
var resolving = func() map[string]string {
	m := make(map[string]string)
	for opened, by := range alarming {
		if by != "" {
			m[by] = opened
		}
	}
	return m
}()

// Alert returns one alert.
func (f *Fleet) Alert(id AlertID) (Alert, bool) { return f.ledger.alerts.get(string(id)) }

// Alerts returns up to limit alerts in one of some states, of all if none are
// given, newest first, opened by events with sequence numbers below before; 0
// stands for the end.
func (f *Fleet) Alerts(states []AlertState, before uint64, limit int) []Alert {
	l := f.ledger
	l.alerts.mu.RLock()
	defer l.alerts.mu.RUnlock()
	var found []Alert
	for _, at := range slices.Backward(l.opened) {
		if len(found) == limit {
			break
		}
		if before != 0 && at.seq >= before {
			continue
		}
		if a := l.alerts.rows[at.key]; len(states) == 0 || slices.Contains(states, a.State) {
			found = append(found, *a)
		}
	}
	return found
}

// openedAt is the place of an alert among all.
type openedAt struct {
	seq uint64
	key string
}

// noteAlert keeps alerts in order of their events, and those that are not
// resolved by what they are about.
func (l *ledger) noteAlert(before, after *Alert) {
	if before == nil {
		i := len(l.opened)
		for i > 0 && l.opened[i-1].seq > after.Seq {
			i--
		}
		l.opened = slices.Insert(l.opened, i, openedAt{after.Seq, after.key()})
	}
	cause := causeOf(after.Type, after.Device, after.Subject)
	l.standing[cause] = slices.DeleteFunc(l.standing[cause], func(id AlertID) bool { return id == after.ID })
	if after.State != AlertResolved {
		l.standing[cause] = append(l.standing[cause], after.ID)
	}
	if len(l.standing[cause]) == 0 {
		delete(l.standing, cause)
	}
}

// cause is what an alert is about.
type cause struct {
	typ     string
	device  DeviceID
	subject string
}

func causeOf(typ string, device DeviceID, subject string) cause { return cause{typ, device, subject} }

// AcknowledgeAlert notes that somebody has taken an alert up. One that is not
// open is left as it is. Errors wrap ErrBadInput, ErrNotFound, ErrStale,
// ErrUnavailable or ctx's.
func (f *Fleet) AcknowledgeAlert(ctx context.Context, id AlertID, seen uint64, by, note string) (Alert, error) {
	return f.moveAlert(ctx, id, seen, AlertAcknowledged, by, note)
}

// ResolveAlert notes that an alert needs nothing more. Errors as of
// AcknowledgeAlert.
func (f *Fleet) ResolveAlert(ctx context.Context, id AlertID, seen uint64, by, note string) (Alert, error) {
	return f.moveAlert(ctx, id, seen, AlertResolved, by, note)
}

func (f *Fleet) moveAlert(ctx context.Context, id AlertID, seen uint64, to AlertState, by, note string) (Alert, error) {
	if err := checkLength("note", note, maxReason); err != nil {
		return Alert{}, err
	}
	return changeRow(ctx, f, f.ledger.alerts, string(id), seen, func(a *Alert, _ *ledgerEdit) (bool, error) {
		return a.move(to, by, note), nil
	})
}

// move reports whether a has changed: states only go forward.
func (a *Alert) move(to AlertState, by, note string) bool {
	if a.State == to || a.State == AlertResolved {
		return false
	}
	a.State, a.By = to, by
	if note != "" {
		a.Note = note
	}
	return true
}

// openAlert opens the alert of an event, or opens it again if it was retracted
// before. It does nothing where one stands already.
func (l *ledger) openAlert(b *ledgerEdit, e *Event, d *Delivery) error {
	if a, known := look(b, l.alerts, e.ID); known {
		if a.State != AlertResolved || a.By != bySystem {
			return nil
		}
		a.State, a.By, a.Note = AlertOpen, "", ""
		return put(b, l.alerts, &a)
	}
	a := &Alert{
		ID: AlertID(e.ID), State: AlertOpen, Type: e.Type, Subject: e.Subject, Seq: e.Seq,
		Device: e.Device, Time: e.Time.UTC(),
	}
	if d != nil {
		a.Delivery, a.Round, a.Customer = d.ID, d.Round, d.Customer
	} else if r := l.roundOfDevice(b, e.Device); r != nil {
		a.Round = r.ID
	}
	return put(b, l.alerts, a)
}

// settleAlerts resolves what an event puts an end to.
func (l *ledger) settleAlerts(b *ledgerEdit, e *Event) error {
	opened, ok := resolving[e.Type]
	if !ok {
		return nil
	}
	l.alerts.mu.RLock()
	standing := slices.Clone(l.standing[causeOf(opened, e.Device, e.Subject)])
	l.alerts.mu.RUnlock()
	for id := range b.opened {
		if a, ok := look(b, l.alerts, string(id)); ok && causeOf(a.Type, a.Device, a.Subject) == causeOf(opened, e.Device, e.Subject) {
			standing = append(standing, id)
		}
	}
	why := "ended by itself"
	if e.Type == string(geofence.HazardEnter) {
		why = "the vehicle is in it now"
	}
	for _, id := range standing {
		if err := l.resolve(b, id, why); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) resolve(b *ledgerEdit, id AlertID, why string) error {
	a, ok := look(b, l.alerts, string(id))
	if !ok || !a.move(AlertResolved, bySystem, why) {
		return nil
	}
	if err := put(b, l.alerts, &a); err != nil {
		return fmt.Errorf("alert %s: %w", id, err)
	}
	return nil
}
