package tracker_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wayguard/geofence"
	"wayguard/tracker"
)

// simulated is a van that serves rounds while everybody watches its page.
type simulated struct {
	*running
	t      *testing.T
	random *rand.Rand
	stops  []tracker.Delivery // all that it ever served, or was to serve
	home   orb.Point
	at     orb.Point
	key    tracker.ReportKey
	// seen counts positions that were shown, moments those when somebody was next.
	seen, moments int
}

// near is a place up to so many metres off the middle of the town.
func (s *simulated) near(meters float64) orb.Point {
	return geo.PointAtBearingAndDistance(s.home, 360*s.random.Float64(), meters*s.random.Float64())
}

// order makes a delivery; now and then there are premises around it.
func (s *simulated) order(at orb.Point) tracker.Delivery {
	s.t.Helper()
	o := order()
	o.Order.Point = at
	if s.random.IntN(4) == 0 {
		o.Order.Premises = orb.MultiPolygon{{{{at[0], at[1]}, {at[0] + 0.001, at[1]}, {at[0], at[1] + 0.001}, {at[0], at[1]}}}}
	}
	made, _, err := s.CreateDeliveries(s.t.Context(), tracker.Once{}, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.stops = append(s.stops, made[0])
	return made[0]
}

// report tells where the van is, then looks at every page there is.
func (s *simulated) report() {
	s.t.Helper()
	time.Sleep(15 * time.Second)
	s.key++
	noisy := geo.PointAtBearingAndDistance(s.at, 360*s.random.Float64(), 6*s.random.Float64())
	fix := geofence.Fix{Time: geofence.MillisOf(time.Now()), Point: noisy, AccuracyMeters: 5, Known: geofence.KnownAccuracy}
	if err := s.Accept(s.t.Context(), tracker.Report{Device: "box", Received: time.Now(), Key: s.key, Fixes: []geofence.Fix{fix}}); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	s.look(noisy)
}

// look holds every page to the rule.
func (s *simulated) look(van orb.Point) {
	s.t.Helper()
	for i := range s.stops {
		d := &s.stops[i]
		a, ok := s.Approach(d.ID)
		if ok && a.StopsBefore == 0 {
			s.moments++
		}
		if a.Vehicle == nil {
			continue
		}
		s.seen++
		now, _ := s.Delivery(d.ID)
		if a.StopsBefore != 0 || now.State != departed && now.State != approaching {
			s.t.Errorf("the van is shown to somebody whose delivery is %s with %d before it", now.State, a.StopsBefore)
		}
		if geo.DistanceHaversine(*a.Vehicle, van) > 1 {
			s.t.Errorf("shown %g m from where the van said last that it is", geo.DistanceHaversine(*a.Vehicle, van))
		}
		for j := range s.stops {
			if away := geo.DistanceHaversine(s.stops[j].Point, *a.Vehicle); j != i && away < tracker.VeilMeters {
				s.t.Errorf("shown %.0f m from the stop of somebody else", away)
			}
		}
	}
}

func (s *simulated) drive(to orb.Point) {
	for geo.DistanceHaversine(s.at, to) > 150 {
		s.at = geo.PointAtBearingAndDistance(s.at, geo.Bearing(s.at, to), 150)
		s.report()
	}
	s.at = to
	s.report()
}

func (s *simulated) round(spread float64, stops int) {
	s.t.Helper()
	var ids []tracker.DeliveryID
	for range stops {
		ids = append(ids, s.order(s.near(spread)).ID)
	}
	r, err := s.CreateRound(s.t.Context(), tracker.NewRound{Vehicle: "van", Depot: "depot", Stops: ids})
	if err == nil {
		r, err = s.StartRound(s.t.Context(), r.ID, tracker.AnyVersion)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if s.random.IntN(2) == 0 { // the driver knows better
		i := s.random.IntN(stops - 1)
		ids[i], ids[i+1] = ids[i+1], ids[i]
	}
	for _, id := range ids {
		s.serve(r.ID, id)
	}
	if _, err := s.EndRound(s.t.Context(), r.ID, tracker.AnyVersion); err != nil {
		s.t.Fatal(err)
	}
}

// serve brings one delivery, or finds nobody at home, when dispatch takes it off
// the round while the van is still there.
func (s *simulated) serve(round tracker.RoundID, id tracker.DeliveryID) {
	s.t.Helper()
	d, _ := s.Delivery(id)
	s.drive(d.Point)
	for range 6 {
		s.report()
	}
	to := delivered
	if s.random.IntN(4) == 0 {
		to = tracker.DeliveryFailed
	}
	if _, err := s.MoveDelivery(s.t.Context(), id, tracker.AnyVersion, to, ""); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	s.look(s.at)
	if to == delivered {
		return
	}
	if _, err := s.ChangeRound(s.t.Context(), round, tracker.AnyVersion, func(n *tracker.NewRound) error {
		var rest []tracker.DeliveryID
		for _, stop := range n.Stops {
			if stop != id {
				rest = append(rest, stop)
			}
		}
		n.Stops = rest
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	s.report()
}

// TestVeil drives random rounds, sparse and dense, in order and out of it, with
// stops that are taken off, one round right behind the other, and looks at all
// pages after each position: none shows the van within 300 m of somebody else's
// stop. Sparse rounds show it at times, or there would be nothing to prove.
func TestVeil(t *testing.T) {
	for name, c := range map[string]struct {
		spread       float64
		seen, veiled bool // it must be shown, it must never be
	}{"village": {8000, true, false}, "town": {3000, false, false}, "street": {250, false, true}} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(noon))
				s := &simulated{running: startWith(t, newFile(t), geofence.Settings{}), t: t, random: rand.New(rand.NewPCG(seed, 0)), home: orb.Point{9, 50}}
				s.at = s.home
				s.device(t, "box")
				if _, err := s.Depots().Create(t.Context(), tracker.Depot{ID: "depot", Point: s.home}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Vehicles().Create(t.Context(), tracker.Vehicle{ID: "van", Devices: []tracker.DeviceID{"box"}}); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					s.round(c.spread, 5)
				}
				t.Logf("somebody was next in %d looks, %d of them showed the van", s.moments, s.seen)
				if s.moments == 0 || c.seen && s.seen == 0 || c.veiled && s.seen > 0 {
					t.Errorf("seen %d times in %d looks", s.seen, s.moments)
				}
			})
		})
	}
}
