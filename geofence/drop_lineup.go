package geofence

import (
	"cmp"
	"math"
)

// lineupReach is how far around the stay and the stop known addresses are
// looked up, in metres: an error that large, several times what a drop can be
// judged with, makes all places alike.
const lineupReach = 150

// lineup finds the places that compete for a drop meant for a stop of the
// round: its other stops and the known addresses near the stay or the stop.
// Places that cannot be told from the stop, such as its own address among the
// known ones or another parcel's stop in the same house, are that stop. Of the
// stop's own premises every spot is as good as its door, however large they are;
// other premises share their likelihood over all of them.
func (s *State) lineup(w *World, r *round, stop int, st stay) lineup {
	settings := &w.settings.Drops
	handover := cmp.Or(s.duty.device.HandoverMeters, settings.HandoverMeters)
	target := r.stops[stop]
	l := lineup{planned: suspect{
		id:       string(r.Stops[stop].ID),
		distance: target.distance(st.center),
		geocode:  cmp.Or(r.Stops[stop].GeocodeAccuracyMeters, settings.GeocodeAccuracyMeters),
		handover: handover,
	}}
	for i := range r.Stops {
		if i == stop {
			continue
		}
		l.add(st, target, r.stops[i], suspect{
			id:       string(r.Stops[i].ID),
			geocode:  cmp.Or(r.Stops[i].GeocodeAccuracyMeters, settings.GeocodeAccuracyMeters),
			handover: handover,
		}, r.Stops[i].Place)
	}
	around := w.addressesNear(st.center, lineupReach, nil)
	around = w.addressesNear(target.spot, lineupReach, around)
	for _, z := range around {
		l.add(st, target, place{shape: z.shape, spot: newSpot(corner(z.fence))}, suspect{
			id:       string(z.fence.ID),
			geocode:  settings.AddressAccuracyMeters,
			handover: handover,
		}, Place{Polygons: z.fence.Polygons})
	}
	return l
}

// corner is the point of an address, or one of the premises' corners.
func corner(f Fence) [2]float64 {
	if len(f.Polygons) == 0 {
		return f.Center
	}
	return f.Polygons[0][0][0]
}

// add puts o, which is at p, into the lineup unless it is where target is.
func (l *lineup) add(st stay, target, p place, o suspect, premises Place) {
	o.distance = p.distance(st.center)
	o.apart = min(target.distance(p.spot), p.distance(target.spot))
	if o.apart <= math.Hypot(l.planned.geocode, o.geocode) {
		return
	}
	o.area, o.outline = extent(premises.Polygons)
	l.others = append(l.others, o)
}
