package geofence

import (
	"errors"
	"slices"
	"testing"
)

// Who pulls out at a walker's hurry is in the vehicle if back at it, and on foot
// anywhere else.
//
//	drive ──────▶ P ╌╌walk╌╌▶ door
//	              P ◀╌╌walk╌╌ door
//	              P ──2.2 m/s──▶
func TestPullingOutOfAParkingPlace(t *testing.T) {
	w := newWorld(t, Settings{})
	for _, test := range []struct {
		name     string
		walk     [][2]float64 // from the parking place
		back     bool
		speed    float64
		pullsOut bool
	}{
		{"back from the door", [][2]float64{{0, 25}}, true, 2.2, true},
		{"back from two doors", [][2]float64{{0, 25}, {0, 0}, {20, 20}}, true, 2.2, true},
		{"on foot again", [][2]float64{{0, 25}}, true, 1.4, false},
		{"never away", nil, true, 2.2, false},
		{"never far", [][2]float64{{0, 5}}, true, 2.2, false},
		{"hurries off from the door", [][2]float64{{0, 25}}, false, 2.2, false},
		{"drives off from the door", [][2]float64{{0, 25}}, false, 5, true},
	} {
		for _, every := range []int{1, 2, 5} {
			r := newRide()
			r.drive(1000, 90, 12)
			home := r.place()
			r.stand(30)
			for _, p := range test.walk {
				r.walk(home[0]+p[0], home[1]+p[1])
				r.stand(20)
			}
			if test.back {
				r.walk(home[0], home[1])
			}
			r.stand(20)
			from := r.now()
			r.roll(40, test.speed)
			until := r.now()
			r.stand(60)
			drives := false
			fixes := r.exact(every)
			for i, driving := range labels(w, fixes) {
				at := fixes[i].Time
				drives = drives || driving && at > from && at < until-10_000
			}
			if drives != test.pullsOut {
				t.Errorf("%s, every %d s: drives %v, want %v", test.name, every, drives, test.pullsOut)
			}
		}
	}
}

// roll goes west for so many seconds at one speed.
func (r *stopAndGo) roll(seconds int, speed float64) {
	for range seconds {
		p := r.place()
		r.places = append(r.places, [2]float64{p[0] - speed, p[1]})
	}
}

func TestUnmarshalRefusesParking(t *testing.T) {
	r := newRide()
	r.drive(1000, 90, 12)
	r.stand(60)
	w := newWorld(t, Settings{})
	var s State
	for _, fix := range r.exact(5) {
		Step(w, &s, fix, nil)
	}
	q := &s.motion.gait
	if !q.vehicle.known || q.vehicle.walked {
		t.Fatalf("it has not parked: %+v", q.vehicle)
	}
	for name, change := range map[string]func(*gait){
		"parked in a drive":      func(q *gait) { q.now.Mode = Driving },
		"away from nowhere":      func(q *gait) { q.vehicle = parking{walked: true} },
		"a place off the globe":  func(q *gait) { q.vehicle.spot.lat = 91 },
		"the end of no drive":    func(q *gait) { q.rolled = true },
		"parked in no mode ever": func(q *gait) { q.now = Motion{} },
	} {
		c := s.Clone()
		change(&c.motion.gait)
		b, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.UnmarshalBinary(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One fix is thrown aside while the device stands: as far as a run would lead,
// but it comes back.
func TestAnOutlierIsNoDrive(t *testing.T) {
	w := newWorld(t, Settings{})
	for _, every := range []int{15, 30, 60} {
		r := newRide()
		r.stand(1200)
		fixes := r.exact(every)
		aside := &fixes[len(fixes)/2].Point
		*aside = shifted(newSpot(*aside), 3.2*float64(every), 0)
		if slices.Contains(labels(w, fixes), true) {
			t.Errorf("every %d s: it drives", every)
		}
	}
}
