package main

import (
	"slices"
	"testing"
)

// A hazard that the way leads through is told of before it is reached, and one
// that is over before that is not.
func TestReplayHazardAhead(t *testing.T) {
	ford := `{"type":"Polygon","coordinates":[[` + corner(2000, 1000) + `,` + corner(2400, 1000) + `,` + corner(2400, 1200) + `,` + corner(2000, 1200) + `,` + corner(2000, 1000) + `]]}`
	d, handoffs := day(nil, nil, nil, nil)
	trace := roundHeader + d.recording("van", 5, 1, handoffs)
	drops := []string{"drop.confirmed S1", "drop.confirmed S2", "drop.confirmed S3"}
	for properties, want := range map[string][]string{
		`,"speed_share":0.5`:              {"hazard.ahead ford", "hazard.enter ford"},
		`,"until":"2027-01-15T08:05:00Z"`: {"hazard.enter ford"}, // the van comes at 08:12
	} {
		plan := roundPlan(planFeature("hazard", "ford", ford, properties))
		cmd := replayOf(t, plan, map[string]string{"van.csv": trace})
		cmd.Raw, cmd.Format = false, "ndjson"
		stdout, _ := runReplay(t, cmd)
		if got := told(t, stdout); !slices.Equal(got, append(slices.Clone(drops), want...)) {
			t.Errorf("%s: told %q, want %q and the drops", properties, got, want)
		}
	}
}

func corner(x, y float64) string {
	p := metre{x, y}.point()
	return p[len(`{"type":"Point","coordinates":`) : len(p)-1]
}
