package geofence

import (
	"math"
	"slices"
)

// origin is from where and when a timetable counts. It is part of the State so
// that the same table can be made again.
type origin struct {
	set    bool
	time   Millis
	meters float64 // along the route
}

// timetable is how long driving along a route takes by the World's model: the
// seconds from the origin on, every pieceMeters. Where there is no model it is
// empty, and the pace the same everywhere.
type timetable struct {
	path   *path
	speeds *SpeedModel
	origin origin
	rides  []ride
	flat   float64 // seconds a metre beyond the table
	slow   []slowdown
}

// ride is how long a drive takes, and how much of that is on roads that the
// model has hardly seen.
type ride struct{ seconds, unknown float64 }

const (
	// A timetable holds for an hour, like the model's hours, and begins
	// somewhat behind the device so that stepping back makes no other.
	timetableLasts = 3600.0
	timetableBack  = 1000.0
	// maxPieces reach 500 km. Beyond, the pace of the last one goes on.
	maxPieces = 4000
)

// settle chooses where the timetable counts from.
func (f *forecast) settle(w *World, here whereabouts, now Millis) {
	at := &f.origin
	switch {
	case w.speeds == nil:
		*at = origin{}
	case here.on && (!at.set || secondsBetween(at.time, now) >= timetableLasts || here.meters < at.meters):
		*at = origin{true, now, max(0, here.meters-timetableBack)}
	}
}

// timetable is the one for a path, nil for none, made if it is not there.
func (f *forecast) timetable(w *World, p *path, at sighting) *timetable {
	t := &f.table
	t.flat = flatPace(w, at)
	if p == nil || w.speeds == nil || !f.origin.set {
		t.path = nil
		return t
	}
	if t.path == p && t.speeds == w.speeds && t.origin == f.origin {
		return t
	}
	t.path, t.speeds, t.origin = p, w.speeds, f.origin
	t.fill()
	return t
}

// flatPace is the seconds a metre where nothing is known of the streets.
func flatPace(w *World, at sighting) float64 {
	if w.speeds == nil {
		return 1 / w.settings.Forecasts.SpeedMPS
	}
	pace, _ := w.speeds.pace(everywhere, hourAt(at.time, at.lon))
	return pace
}

// fill drives through the route from the origin on. Stops are left out: they
// hardly change the hour at which a street is reached.
func (t *timetable) fill() {
	count := max(0, min(math.Ceil((t.path.length()-t.origin.meters)/pieceMeters), maxPieces))
	t.rides = append(slices.Grow(t.rides[:0], int(count)+1), ride{})
	var total ride
	before, edge := t.path.spotAt(t.origin.meters, 0)
	for i := 1.0; i <= count; i++ {
		var here spot
		here, edge = t.path.spotAt(t.origin.meters+i*pieceMeters, edge)
		east, north := offset(before, here)
		middle := newSpot(shifted(before, east/2, north/2))
		hour := hourAt(plus(t.origin.time, total.seconds), middle.lon)
		pace, unknown := t.speeds.pace(streetAt(middle, east, north), hour)
		total.seconds += pieceMeters * pace
		total.unknown += pieceMeters * pace * unknown
		t.rides = append(t.rides, total)
		before = here
	}
}

// spotAt is the place so many metres along the path, which lies on the edge
// that is returned with it, or on one before; none before the edge named edge.
func (p *path) spotAt(along float64, edge int) (spot, int) {
	for edge < len(p.along)-2 && p.along[edge+1] < along {
		edge++
	}
	a, b := p.vertices[edge], p.vertices[edge+1]
	share := (along - p.along[edge]) / (p.along[edge+1] - p.along[edge])
	share = max(0, min(share, 1))
	at := newSpot(a)
	at.lon, at.lat = a[0]+share*(b[0]-a[0]), a[1]+share*(b[1]-a[1])
	at.lon = math.Remainder(at.lon, 360)
	return newSpot(at.point()), edge
}

// between is how long driving between two places along the route takes,
// hazards included.
func (t *timetable) between(from, to float64) ride {
	total, low, high := t.freely(from, to), min(from, to), max(from, to)
	for _, s := range t.slow {
		if a, b := max(low, s.from), min(high, s.to); a < b {
			part, more := t.freely(a, b), 1/s.share-1
			total.seconds += more * part.seconds
			total.unknown += more * part.unknown
		}
	}
	return total
}

// freely is between without hazards.
func (t *timetable) freely(from, to float64) ride {
	a, b := t.at(from), t.at(to)
	return ride{math.Abs(b.seconds - a.seconds), math.Abs(b.unknown - a.unknown)}
}

// off is how long driving so far away from the route takes.
func (t *timetable) off(meters float64) ride { return ride{meters * t.flat, meters * t.flat} }

// at is how long driving from the origin to so many metres along the route
// takes, negative where that is behind it.
func (t *timetable) at(along float64) ride {
	along -= t.origin.meters
	last := len(t.rides) - 1
	if t.path == nil || along <= 0 || last < 1 {
		return t.off(along)
	}
	place := along / pieceMeters
	i := int(min(place, float64(last-1)))
	a, b, share := t.rides[i], t.rides[i+1], place-float64(i)
	return ride{a.seconds + share*(b.seconds-a.seconds), a.unknown + share*(b.unknown-a.unknown)}
}

// known is the share of the table that the model has seen.
func (t *timetable) known() float64 {
	if last := len(t.rides) - 1; t.path != nil && last > 0 {
		return 1 - t.rides[last].unknown/t.rides[last].seconds
	}
	return 0
}
