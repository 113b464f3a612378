package geofence

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkMove is what stays, arrivals and the mode cost of a fix, on the way
// and standing, with a round of 120 stops.
func BenchmarkMove(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	driving, standing := newRide(), newRide()
	var places [][2]float64
	for i := range 120 {
		driving.drive(300, 90*float64(i%4), 12)
		places = append(places, [2]float64{300 * float64(i), 5000})
	}
	standing.stand(3600)
	w := worldOf(b, Settings{}, Round{ID: "r", Stops: stopsAt(newSpot(driving.origin), places...)})
	for name, r := range map[string]*stopAndGo{"driving": driving, "standing": standing} {
		for _, every := range []int{1, 10} {
			c := receiver{5, 2 * time.Minute, time.Duration(every) * time.Second}
			fixes := c.record(random, r)
			b.Run(name+map[int]string{1: "/1s", 10: "/10s"}[every], func(b *testing.B) {
				sights := make([]sighting, len(fixes))
				for i := range fixes {
					sights[i] = w.settings.sight(&fixes[i])
				}
				length := sights[len(sights)-1].time - sights[0].time + Millis(every)*1000
				s := State{seen: true, duty: w.duty("")}
				s.pursue(s.duty.round)
				events := make([]Event, 0, 16)
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					events = s.move(w, sights[i], &fixes[i], events[:0])
					sights[i].time += length
					if i++; i == len(sights) {
						i = 0
					}
				}
			})
		}
	}
}
