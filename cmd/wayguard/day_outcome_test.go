package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// read notes what the server says, and that it says nothing twice.
func (o *dayOutcome) read(t *testing.T, p *process) {
	t.Helper()
	names := strings.NewReplacer(o.names()...)
	ids := make(map[string]bool)
	for _, e := range p.events(t) {
		if ids[e.ID] {
			t.Errorf("an event is told twice: %v", e)
		}
		ids[e.ID] = true
		at := e.Time.UTC().Format(time.RFC3339Nano)
		if o.byHand(e.Type) {
			at = "now"
		}
		o.lines = append(o.lines, names.Replace(fmt.Sprintf("%s %s of %s at %s", e.Type, e.Subject, e.Device, at)))
	}
	var list struct {
		Alerts []struct{ Type, Subject, State string }
	}
	p.call(t, http.MethodGet, "/api/v1/alerts", nil, http.StatusOK, &list)
	for _, a := range list.Alerts {
		o.lines = append(o.lines, names.Replace(fmt.Sprintf("alert %s %s %s", a.Type, a.Subject, a.State)))
	}
	for _, v := range o.vans {
		for _, id := range v.orders {
			var d struct {
				State   string
				Delayed bool
				Handoff struct{ Position string }
			}
			p.call(t, http.MethodGet, "/api/v1/deliveries/"+id, nil, http.StatusOK, &d)
			o.lines = append(o.lines, names.Replace(fmt.Sprintf("delivery %s %s %s delayed %v", id, d.State, d.Handoff.Position, d.Delayed)))
		}
	}
}

// byHand reports whether events of a type have the time at which somebody asked
// for something, which is another on each run.
func (o *dayOutcome) byHand(typ string) bool {
	return slices.Contains([]string{"delivery.created", "delivery.changed", "delivery.departed", "delivery.delivered"}, typ)
}

// names are ids, each with what stands for it.
func (o *dayOutcome) names() (pairs []string) {
	for _, v := range o.vans {
		pairs = append(pairs, v.round, fmt.Sprintf("round-%d", v.dayScript.round.van+1))
		for i, id := range v.orders {
			pairs = append(pairs, id, dayStop(v.dayScript, i))
		}
	}
	return pairs
}

func dayStop(s *dayScript, stop int) string { return fmt.Sprintf("stop-%d-%d", s.round.van+1, stop+1) }

// having are the lines that begin with a text.
func (o *dayOutcome) having(begin string) (found []string) {
	for _, line := range o.lines {
		if strings.HasPrefix(line, begin) {
			found = append(found, line)
		}
	}
	return found
}

// check compares what was said of one van's day with what must be.
func (o *dayOutcome) check(t *testing.T, s *dayScript) {
	t.Helper()
	once := func(begin string, want int) (line string) {
		t.Helper()
		found := o.having(begin)
		if len(found) != want {
			t.Errorf("%d times %q, want %d: %q", len(found), begin, want, found)
			return ""
		}
		return strings.Join(found, "")
	}
	for i := range s.round.stops {
		stop, blind := dayStop(s, i)+" ", s.round.errands[s.round.errand(i)].blind
		for _, typ := range []string{"delivery.created", "delivery.departed", "delivery.delivered"} {
			once(typ+" "+stop, 1)
		}
		switch {
		case blind:
			once("drop.wrong_address "+stop, 1)
			once("delivery "+stop+"delivered wrong_address", 1)
			once("alert drop.wrong_address "+stop+"open", 1)
		default:
			once("drop.confirmed "+stop, 1)
			once("delivery "+stop+"delivered confirmed delayed false", 1)
			checkArrival(t, once("delivery.arrived "+stop, 1), s.calls[i])
		}
	}
	off := 0
	if s.round.van == demoDetourVan {
		off = 1
	}
	round := fmt.Sprintf("round-%d ", s.round.van+1)
	once("route.off "+round, off)
	once("route.back "+round, off)
	once("alert route.off "+round, off)
	if got := o.having("alert "); s.round.van == demoDetourVan && len(got) != 2 {
		t.Errorf("alerts %q, want two", got)
	}
	for _, never := range []string{"event.", "fix.", "drop.unverifiable", "delivery.delayed", "route.wrong_way", "route.stop_skipped"} {
		once(never, 0)
	}
}

// checkArrival: it is told within a minute of when the van came.
func checkArrival(t *testing.T, line string, want time.Time) {
	t.Helper()
	if line == "" {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, line[strings.LastIndex(line, " ")+1:])
	if err != nil || at.Sub(want).Abs() > time.Minute {
		t.Errorf("%q: the van came at %v (%v)", line, want.UTC(), err)
	}
}
