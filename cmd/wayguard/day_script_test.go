package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// dayScript is what one van does on a day in the past.
type dayScript struct {
	round *demoRound
	begun time.Time
	steps []dayStep
	// calls are when the van came to each stop; of one that it was not at, never.
	calls map[int]time.Time
	// grounds are those of each stop.
	grounds []orb.MultiPolygon
}

// dayStep is what happens in ten seconds.
type dayStep struct {
	starts, ends bool
	fixes        []simFix
	doors        []demoDoor
}

const dayStride = 10 * time.Second

// newDayScripts write down the day of the first vans: one without a mishap, one
// that delivers to the wrong door, one with a detour.
func newDayScripts(vans int, begun time.Time) (scripts []*dayScript) {
	plan := newDemoPlan(newTown(demoSeed), demoVans, demoSeed)
	for _, r := range plan.rounds[:vans] {
		v := newSimTour(plan.world, r.drives(), rand.New(rand.NewPCG(demoSeed, 700+uint64(r.van))))
		f := &simFleet{town: plan.world.town, vans: []*simVan{v}}
		f.every(demoMoving, demoResting)
		s := &dayScript{round: r, begun: begun, calls: make(map[int]time.Time)}
		for _, stop := range r.stops {
			s.grounds = append(s.grounds, plan.world.town.grounds(stop.townAddress))
		}
		s.write(f, v)
		scripts = append(scripts, s)
	}
	return scripts
}

func (s *dayScript) write(f *simFleet, v *simVan) {
	var doors []demoDoor
	seen, home := 0, 0
	for home < int(demoHome/dayStride) {
		step := dayStep{fixes: f.advance(dayStride)}
		step.starts = f.now-dayStride < s.round.leaves && f.now >= s.round.leaves
		for _, c := range v.tour.calls[seen:] {
			e := s.round.errands[c.stop]
			if e.stop < 0 {
				continue
			}
			doors = append(doors, demoDoor{e.stop, c.at + time.Duration(demoAtDoor*float64(e.stay))})
			if !e.blind {
				s.calls[e.stop] = s.begun.Add(c.at)
			}
		}
		seen = len(v.tour.calls)
		for len(doors) > 0 && doors[0].at <= f.now {
			step.doors, doors = append(step.doors, doors[0]), doors[1:]
		}
		if v.home() {
			home++
		}
		s.steps = append(s.steps, step)
	}
	s.steps[len(s.steps)-1].ends = true
}

// dayVan is a van as the server knows it.
type dayVan struct {
	*dayScript
	id     tracker.DeviceID
	secret string
	round  string
	orders []string
	// done counts its steps.
	done atomic.Int64
}

// order makes all that a van needs for its day, through the API.
func (p *process) order(t *testing.T, s *dayScript) *dayVan {
	t.Helper()
	v := &dayVan{dayScript: s, id: simDeviceID(s.round.van)}
	v.secret = p.createDevice(t, string(v.id))
	name := fmt.Sprintf("van-%d", s.round.van+1)
	p.call(t, http.MethodPost, "/api/v1/vehicles", map[string]any{"id": name, "kind": "van", "devices": []string{string(v.id)}}, http.StatusCreated, nil)
	for i := range s.round.stops {
		var made struct{ ID string }
		p.call(t, http.MethodPost, "/api/v1/deliveries", s.delivery(t, i), http.StatusCreated, &made)
		v.orders = append(v.orders, made.ID)
	}
	var made struct{ ID string }
	p.call(t, http.MethodPost, "/api/v1/rounds", map[string]any{
		"vehicle": name, "stops": v.orders, "route": drawn(t, s.round.line()),
	}, http.StatusCreated, &made)
	v.round = made.ID
	return v
}

func (s *dayScript) delivery(t *testing.T, i int) map[string]any {
	stop := &s.round.stops[i]
	return map[string]any{
		"customer": map[string]string{"name": fmt.Sprintf("Customer %d", i+1), "email": fmt.Sprintf("customer-%d@example.com", i+1)},
		"address":  stop.String(), "point": drawn(t, stop.door.lonLat()), "geocode_accuracy_m": 8,
		"premises": drawn(t, s.grounds[i]), "service_s": stop.stay.Seconds(),
		"parcels": []string{demoBarcode(s.round.van, i)}, "proof": []string{"scan"},
		"window_start": s.begun.Add(stop.due - demoEarly), "window_end": s.begun.Add(stop.late),
	}
}

// drawn is a geometry of GeoJSON.
func drawn(t *testing.T, g orb.Geometry) any {
	t.Helper()
	text, err := tracker.MarshalGeometry(g)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
