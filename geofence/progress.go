package geofence

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The facts about routes. The subject is the route, of a skipped stop the stop.
//
// An excursion makes one RouteOff and, once the device is on a route again, one
// RouteBack of the same episode; their subjects are the route that the device
// was last on, or is nearest to, and the one that it is back on.
const (
	RouteOff    EventType = "route.off"
	RouteBack   EventType = "route.back"
	WrongWay    EventType = "route.wrong_way"
	StopSkipped EventType = "route.stop_skipped"
)

// RouteSettings say what it is to be on a route; zero values stand for the
// defaults.
//
// A fix is beyond a route where its distance from the whole of the line, less
// half of its accuracy, is more than the corridor, and clearly so where it is
// after all of it is taken off; twice as much is taken off where the accuracy is
// worse than the corridor is wide, since chance alone leads as far then. An
// excursion begins at the first of two or more fixes beyond, with none within
// the corridor between them. Where two are clear it takes them OffAfter to
// count, else twice as long; where a Round has several routes, they must be
// beyond all of them.
type RouteSettings struct {
	// CorridorMeters is how far to either side of a route is still on it.
	// Default 50: a wide road with its lanes (20 m from the middle), fixes that
	// claim to be better than they are (10 m more), and a map that is off by 6 m
	// on average and now and then 20 (M. Haklay, "How good is volunteered
	// geographical information?", Environment and Planning B 37, 2010) add up to
	// that; blocks of houses are wider, so that the next street is beyond it.
	CorridorMeters float64
	// OffAfter is how long fixes must be beyond. Default 5 s: reflections throw
	// single fixes, or a few, to the side.
	OffAfter time.Duration
	// BackShare is the share of the corridor within which a device is back on
	// its route. Default 0.6: the rest is more than the usual error of a fix.
	// A fix that is less accurate than that is back within its accuracy.
	BackShare float64
	// BackAfter is how long it must stay within and go along the route, so that
	// crossing it is not yet being back. Default 10 s. Standing there for six
	// times as long will do as well.
	BackAfter time.Duration
	// WrongWayMeters is how far a device must go back along its route, and at
	// least three times the accuracy. Default 100: turning for a house just
	// missed, or backing out of a dead end, is shorter.
	WrongWayMeters float64
	// EndMeters is how far around the depots and the route's ends nothing is
	// said of leaving it; around the ends at most a tenth of its length. Default
	// 200: yards, ramps and parking are not part of a route.
	EndMeters float64
	// StopCorridors is how many times the corridor around the stop that comes
	// next, and around the last one, nothing is said of leaving the route. It is
	// measured from as far behind the stop as that lies off the line, since the
	// way there may be any within the circle. Default 2: a place to park.
	StopCorridors float64
	// JoinMeters is how far a device that has not yet been on a route may drive
	// without coming nearer to it. Default 1000: the way out of a town's
	// quarter.
	JoinMeters float64
	// MajorMeters and SevereMeters are the distances from which on an excursion
	// is major and severe; less is minor. Default 200, another street, and
	// 1000, another part of town.
	MajorMeters, SevereMeters float64
}

func (s *RouteSettings) settings() []setting {
	return []setting{
		amount("corridor_m", &s.CorridorMeters, 50, maxSetting),
		duration("route_off_after_s", &s.OffAfter, 5*time.Second, year),
		amount("route_back_share", &s.BackShare, 0.6, 1),
		duration("route_back_after_s", &s.BackAfter, 10*time.Second, year),
		amount("wrong_way_m", &s.WrongWayMeters, 100, maxSetting),
		amount("route_end_m", &s.EndMeters, 200, maxSetting),
		amount("route_stop_corridors", &s.StopCorridors, 2, maxSetting),
		amount("route_join_m", &s.JoinMeters, 1000, 10*maxSetting),
		amount("route_major_m", &s.MajorMeters, 200, 10*maxSetting),
		amount("route_severe_m", &s.SevereMeters, 1000, 10*maxSetting),
	}
}

// corridor is that of one of r's routes.
func (s *RouteSettings) corridor(r *round, route int) float64 {
	return cmp.Or(r.Routes[route].CorridorMeters, s.CorridorMeters)
}

// phase is how a device stands to its round's routes.
type phase uint8

const (
	approaching phase = iota // it has not been on one
	following
	astray   // RouteOff was told
	finished // it has come to the end of one
)

// progress is what is remembered of how far along its route a device is.
type progress struct {
	round    RoundID
	order    uint64 // key of the round's stops
	reached  int    // the first stops of which it is known whether they are skipped; -1: all that are arrived at
	phase    phase
	trail    footing
	out      excursion
	in       joining
	reverse  reversal
	approach approach
}

// footing is where along a route a device is, or was when it was last on it.
type footing struct {
	key     uint64 // of the route; 0 for none, and all else is zero then
	route   int    // its place in the round
	present bool   // the newest fix is on it
	along   float64
	// here is where the last fix on the route was; along is the farthest that
	// the device got, as long as it has not gone back for good.
	here float64
	met  mark // the last fix on the route
	// pace is how fast it has been getting ahead in the last minute or so, in
	// metres per second.
	pace float64
	// sure is how far it has got ahead, in metres up to trust, since it was last
	// guessed which branch of the route it is on.
	sure float64
	edge int32 // that here is on: not part of the State, only found before
}

