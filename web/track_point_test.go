package web

import (
	"slices"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
)

func TestMarkNames(t *testing.T) {
	p := tracker.TrackPoint{}
	if got := markNames(p); got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
	p.Marks, p.Fix.Flags = tracker.MarkLate|tracker.MarkImplausible, geofence.FlagMock|geofence.FlagWeak
	if got := markNames(p); !slices.Equal(got, []string{"late", "implausible", "mock", "weak"}) {
		t.Errorf("%q", got)
	}
	p.Marks, p.Fix.Flags = 0xFF, 0xFF
	if got := markNames(p); len(got) != 7 {
		t.Errorf("%q", got)
	}
}
