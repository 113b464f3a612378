package main

import (
	"encoding/json"
	"slices"
	"testing"

	"wayguard/geofence"
)

func checkTownFences(t *testing.T, town *town) {
	var shapes []geofence.Fence
	kinds := map[string]int{}
	for _, f := range town.fences() {
		if err := f.Fence.Validate(); err != nil {
			t.Errorf("fence %s: %v", f.Fence.ID, err)
		}
		var properties struct{ Kind string }
		if err := json.Unmarshal(f.Properties, &properties); err != nil || f.Name == "" {
			t.Errorf("fence %s: name %q, properties %s", f.Fence.ID, f.Name, f.Properties)
		}
		kinds[properties.Kind]++
		shapes = append(shapes, f.Fence)
	}
	if kinds["depot"] != 2 || kinds["customer"] != townCustomers*5/6 || kinds["zone"] != 3 || len(kinds) != 3 {
		t.Errorf("fences of kinds %v", kinds)
	}
	world, err := geofence.NewWorld(1, geofence.Settings{}, shapes)
	if err != nil {
		t.Fatal(err)
	}
	checkTownStopsInside(t, town, world)
}

// checkTownStopsInside: where vans stop is inside the fence they stop for.
func checkTownStopsInside(t *testing.T, town *town, world *geofence.World) {
	t.Helper()
	inside := func(s townStop, id string) {
		if at := world.Locate(town.position(s).lonLat()); !slices.Contains(at, geofence.FenceID(id)) {
			t.Errorf("stopping at %v is not in %s but in %v", s, id, at)
		}
	}
	for i, c := range town.customers {
		if c.fenced {
			inside(townStop{c.edge, c.s}, townCustomerID(i))
		}
	}
	for van := range 8 {
		inside(town.parking(van), townDepotID(van%len(town.depots)))
	}
}

func TestTownPedestrianZone(t *testing.T) {
	town := newTown(1)
	zone := town.pedestrianZone().Fence
	if len(zone.Polygons) != 2 || len(zone.Polygons[0]) != 2 {
		t.Fatalf("want two polygons, the first with a hole: %v", zone.Polygons)
	}
	world, err := geofence.NewWorld(1, geofence.Settings{}, []geofence.Fence{zone})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at     townVec
		inside bool
	}{
		"old town":  {townVec{-100, -150}, true},
		"market":    {town.scenery.market.middle(), false},
		"the river": {townVec{20, -80}, false},
		"across it": {townVec{140, -80}, true},
		"far off":   {townVec{900, 0}, false},
	} {
		if got := len(world.Locate(c.at.lonLat())) > 0; got != c.inside {
			t.Errorf("%s: inside is %v", name, got)
		}
	}
}