// at is the route, by its place in the round, that the device is on or was on
// last, how many metres along it, and whether it is on it now. ok is false
// where it has never been on one. The place is right after State.follow.
func (p *progress) at() (route int, along float64, on, ok bool) {
	t := &p.trail
	return t.route, t.along, t.present && p.phase != astray, t.key != 0
}

// adopt makes r the round that p goes by. A route with another line begins
// anew: it has to be joined before leaving it means anything. An excursion goes
// on until the device is on one of the routes that there are now.
func (p *progress) adopt(r *round) {
	if r == nil {
		return
	}
	if p.round != r.ID {
		*p = progress{round: r.ID, order: r.order}
	}
	if p.order != r.order {
		p.order, p.reached = r.order, -1
	}
	if !slices.Contains(r.keys, p.in.key) {
		p.in = joining{}
	}
	t := &p.trail
	if t.key == 0 || t.route < len(r.keys) && r.keys[t.route] == t.key {
		return
	}
	if t.route = slices.Index(r.keys, t.key); t.route >= 0 {
		return
	}
	*t, p.reverse = footing{}, reversal{}
	if p.phase != astray {
		p.phase, p.out = approaching, excursion{}
	}
}

// travel brings the progress up to date.
func (s *State) travel(w *World, g sighting, fix *Fix, events []Event) []Event {
	p, r := &s.progress, s.duty.round
	events = s.skipStops(g, events)
	if len(r.paths) == 0 {
		return events
	}
	if p.phase == following || p.phase == finished {
		x, distance, edge := p.trail.next(r.paths[p.trail.route], g, fix)
		corridor := w.settings.Routes.corridor(r, p.trail.route)
		p.trail.present = distance <= corridor+g.doubt(corridor) && !g.vague(corridor) &&
			(p.phase == following || !p.short(w, r, x))
		if p.trail.present {
			if distance <= corridor {
				p.out = excursion{}
			}
			p.in = joining{}
			return s.proceed(w, g, x, edge, events)
		}
	}
	near := p.nearest(w, r, g)
	if p.settle(w, r, g, near) {
		return s.joinRoute(w, g, fix, near, events)
	}
	switch p.phase {
	case following:
		return s.strayed(w, g, near, events)
	case astray:
		p.out.worst = max(p.out.worst, near.distance)
	case approaching:
		return s.approachRoute(w, g, near, events)
	}
	return events
}

// vague tells whether a fix is too inaccurate to say where along a route it is.
func (g *sighting) vague(corridor float64) bool { return g.uncertainty > 2*corridor }

// doubt is how far beyond a corridor g must be, in metres, to be beyond it, and
// half of what makes that clear.
func (g *sighting) doubt(corridor float64) float64 {
	if g.uncertainty > corridor {
		return g.uncertainty
	}
	return g.uncertainty / 2
}

// short tells whether x, on the route followed, is not yet at its end.
func (p *progress) short(w *World, r *round, x float64) bool {
	path := r.paths[p.trail.route]
	return x < path.length()-w.settings.Routes.end(path)
}

// end is how long the first and last stretches of a path are.
func (s *RouteSettings) end(p *path) float64 { return min(s.EndMeters, p.length()/10) }

// skipStops tells of stops that were passed over for a later one.
func (s *State) skipStops(g sighting, events []Event) []Event {
	p, r := &s.progress, s.duty.round
	calls := s.tour.calls[:min(len(s.tour.calls), len(r.Stops))]
	n := len(calls)
	for n > p.reached && n > 0 && calls[n-1].arrived == 0 {
		n--
	}
	if n <= p.reached {
		return events
	}
	if p.reached < 0 {
		p.reached = n
	}
	for i := p.reached; i < n; i++ {
		if calls[i].arrived != 0 {
			continue
		}
		e := Event{Type: StopSkipped, Time: calls[n-1].arrived, Subject: string(r.Stops[i].ID), Episode: s.newEpisode(), Point: g.point()}
		e.Facts.add("sequence", float64(i+1))
		e.Facts.add("served_sequence", float64(n))
		e.Facts.say("served", string(r.Stops[n-1].ID))
		events = append(events, e)
	}
	p.reached = n
	return events
}

func (p *progress) clone() progress { return *p }

func (p *progress) renumber(f func(uint64) uint64) {
	if p.out.episode != 0 {
		p.out.episode = f(p.out.episode)
	}
	if p.reverse.episode != 0 {
		p.reverse.episode = f(p.reverse.episode)
	}
}

// metres is how far g is from m, on the plane at g.
func (m *mark) metres(g sighting) float64 {
	lon := m.point[0] - g.lon
	if math.Abs(lon) > 180 {
		lon = math.Remainder(lon, 360)
	}
	return math.Hypot(lon*metersPerDegree*g.cos, (m.point[1]-g.lat)*metersPerDegree)
}

// since is how long before g m was, in seconds.
func (m *mark) since(g sighting) float64 { return (g.time - m.time).duration().Seconds() }
