package geofence

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// visit is one passage of a ring through a corner.
type visit struct {
	at, from, to orb.Point
	ring         int
}

// checkPinches looks at corners that rings pass more than once: there they may
// touch, but not change sides. The edges are known not to clash otherwise.
// Errors: ErrSelfCrossing, ErrHole.
func checkPinches(rings []ring) error {
	visits := visitsOf(rings)
	for from := 0; from < len(visits); {
		to := from + 1
		for to < len(visits) && visits[to].at == visits[from].at {
			to++
		}
		if a, b, found := crossingVisits(visits[from:to]); found {
			return pinchError(a, b)
		}
		from = to
	}
	return nil
}

// visitsOf lists all passages, those through one corner together.
func visitsOf(rings []ring) []visit {
	var visits []visit
	for n, r := range rings {
		edges := len(r.vertices) - 1
		for i, v := range r.vertices[:edges] {
			visits = append(visits, visit{at: v, from: r.vertices[(i+edges-1)%edges], to: r.vertices[i+1], ring: n})
		}
	}
	slices.SortStableFunc(visits, func(a, b visit) int {
		return cmp.Or(cmp.Compare(a.at[0], b.at[0]), cmp.Compare(a.at[1], b.at[1]))
	})
	return visits
}

// crossingVisits finds two of the visits of one corner that cross. Going round
// the corner, the two arms of visits that do not cross nest like brackets.
func crossingVisits(visits []visit) (a, b visit, found bool) {
	if len(visits) == 1 {
		return visit{}, visit{}, false
	}
	type arm struct {
		tip   orb.Point
		visit int
	}
	var arms []arm
	for i, v := range visits {
		arms = append(arms, arm{v.from, i}, arm{v.to, i})
	}
	slices.SortFunc(arms, func(a, b arm) int { return compareAngles(visits[0].at, a.tip, b.tip) })
	var open []int
	for _, m := range arms {
		if last := len(open) - 1; last >= 0 && open[last] == m.visit {
			open = open[:last]
		} else {
			open = append(open, m.visit)
		}
	}
	if len(open) == 0 {
		return visit{}, visit{}, false
	}
	return visits[open[0]], visits[open[1]], true
}

// compareAngles orders a and b counter-clockwise around at, from just above
// the direction to the left on.
func compareAngles(at, a, b orb.Point) int {
	return cmp.Or(falseFirst(before(at, a), before(at, b)), -turn(at, a, b))
}

func pinchError(a, b visit) error {
	if a.ring == b.ring {
		return fmt.Errorf("%s: %w: it crosses itself at its corner %s", ringName(a.ring), ErrSelfCrossing, lonLat(a.at))
	}
	return fmt.Errorf("%s: %w: it crosses the %s at the corner %s",
		ringName(max(a.ring, b.ring)), ErrHole, ringName(min(a.ring, b.ring)), lonLat(a.at))
}
