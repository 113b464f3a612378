package geofence

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Peril is what more is known of a hazard than where it is.
type Peril struct {
	// SpeedShare is how fast vehicles are expected to get on in it, as a share of
	// how fast they do otherwise; 0 where it holds nobody up.
	SpeedShare float64
	// Until is when it ends; 0 if that is not known.
	Until Millis
	// Severity is what its events say of how bad it is, in the words of whoever
	// warns; empty for nothing.
	Severity string
}

func (p Peril) check() error {
	if s := p.SpeedShare; s != 0 && !(s >= leastShare && s <= 1) {
		return fmt.Errorf("%w: speed_share is %g, give %g to 1, or 0 for no delay", ErrSettings, s, leastShare)
	}
	return nil
}

// leastShare is walking pace where traffic usually flows.
const leastShare = 0.05

// danger is a part of a route that lies in a hazard, in metres along it.
type danger struct {
	zone     *zone
	from, to float64
}

// slowdown is a part of a route on which vehicles are held up; those of a route
// do not overlap.
type slowdown struct{ from, to, share float64 }

// threat is what hazards mean for one route.
type threat struct {
	dangers []danger // in order of where they begin, and of id
	slow    []slowdown
}

// threats are the hazards of a World and what they mean for its rounds.
type threats struct {
	zones []*zone // in order of id
	// rounds have a threat for each route; those that no hazard meets are left
	// out.
	rounds map[RoundID][]threat
}

// of is what hazards mean for a route of a round.
func (t *threats) of(r *round, route int) threat {
	if all := t.rounds[r.ID]; route >= 0 && route < len(all) {
		return all[route]
	}
	return threat{}
}

// edit is t after zones are removed and added, for all rounds.
func (t *threats) edit(removed, added []*zone, rounds map[RoundID]*round) threats {
	hazard := func(z *zone) bool { return z.hazard }
	if !slices.ContainsFunc(removed, hazard) && !slices.ContainsFunc(added, hazard) {
		return *t
	}
	gone := func(z *zone) bool { return slices.Contains(removed, z) }
	added = slices.DeleteFunc(slices.Clone(added), func(z *zone) bool { return !z.hazard })
	made := threats{
		zones:  append(slices.DeleteFunc(slices.Clone(t.zones), gone), added...),
		rounds: make(map[RoundID][]threat),
	}
	slices.SortFunc(made.zones, byID)
	for _, r := range rounds {
		made.put(r, func(i int) []danger {
			kept := slices.DeleteFunc(slices.Clone(t.of(r, i).dangers), func(d danger) bool { return gone(d.zone) })
			return append(kept, r.paths[i].dangers(added)...)
		})
	}
	return made
}

// with is t after some rounds are removed and others put.
func (t *threats) with(put []*round, remove []RoundID) threats {
	if len(t.zones) == 0 {
		return *t
	}
	made := threats{zones: t.zones, rounds: maps.Clone(t.rounds)}
	for _, id := range remove {
		delete(made.rounds, id)
	}
	for _, r := range put {
		delete(made.rounds, r.ID)
		made.put(r, func(i int) []danger { return r.paths[i].dangers(t.zones) })
	}
	return made
}

// put notes what hazards mean for a round, of whose routes the dangers are given.
func (t *threats) put(r *round, dangers func(route int) []danger) {
	all, any := make([]threat, len(r.paths)), false
	for i := range r.paths {
		all[i].dangers = dangers(i)
		slices.SortStableFunc(all[i].dangers, func(a, b danger) int {
			return cmp.Or(cmp.Compare(a.from, b.from), byID(a.zone, b.zone))
		})
		all[i].slow = slowdowns(all[i].dangers)
		any = any || len(all[i].dangers) > 0
	}
	if any {
		t.rounds[r.ID] = all
	}
}

const (
	// dangerStep is how far along a route the next place is looked at, at least:
	// a hazard that a route only grazes for less may be missed. dangerReach is the
	// most, since distances beyond are measured less well.
	dangerStep, dangerReach = 10.0, 5000.0
)

// dangers are the parts of p in some zones.
func (p *path) dangers(zones []*zone) (all []danger) {
	whole := p.sections[0].box
	for _, z := range zones {
		if whole.overlaps(z.box) {
			all = p.appendDangers(all, z)
		}
	}
	return all
}

// overlaps tells whether two boxes on the globe meet, whichever turn their
// longitudes are of.
func (b box) overlaps(c box) bool {
	for _, turn := range [...]float64{0, 360, -360} {
		shifted := c
		shifted.min[0] += turn
		shifted.max[0] += turn
		if b.intersects(&shifted) {
			return true
		}
	}
	return false
}

// appendDangers goes along p, each step as long as the boundary of z is away:
// before that nothing can change.
func (p *path) appendDangers(all []danger, z *zone) []danger {
	inside, from, edge := false, 0.0, 0
	length := p.length()
	for along := 0.0; ; {
		var at spot
		at, edge = p.spotAt(along, edge)
		depth := z.shape.distance(at, dangerReach)
		if now := depth >= 0; now != inside {
			if inside {
				all = append(all, danger{z, from, along})
			}
			inside, from = now, along
		}
		if along >= length {
			break
		}
		along = min(along+max(math.Abs(depth), dangerStep), length)
	}
	if inside {
		all = append(all, danger{z, from, length})
	}
	return all
}

// slowdowns are where vehicles are held up: of hazards that overlap, by the
// worst.
func slowdowns(dangers []danger) (slow []slowdown) {
	var ends []float64
	for _, d := range dangers {
		if d.zone.fence.Peril.SpeedShare > 0 {
			ends = append(ends, d.from, d.to)
		}
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	for i := 1; i < len(ends); i++ {
		from, to, share := ends[i-1], ends[i], 1.0
		for _, d := range dangers {
			if s := d.zone.fence.Peril.SpeedShare; s > 0 && d.from <= from && d.to >= to {
				share = min(share, s)
			}
		}
		if share < 1 {
			slow = append(slow, slowdown{from, to, share})
		}
	}
	return slow
}
