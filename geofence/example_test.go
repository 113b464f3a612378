package geofence_test

import (
	"fmt"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// A van drives past a depot: the fix 8 m outside the boundary says nothing
// yet, the two after it date the exit back to it.
func ExampleStep() {
	depot := geofence.Fence{ID: "depot", Center: orb.Point{8.6821, 50.1109}, RadiusMeters: 100}
	world, err := geofence.NewWorld(1, geofence.Settings{}, []geofence.Fence{depot})
	if err != nil {
		fmt.Println(err)
		return
	}
	var state geofence.State
	var events []geofence.Event
	for i, lat := range []float64{50.1080, 50.1105, 50.1109, 50.11187, 50.1130, 50.1150} {
		fix := geofence.Fix{Time: geofence.Millis(i) * 15_000, Point: orb.Point{8.6821, lat}}
		events = geofence.Step(world, &state, fix, events)
	}
	for _, e := range events {
		fmt.Printf("%s %s at %ds, visit %d, %+.0f m from the boundary\n", e.Type, e.Subject, e.Time/1000, e.Episode, e.Facts.Number("distance_m"))
	}
	// Output:
	// geofence.enter depot at 15s, visit 1, +56 m from the boundary
	// geofence.exit depot at 45s, visit 1, -8 m from the boundary
}
