package geofence

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Traversal is a drive from one place to another near it, without the time
// spent at stops.
type Traversal struct {
	From, To orb.Point
	// Start is when it began.
	Start Millis
	// Meters is how far was driven; 0 for the straight line.
	Meters float64
	// Took is how long was driven.
	Took time.Duration
}

// SpeedModel is what is known of how fast streets are at which hour. It never
// changes; Learn makes another. The nil model knows nothing.
//
// A street is known by the cell of a grid of about 250 m that a piece of it
// lies in and by its direction to the nearest eighth of a turn, so that all
// routes over it share what is known. The hour is that of the local mean solar
// time, since there are no time zones here: it runs with the clock but for a
// constant, and an hour in summer. Monday to Friday are kept from the weekend.
//
// Of each street, of each street at each hour, of each hour and of all
// together there are the number of traversals, the mean of the logarithm of
// the pace (seconds a metre) and its variance. The pace is taken to be
// log-normal; mean and variance are drawn to those of the next larger group by
// as many traversals as stand below, as with a normal-inverse-gamma prior: with
// n of them behind a mean y and a prior mean m worth k, the estimate is
// (k*m + n*y)/(k + n). So a street nobody has driven has the pace of all, and
// one that was driven only at noon has its own pace, changed at eight o'clock
// as the others change.
type SpeedModel struct {
	cells []paceCell // in order of key
	all   float64    // mean log pace of everything
	hours [48]float64
}

// paceCell is what is known of one street, hour or both.
type paceCell struct {
	key paceKey
	// count is how many traversals of a whole stretch there were, mean and
	// squares the mean of their log paces and the sum of the squares around it.
	count, mean, squares float32
}

const (
	// stretchMeters is the side of the cells, and how far is driven for one
	// traversal: long enough to hold one junction, so that the paces of
	// neighbouring ones are not those of waiting and of going.
	stretchMeters = 250.0
	// pieceMeters is how finely routes and traversals are cut to find cells.
	pieceMeters = stretchMeters / 2
	// maxTraversalMeters is the longest: a straight line is no longer the
	// street driven.
	maxTraversalMeters = 1000.0
	// The paces that are learned from are those of 0.05 to 60 m/s.
	slowestPace, fastestPace = 20.0, 1.0 / 60

	// logPaceVariance is that of the log pace of one stretch from one time to
	// the next: red lights and queues let it vary by a factor of about 1.7.
	logPaceVariance = 0.3
	// How many traversals the prior is worth: the variance of one over that
	// between fleets and cities (a factor of 1.5), between streets (also 1.5) and
	// between hours (1.3). Those of one fleet come in trips of some twenty that
	// share their traffic, so that it takes more to know all than to know a
	// street.
	priorOfAll, priorOfStreet, priorOfHour, priorOfSpread = 40, 2, 4, 8
	// Older traversals fade once there are so many of a street, or of all.
	mostOfStreet, mostOfAll = 64, 20_000

	// maxPaceCells bounds a model, to about 24 MB; those that rest on the
	// fewest traversals are forgotten first.
	maxPaceCells = 1 << 20
)

// Learn is what is known after more traversals, in their order. Those that are
// none are passed over: on one point, longer than a kilometre, without a time,
// or slower or faster than anything drives.
func (m *SpeedModel) Learn(traversals []Traversal) *SpeedModel {
	var seen []paceSighting
	for _, t := range traversals {
		seen = t.sightings(seen)
	}
	slices.SortStableFunc(seen, func(a, b paceSighting) int { return cmp.Compare(a.key, b.key) })
	made := &SpeedModel{}
	var old []paceCell
	if m != nil {
		old = m.cells
	}
	for len(old) > 0 || len(seen) > 0 {
		var c paceCell
		if len(seen) == 0 || len(old) > 0 && old[0].key <= seen[0].key {
			c, old = old[0], old[1:]
		} else {
			c.key = seen[0].key
		}
		for ; len(seen) > 0 && seen[0].key == c.key; seen = seen[1:] {
			c.add(seen[0])
		}
		made.cells = append(made.cells, c)
	}
	made.cells = boundedCells(made.cells, maxPaceCells)
	made.summarise()
	return made
}

// paceSighting is one piece of a traversal, as one cell sees it.
type paceSighting struct {
	key             paceKey
	weight, logPace float64
}

