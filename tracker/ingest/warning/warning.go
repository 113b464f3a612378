// Package warning reads warnings of the Common Alerting Protocol, versions 1.0 to
// 1.2 (OASIS), alone or within an Atom feed.
//
// Start at [Parse]. It is pure: no clock, no I/O.
//
// # What becomes a zone
//
// Each area of an actual alert or update that has a polygon or a circle, in the
// language that comes first; one that is said twice is one. An area of a circle without a radius is a point,
// and none that names only codes of a register can be drawn: neither makes a
// zone. Nor do exercises and tests, and what is past or all clear. A zone holds
// from its onset, else from when it takes effect, else from when it was sent,
// until it expires, a day later where nobody says when.
//
// An update and a cancellation take back those they refer to. One that refers to
// nothing, though it must, is taken for what else it says.
package warning

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// Message is one warning.
type Message struct {
	// Hazard is nil where there is nothing to warn of.
	Hazard *tracker.Hazard
	// Superseded are those that it takes back.
	Superseded []tracker.HazardID
	// Ignored says why it makes no zones; empty if it does.
	Ignored string
}

// ErrCAP is wrapped by every error about a text that is no warning, or one that
// contradicts the standard. The error says what is wrong, where, and how to mend
// it.
var ErrCAP = errors.New("bad CAP message")

// MaxBytes is the most that a text may have.
const MaxBytes = 8 << 20

// lasting is how long a warning holds that does not say when it expires, which
// leaves it to whoever receives it (CAP 1.2, section 3.2.2, expires).
const lasting = 24 * time.Hour

// Parse reads an alert, or a feed of them. Errors wrap ErrCAP.
func Parse(text []byte) ([]Message, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrCAP, MaxBytes)
	}
	var alerts []alert
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCAP, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "alert" && start.Name.Local != "entry" {
			continue
		}
		line, _ := d.InputPos()
		found, err := read(d, start)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrCAP, line, err)
		}
		alerts = append(alerts, found...)
	}
	if len(alerts) == 0 {
		return nil, fmt.Errorf("%w: there is no alert in it", ErrCAP)
	}
	messages := make([]Message, len(alerts))
	for i := range alerts {
		m, err := alerts[i].message()
		if err != nil && len(alerts) == 1 {
			return nil, fmt.Errorf("%w: %w", ErrCAP, err)
		}
		if err != nil {
			m = Message{Ignored: err.Error()} // the others of the feed still count
		}
		messages[i] = m
	}
	return messages, nil
}

// read reads an alert, or those of a feed's entry: within its content, or spread
// over the entry itself.
func read(d *xml.Decoder, start xml.StartElement) ([]alert, error) {
	if start.Name.Local == "alert" {
		var a alert
		if err := d.DecodeElement(&a, &start); err != nil {
			return nil, err
		}
		return []alert{a}, nil
	}
	var e entry
	if err := d.DecodeElement(&e, &start); err != nil {
		return nil, err
	}
	if len(e.Alerts) > 0 {
		return e.Alerts, nil
	}
	if e.Status == "" {
		return nil, nil // a feed of something else, or of links alone
	}
	return []alert{e.alert()}, nil
}

// alert is the element of that name. Names are taken whatever their namespace.
type alert struct {
	Identifier string `xml:"identifier"`
	Sender     string `xml:"sender"`
	Sent       string `xml:"sent"`
	Status     string `xml:"status"`
	Kind       string `xml:"msgType"`
	References string `xml:"references"`
	Infos      []info `xml:"info"`
}

type info struct {
	Language  string   `xml:"language"`
	Event     string   `xml:"event"`
	Response  []string `xml:"responseType"`
	Urgency   string   `xml:"urgency"`
	Severity  string   `xml:"severity"`
	Certainty string   `xml:"certainty"`
	Effective string   `xml:"effective"`
	Onset     string   `xml:"onset"`
	Expires   string   `xml:"expires"`
	Headline  string   `xml:"headline"`
	Areas     []area   `xml:"area"`
}

type area struct {
	Description string   `xml:"areaDesc"`
	Polygons    []string `xml:"polygon"`
	Circles     []string `xml:"circle"`
}

// entry is that of a feed which spreads an alert over it, as that of the US
// National Weather Service does.
type entry struct {
	ID      string  `xml:"id"`
	Updated string  `xml:"updated"`
	Title   string  `xml:"title"`
	Alerts  []alert `xml:"content>alert"`
	Status  string  `xml:"status"`
	Kind    string  `xml:"msgType"`
	info
	area
}

func (e *entry) alert() alert {
	e.Areas = []area{e.area}
	e.Headline = e.Title
	return alert{Identifier: e.ID, Sent: e.Updated, Status: e.Status, Kind: e.Kind, Infos: []info{e.info}}
}

