package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// print writes the events in order of time, one a line, numbered from 1. To
// explain them it adds the numbers behind each.
func (r *replay) print(w io.Writer, format string, explain bool) error {
	sortEvents(r.events)
	for i := range r.events {
		r.events[i].event.Seq = uint64(i + 1)
	}
	b := bufio.NewWriter(w)
	write := r.printTable
	if format == "ndjson" {
		write = r.printNDJSON
	}
	if err := write(b, explain); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

func (r *replay) printNDJSON(w io.Writer, explain bool) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, f := range r.events {
		var line any = f.event
		if explain {
			var err error
			if line, err = r.explained(f.event); err != nil {
				return err
			}
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// columns of the table.
const tableColumns = 6

// printTable goes over the events twice, first for the columns' widths, so
// that no more than a line of it is ever held.
func (r *replay) printTable(w io.Writer, explain bool) error {
	header := [tableColumns]string{"TIME", "DEVICE", "TYPE", "SUBJECT", "LON", "LAT"}
	var widths [tableColumns]int
	widen(&widths, header)
	for _, f := range r.events {
		widen(&widths, f.cells())
	}
	if _, err := io.WriteString(w, tableLine(widths, header)); err != nil {
		return err
	}
	for _, f := range r.events {
		line := tableLine(widths, f.cells())
		if explain {
			line += r.explanation(f.event)
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}

// cells gives the place to 1e-6 degrees, a tenth of a metre.
func (f found) cells() [tableColumns]string {
	e := f.event
	cells := [tableColumns]string{e.Time.Format(time.RFC3339Nano), string(e.Device), e.Type, e.Subject}
	if e.Point != nil {
		cells[4] = strconv.FormatFloat(e.Point.Lon(), 'f', 6, 64)
		cells[5] = strconv.FormatFloat(e.Point.Lat(), 'f', 6, 64)
	}
	return cells
}

func widen(widths *[tableColumns]int, cells [tableColumns]string) {
	for i, text := range cells {
		widths[i] = max(widths[i], utf8.RuneCountInString(text))
	}
}

// tableLine aligns the two numbers to the right.
func tableLine(widths [tableColumns]int, cells [tableColumns]string) string {
	var b strings.Builder
	for i, text := range cells {
		gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
		if i >= tableColumns-2 {
			text = gap + text
		} else {
			text += gap
		}
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(text)
	}
	b.WriteByte('\n')
	return b.String()
}

// printNotes says what of the input had no part in the answer.
func printNotes(w io.Writer, p *plan, traces []*trace) {
	note := func(text string) {
		if text != "" {
			fmt.Fprintln(w, text)
		}
	}
	if len(p.fences)+len(p.hazards) == 0 && p.orders.none() {
		note(p.name + ": no fence, route or stop, hence only events of the devices themselves")
	}
	nameless := make(map[string]string)
	for _, t := range traces {
		note(t.emptyNote())
		if t.again > 0 {
			note(fmt.Sprintf("%s: left out because their device was already somewhere at that time: %s", t.name, count(t.again, "fix", "fixes")))
		}
		if t.late > 0 {
			note(fmt.Sprintf("%s: left out for coming more than a day late, or late with --raw: %s", t.name, count(t.late, "fix", "fixes")))
		}
		if t.clock > 0 {
			note(fmt.Sprintf("%s: left out for a time that is days ahead of all around it: %s", t.name, count(t.clock, "fix", "fixes")))
		}
		if t.handoffs > 0 {
			note(fmt.Sprintf("%s: not judged with --raw: %s", t.name, count(t.handoffs, "hand-off", "hand-offs")))
		}
		if other := nameless[t.device]; other != "" && t.unnamed > 0 {
			note(fmt.Sprintf("%s: taken as the same device %q as %s, by the file's name", t.name, t.device, other))
		}
		if t.unnamed > 0 {
			nameless[t.device] = t.name
		}
	}
}

// emptyNote tells of a trace without rows, or with points that have no time.
func (t *trace) emptyNote() string {
	g, ok := t.rows.(*gpxRows)
	switch {
	case ok && g.untimed == g.points && g.points > 0:
		return fmt.Sprintf("%s: no track point has a time (%d have none), hence nothing to replay", t.name, g.points)
	case ok && g.untimed > 0:
		return fmt.Sprintf("%s: %d of %d track points have no time, and were left out", t.name, g.untimed, g.points)
	case t.read == 0:
		return t.name + ": no positions, hence nothing to replay"
	}
	return ""
}
