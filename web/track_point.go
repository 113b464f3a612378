package web

import (
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// markNames are the names of what is particular about p, by what was found of it
// and by what speaks against it, in a fixed order; never nil.
func markNames(p tracker.TrackPoint) []string {
	names := []string{}
	for _, mark := range [...]struct {
		set  bool
		name string
	}{
		{p.Marks&tracker.MarkClock != 0, "clock"},
		{p.Marks&tracker.MarkLate != 0, "late"},
		{p.Marks&tracker.MarkUnevaluated != 0, "unevaluated"},
		{p.Marks&tracker.MarkImplausible != 0, "implausible"},
		{p.Fix.Flags&geofence.FlagMock != 0, "mock"},
		{p.Fix.Flags&geofence.FlagJamming != 0, "jamming"},
		{p.Fix.Flags&geofence.FlagWeak != 0, "weak"},
	} {
		if mark.set {
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