// The values of status and msgType.
var (
	statuses = []string{"Actual", "Exercise", "System", "Test", "Draft"}
	kinds    = []string{"Alert", "Update", "Cancel", "Ack", "Error"}
)

func (a *alert) message() (m Message, err error) {
	a.Identifier, a.Sender = strings.TrimSpace(a.Identifier), strings.TrimSpace(a.Sender)
	a.Status, a.Kind = strings.TrimSpace(a.Status), strings.TrimSpace(a.Kind)
	sent, err := instant(a.Sent)
	switch {
	case a.Identifier == "":
		return m, errors.New("it has no identifier")
	case err != nil || sent.IsZero():
		return m, fmt.Errorf("sent must be a time such as 2026-03-01T08:00:00+01:00, not %.40q", a.Sent)
	case !slices.Contains(statuses, a.Status):
		return m, fmt.Errorf("status must be one of %s, not %.40q", strings.Join(statuses, ", "), a.Status)
	case !slices.Contains(kinds, a.Kind):
		return m, fmt.Errorf("msgType must be one of %s, not %.40q", strings.Join(kinds, ", "), a.Kind)
	case a.Status != "Actual":
		return Message{Ignored: "its status is " + a.Status}, nil
	case a.Kind == "Ack" || a.Kind == "Error":
		return Message{Ignored: "its msgType is " + a.Kind}, nil
	}
	if a.Kind != "Alert" {
		m.Superseded = references(a.References)
	}
	if a.Kind == "Cancel" {
		m.Ignored = "it takes others back"
		return m, nil
	}
	h := &tracker.Hazard{ID: tracker.NewHazardID(a.Sender, a.Identifier), Sender: a.Sender, Identifier: a.Identifier, Sent: sent}
	if h.Zones, err = a.zones(sent); err != nil {
		return Message{}, err
	}
	if len(h.Zones) == 0 {
		m.Ignored = "it names no polygon and no circle to be warned of"
		return m, nil
	}
	m.Hazard = h
	return m, nil
}

// references are "sender,identifier,sent", with white space between them.
func references(text string) (ids []tracker.HazardID) {
	for _, reference := range strings.Fields(text) {
		sender, rest, ok := strings.Cut(reference, ",")
		identifier, _, _ := strings.Cut(rest, ",")
		if ok && identifier != "" {
			ids = append(ids, tracker.NewHazardID(sender, identifier))
		}
	}
	return ids
}

// zones are those of the language that comes first.
func (a *alert) zones(sent time.Time) (zones []tracker.HazardZone, err error) {
	for i := range a.Infos {
		n := &a.Infos[i]
		if n.Language != a.Infos[0].Language || n.over() {
			continue
		}
		z, err := n.zone(sent)
		if err != nil {
			return nil, fmt.Errorf("info %d: %w", i+1, err)
		}
		for j := range n.Areas {
			of := z
			if err := n.Areas[j].draw(&of); err != nil {
				return nil, fmt.Errorf("info %d: area %d: %w", i+1, j+1, err)
			}
			if len(of.Polygons)+len(of.Circles) > 0 && !slices.ContainsFunc(zones, of.Repeats) {
				zones = append(zones, of)
			}
		}
	}
	return zones, nil
}

// over tells that there is nothing to be warned of any more.
func (n *info) over() bool {
	return strings.TrimSpace(n.Urgency) == "Past" || slices.ContainsFunc(n.Response, func(r string) bool { return strings.TrimSpace(r) == "AllClear" })
}

func (n *info) zone(sent time.Time) (z tracker.HazardZone, err error) {
	z = tracker.HazardZone{
		Event: line(n.Event), Headline: line(n.Headline), Severity: line(n.Severity), Urgency: line(n.Urgency), Certainty: line(n.Certainty),
		From: sent,
	}
	var begins, ends [2]time.Time
	for i, text := range []struct{ name, value string }{{"effective", n.Effective}, {"onset", n.Onset}, {"expires", n.Expires}} {
		t, err := instant(text.value)
		if err != nil {
			return z, fmt.Errorf("%s must be a time such as 2026-03-01T08:00:00+01:00, not %.40q", text.name, text.value)
		}
		if i < 2 {
			begins[i] = t
		} else {
			ends[0] = t
		}
	}
	for _, t := range begins {
		if !t.IsZero() {
			z.From = t
		}
	}
	if z.Until = ends[0]; z.Until.IsZero() {
		z.Until = z.From.Add(lasting)
	}
	return z, nil
}

// line is text without breaks, as short as a list can show it.
func line(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// instant is a dateTime of XML Schema with its zone; the zero time for nothing.
func instant(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err
}
