package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"wayguard/tracker"
)

// demoReport is what happened on the day.
type demoReport struct {
	// Positions are those that were acknowledged, which are on disk.
	Positions uint64 `json:"positions"`
	// Events are counted by type, messages by channel.
	Events   map[string]int `json:"events"`
	Alerts   []demoAlert    `json:"alerts"`
	Messages map[string]int `json:"messages"`
}

// demoAlert is an alert, whatever became of it.
type demoAlert struct {
	Type    string `json:"type"`
	Subject string `json:"subject"`
	// Delivery is the one concerned, empty for none.
	Delivery tracker.DeliveryID `json:"delivery"`
	Time     time.Time          `json:"time"`
}

// report prints what happened.
func (c *demoCmd) report(out io.Writer, d *demo, counts simCounts, took time.Duration) error {
	r, err := d.happened(counts)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = json.NewEncoder(out).Encode(r)
	} else {
		err = r.print(out, counts, took)
	}
	if err == nil && counts.Acknowledged == 0 {
		err = errors.New("no position was acknowledged")
	}
	return err
}

func (d *demo) happened(counts simCounts) (r demoReport, err error) {
	d.settle()
	r = demoReport{Positions: counts.Acknowledged, Alerts: []demoAlert{}, Messages: make(map[string]int)}
	for channel, sent := range d.server.notifier.Counts() {
		r.Messages[string(channel)] = sent
	}
	if r.Events, err = d.eventTypes(); err != nil {
		return r, err
	}
	for _, a := range d.server.fleet.Alerts(nil, 0, demoMostAlerts) {
		r.Alerts = append(r.Alerts, demoAlert{a.Type, a.Subject, a.Delivery, a.Time})
	}
	slices.Reverse(r.Alerts)
	return r, nil
}

const demoMostAlerts = 10_000

// settle waits until nothing follows any more from what was reported, at most a
// few seconds.
func (d *demo) settle() {
	const look = 100 * time.Millisecond
	for last, same := uint64(0), 0; same < 5; same++ {
		if seq := d.server.fleet.LastSeq(); seq != last {
			last, same = seq, 0
		}
		time.Sleep(look)
	}
}

// print is for people.
func (r *demoReport) print(out io.Writer, counts simCounts, took time.Duration) error {
	var text []byte
	text = fmt.Appendf(text, "In %s:\n  %6d positions sent\n  %6d acknowledged, which are on disk\n", took.Round(time.Second), counts.Sent, r.Positions)
	for _, typ := range slices.Sorted(maps.Keys(r.Events)) {
		text = fmt.Appendf(text, "  %6d %s\n", r.Events[typ], typ)
	}
	if len(r.Alerts) > 0 {
		text = fmt.Appendf(text, "Alerts:\n")
	}
	for _, a := range r.Alerts {
		text = fmt.Appendf(text, "  %s %s %s\n", a.Time.Local().Format("15:04"), a.Type, a.Subject)
	}
	for _, channel := range slices.Sorted(maps.Keys(r.Messages)) {
		text = fmt.Appendf(text, "  %6d messages by %s\n", r.Messages[channel], channel)
	}
	_, err := out.Write(text)
	return err
}

// eventTypes counts the event log.
func (d *demo) eventTypes() (map[string]int, error) {
	const page = 1000
	byType := make(map[string]int)
	for after := uint64(0); ; {
		events, next, err := d.server.fleet.Events(after, page, tracker.EventFilter{})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			byType[e.Type]++
		}
		if next == after {
			return byType, nil
		}
		after = next
	}
}
