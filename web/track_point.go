package web

import (
	"time"

	"wayguard/tracker"
)

// markNames are the names of m, in a fixed order; never nil.
func markNames(m tracker.Marks) []string {
	names := []string{}
	for _, mark := range [...]struct {
		mark tracker.Marks
		name string
	}{
		{tracker.MarkClock, "clock"},
		{tracker.MarkLate, "late"},
		{tracker.MarkUnevaluated, "unevaluated"},
		{tracker.MarkImplausible, "implausible"},
	} {
		if m&mark.mark != 0 {
			names = append(names, mark.name)
		}
	}
	return names
}

// trackTime is RFC 3339 in UTC, with milliseconds where there are any.
func trackTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/int(time.Millisecond) == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}
