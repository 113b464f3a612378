package geofence

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
)

// station is a place along a route at which a stop may lie.
type station struct {
	stop     int
	along    float64
	cost     float64 // of the best sequence that ends here
	previous int     // the station before it in that sequence, -1 for none
}

const (
	// stationReach is how much farther than its nearest pass another pass of
	// the route at a stop may be: a street's width and the error of a map.
	stationReach = 50.0
	// outOfOrder is how many metres of distance a stop is worth that lies where
	// the order of the stops does not allow it: more than the stations of a stop
	// differ in distance, so that a stop is given up only to keep others.
	outOfOrder = 500.0
	// maxStations is how many passes are looked at for one stop: the nearest.
	maxStations = 16
)

// stations are where along p each of the places lies, in metres and never
// before the one in front of it. Of the passes of a route at a stop it takes
// those that together are nearest. A stop that lies where its order does not
// allow it is put where the route is nearest between its neighbours.
func (p *path) stations(places []place) []float64 {
	var all []station
	for i, at := range places {
		all = append(all, p.candidates(i, at.spot)...)
	}
	byAlong := make([]int, len(all))
	for i := range byAlong {
		byAlong[i] = i
	}
	slices.SortStableFunc(byAlong, func(i, j int) int { return cmp.Compare(all[i].along, all[j].along) })
	rank := make([]int, len(all))
	for r, i := range byAlong {
		rank[i] = r
	}
	best := newLowest(len(all))
	last, least := -1, outOfOrder*float64(len(places))
	for from := 0; from < len(all); {
		to := from
		for ; to < len(all) && all[to].stop == all[from].stop; to++ {
			s := &all[to]
			// Costs hold a gain of outOfOrder for each stop that has its place.
			before := outOfOrder * float64(len(places))
			s.previous = -1
			if i := best.upTo(rank[to]); i >= 0 && all[i].cost < before {
				before, s.previous = all[i].cost, i
			}
			s.cost += before - outOfOrder
			if s.cost < least {
				last, least = to, s.cost
			}
		}
		for ; from < to; from++ {
			best.put(rank[from], from, all[from].cost)
		}
	}
	return p.place(places, all, last)
}

// candidates are the stations of a stop, in order.
func (p *path) candidates(stop int, s spot) []station {
	var all []station
	_, least := p.nearest(s, 0, p.length())
	p.passes(s, 0, p.length(), least+stationReach, stationReach/10, func(along, distance float64) {
		// Of passes that are alike, the first.
		all = append(all, station{stop: stop, along: along, cost: distance - least + along/p.length()*1e-3})
	})
	if len(all) > maxStations {
		slices.SortStableFunc(all, func(a, b station) int { return cmp.Compare(a.cost, b.cost) })
		all = all[:maxStations]
		slices.SortStableFunc(all, func(a, b station) int { return cmp.Compare(a.along, b.along) })
	}
	return all
}

// place follows the best sequence back from its last station and puts what is
// not in it between its neighbours.
func (p *path) place(places []place, all []station, last int) []float64 {
	along := make([]float64, len(places))
	next, upTo := len(places), p.length()
	between := func(from float64, first int) {
		for i := first; i < next; i++ {
			from, _ = p.nearest(places[i].spot, from, upTo)
			along[i] = from
		}
	}
	for ; last >= 0; last = all[last].previous {
		s := &all[last]
		along[s.stop] = s.along
		between(s.along, s.stop+1)
		next, upTo = s.stop, s.along
	}
	between(0, 0)
	return along
}

// lowest finds the one of least cost among the first of a list, as a tree of
// partial answers (P. Fenwick, "A new data structure for cumulative frequency
// tables", Software: Practice and Experience 24, 1994).
type lowest struct {
	cost []float64
	item []int
}

func newLowest(count int) *lowest {
	l := &lowest{make([]float64, count+1), make([]int, count+1)}
	for i := range l.cost {
		l.cost[i], l.item[i] = math.Inf(1), -1
	}
	return l
}

func (l *lowest) put(rank, item int, cost float64) {
	for i := rank + 1; i < len(l.cost); i += i & -i {
		if cost < l.cost[i] {
			l.cost[i], l.item[i] = cost, item
		}
	}
}

// upTo is the one of least cost whose rank is at most rank, -1 for none.
func (l *lowest) upTo(rank int) int {
	item, least := -1, math.Inf(1)
	for i := rank + 1; i > 0; i -= i & -i {
		if l.cost[i] < least {
			item, least = l.item[i], l.cost[i]
		}
	}
	return item
}

// key tells routes apart: by id and line.
func (r *Route) key() uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	var b []byte
	for _, v := range r.Line {
		b = binary.LittleEndian.AppendUint64(b[:0], math.Float64bits(v[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v[1]))
		h.Write(b)
	}
	return h.Sum64() | 1 // never 0, which stands for none
}

// stopsKey tells lists of stops apart: by their ids in order.
func stopsKey(stops []Stop) uint64 {
	h := fnv.New64a()
	for _, s := range stops {
		h.Write(append([]byte(s.ID), 0))
	}
	return h.Sum64()
}