// sightings cuts t into pieces and appends what each says to seen.
func (t Traversal) sightings(seen []paceSighting) []paceSighting {
	if !onGlobe(t.From) || !onGlobe(t.To) {
		return seen
	}
	from, to := newSpot(t.From), newSpot(t.To)
	straight := haversine(from, to)
	meters := max(straight, t.Meters)
	pace := t.Took.Seconds() / meters
	if !(straight > 0 && meters <= maxTraversalMeters && pace >= fastestPace && pace <= slowestPace) {
		return seen
	}
	east, north := offset(from, to)
	pieces := math.Ceil(straight / pieceMeters)
	weight, logPace := meters/pieces/stretchMeters, math.Log(pace)
	for i := 0.5; i < pieces; i++ {
		middle := shifted(from, east*i/pieces, north*i/pieces)
		street, hour := streetAt(newSpot(middle), east, north), hourAt(t.Start, middle[0])
		for _, key := range [4]paceKey{everywhere.always(), everywhere.at(hour), street.always(), street.at(hour)} {
			seen = append(seen, paceSighting{key, weight, logPace})
		}
	}
	return seen
}

// add takes one more sighting in, by the recurrence of B. P. Welford, "Note on
// a method for calculating corrected sums of squares and products",
// Technometrics 4(3), 1962.
func (c *paceCell) add(s paceSighting) {
	most := float32(mostOfStreet)
	if c.key.street() == everywhere {
		most = mostOfAll
	}
	if c.count > most {
		c.squares *= most / c.count
		c.count = most
	}
	weight := float32(s.weight)
	c.count += weight
	off := float32(s.logPace) - c.mean
	c.mean += off * weight / c.count
	c.squares += max(0, weight*off*(float32(s.logPace)-c.mean))
}

// boundedCells is cells with at most so many left, those of the most
// traversals, and of equal ones the first.
func boundedCells(cells []paceCell, most int) []paceCell {
	if len(cells) <= most {
		return cells
	}
	counts := make([]float32, len(cells))
	for i, c := range cells {
		counts[i] = c.count
	}
	slices.Sort(counts)
	cut := counts[len(counts)-most]
	above, _ := slices.BinarySearch(counts, math.Nextafter32(cut, math.MaxFloat32))
	ties := most - (len(counts) - above)
	return slices.DeleteFunc(cells, func(c paceCell) bool {
		if c.count == cut && ties > 0 {
			ties--
			return false
		}
		return c.count <= cut
	})
}

// summarise works out what every street is compared with.
func (m *SpeedModel) summarise() {
	m.all = drawn(math.Log(1/standardSpeed)-logPaceVariance/2, priorOfAll, m.cell(everywhere.always()))
	for hour := range m.hours {
		m.hours[hour] = drawn(m.all, priorOfAll, m.cell(everywhere.at(hour))) - m.all
	}
}

// drawn is the mean of c drawn to a prior mean that is worth so many.
func drawn(prior, worth float64, c paceCell) float64 {
	return (worth*prior + float64(c.count)*float64(c.mean)) / (worth + float64(c.count))
}

// pace is the mean pace in seconds a metre of a street at an hour, and which
// share of that is what is known of other streets.
func (m *SpeedModel) pace(s street, hour int) (pace, unknown float64) {
	always, now := m.cell(s.always()), m.cell(s.at(hour))
	mean := drawn(m.all, priorOfStreet, always) + m.hours[hour]
	mean = drawn(mean, priorOfHour, now)
	variance := (priorOfSpread*logPaceVariance + float64(now.squares)) / (priorOfSpread + float64(now.count))
	// The mean of a log-normal quantity.
	return math.Exp(mean + variance/2), priorOfStreet / (priorOfStreet + float64(always.count))
}

// cell is what is known under a key, nothing if there is none.
func (m *SpeedModel) cell(key paceKey) paceCell {
	i, found := slices.BinarySearchFunc(m.cells, key, func(c paceCell, k paceKey) int { return cmp.Compare(c.key, k) })
	if !found {
		return paceCell{}
	}
	return m.cells[i]
}

// Len is how many streets, hours and both the model knows something of.
func (m *SpeedModel) Len() int {
	if m == nil {
		return 0
	}
	return len(m.cells)
}

// WithSpeeds is the World with another model of how fast streets are, nil for
// none. Everything else is shared.
func (w *World) WithSpeeds(version uint64, m *SpeedModel) *World {
	made := *w
	made.version, made.speeds = version, m
	return &made
}
