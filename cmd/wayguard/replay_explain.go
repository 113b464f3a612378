package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"wayguard/geofence"
	"wayguard/tracker"
)

// explained is e with one more member, "explain": the settings that it was
// judged by. What was measured is in its detail.
func (r *replay) explained(e tracker.Event) (json.RawMessage, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	settings := make(map[string]float64)
	for _, f := range r.world.Settings().Behind(geofence.EventType(e.Type)) {
		settings[f.Name] = f.Value
	}
	explain, err := json.Marshal(map[string]any{"settings": settings})
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(line[:len(line)-1], `,"explain":%s}`, explain), nil
}

// explanation is what stands below e in a table: what was measured, and the
// settings.
func (r *replay) explanation(e tracker.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    known at %s", e.KnownAt.Format("2006-01-02T15:04:05.999999999Z07:00"))
	d := json.NewDecoder(strings.NewReader(string(e.Detail)))
	_, _ = d.Token() // detail is an object: the server wrote it
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break
		}
		fmt.Fprintf(&b, "  %v %s", name, value)
	}
	b.WriteByte('\n')
	if settings := r.world.Settings().Behind(geofence.EventType(e.Type)); len(settings) > 0 {
		b.WriteString("    settings")
		for _, f := range settings {
			fmt.Fprintf(&b, "  %s %g", f.Name, f.Value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
