package web

import (
	"fmt"

	"wayguard/tracker"
)

// toldEvents are the events of a delivery that its customer hears of, by the keys
// of their texts. What was said of the place of a hand-off is for dispatch.
var toldEvents = map[string]string{
	"delivery.created":       "event.created",
	"delivery.departed":      "event.departed",
	"delivery.approaching":   "event.approaching",
	"delivery.arrived":       "event.arrived",
	"delivery.delayed":       "event.delayed",
	"delivery.on_time_again": "event.on_time",
	"delivery.delivered":     "event.delivered",
	"delivery.left":          "event.left",
	"delivery.partial":       "event.partial",
	"delivery.damaged":       "event.damaged",
	"delivery.refused":       "event.refused",
	"delivery.failed":        "event.failed",
	"delivery.returned":      "event.returned",
	"delivery.cancelled":     "event.cancelled",
}

const (
	// historyPage is how many events of a delivery are looked at, the newest ones.
	historyPage = 200
	// maxHistory is how many lines are shown.
	maxHistory = 12
)

// history tells what happened so far, the newest first. What the engine took back
// is left out.
func (t *teller) history() ([]customerMoment, error) {
	told, err := t.told()
	if err != nil {
		return nil, err
	}
	lines := []customerMoment{}
	last := ""
	for i := len(told) - 1; i >= 0 && len(lines) < maxHistory; i-- {
		e := &told[i]
		holds, err := t.holds(e)
		if err != nil {
			return nil, err
		}
		key := toldEvents[e.Type]
		if !holds || key == last {
			continue
		}
		last = key
		lines = append(lines, customerMoment{t.moment(t.local(e.Time), t.now), t.say(key)})
	}
	return lines, nil
}

// told are the events that the customer hears of, the oldest first.
func (t *teller) told() (told []tracker.Event, err error) {
	for after := t.fleet.FirstSeq() - 1; ; {
		found, next, err := t.fleet.Events(after, historyPage, tracker.EventFilter{Subject: string(t.d.ID)})
		if err != nil {
			return nil, fmt.Errorf("read the history of delivery %s: %w", t.d.ID, err)
		}
		for _, e := range found {
			if toldEvents[e.Type] != "" {
				told = append(told, e)
			}
		}
		told = told[max(0, len(told)-historyPage):]
		if next == after || len(found) < historyPage {
			return told, nil
		}
		after = next
	}
}

// holds reports whether an event was not taken back, and puts right when it
// happened.
func (t *teller) holds(e *tracker.Event) (bool, error) {
	if e.Device == "" {
		return true, nil // a person said so
	}
	found, _, err := t.fleet.Events(t.fleet.FirstSeq()-1, historyPage, tracker.EventFilter{Subject: e.ID})
	if err != nil {
		return false, fmt.Errorf("read the corrections of event %s: %w", e.ID, err)
	}
	if len(found) == 0 {
		return true, nil
	}
	last := &found[len(found)-1]
	if last.Type == "event.revised" && !last.Time.IsZero() {
		e.Time = last.Time
	}
	return last.Type != "event.retracted", nil
}
