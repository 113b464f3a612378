package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/paulmach/orb"
)

// TestTowns looks at the towns of some seeds; the demo's is that of the first.
func TestTowns(t *testing.T) {
	for seed := range uint64(6) {
		town := newTown(seed + 1)
		t.Run(fmt.Sprintf("seed %d", town.seed), func(t *testing.T) {
			t.Run("has it all", func(t *testing.T) { checkTownHasItAll(t, town) })
			t.Run("streets hang together", func(t *testing.T) { checkTownStreets(t, town) })
			t.Run("streets meet at crossings", func(t *testing.T) { checkTownCrossings(t, town) })
			t.Run("buildings stand free", func(t *testing.T) { checkTownBuildings(t, town) })
			t.Run("fences", func(t *testing.T) { checkTownFences(t, town) })
		})
	}
}

func TestTownIsItsSeed(t *testing.T) {
	sum := func(seed uint64) [32]byte {
		town := newTown(seed)
		fences, err := json.Marshal(town.fences())
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(append(append(town.basemapJSON(), fences...), fmt.Sprint(town.addresses, town.customers)...))
	}
	first, again, other := sum(1), sum(1), sum(2)
	if first != again {
		t.Error("the same seed gave two towns")
	}
	if first == other {
		t.Error("two seeds gave the same town")
	}
}

// checkTownHasItAll: what the demo shows must be there whatever the seed.
func checkTownHasItAll(t *testing.T, town *town) {
	if len(town.depots) != 2 || len(town.customers) != townCustomers {
		t.Errorf("%d depots, %d customers", len(town.depots), len(town.customers))
	}
	if len(town.addresses) < 3000 || len(town.scenery.parks) < 4 || town.scenery.market == nil {
		t.Errorf("%d addresses, %d parks, market %v", len(town.addresses), len(town.scenery.parks), town.scenery.market != nil)
	}
	doors := map[string]bool{}
	for _, a := range town.addresses {
		if doors[a.String()] {
			t.Fatalf("%q twice", a)
		}
		doors[a.String()] = true
	}
}

// townFeature is a GeoJSON Feature as a map reads it.
type townFeature struct {
	Type       string
	Properties struct{ Class, Name, Kind string }
	Geometry   struct {
		Type        string
		Coordinates json.RawMessage
	}
}

func TestTownBasemap(t *testing.T) {
	const limit = 1_500_000
	body := newTown(1).basemapJSON()
	if len(body) > limit {
		t.Errorf("%d bytes, at most %d are wanted", len(body), limit)
	}
	var collection struct {
		Type     string
		Features []townFeature
	}
	if err := json.Unmarshal(body, &collection); err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	for i, f := range collection.Features {
		if f.Type != "Feature" {
			t.Fatalf("feature %d is a %q", i, f.Type)
		}
		classes[f.Properties.Class]++
		checkTownFeature(t, i, f)
	}
	for _, class := range []string{"land", "water", "park", "block", "building", "street_major", "street_minor", "path", "label"} {
		if classes[class] == 0 {
			t.Errorf("no feature of class %q", class)
		}
		delete(classes, class)
	}
	if len(classes) > 0 {
		t.Errorf("unexpected classes: %v", classes)
	}
}

func checkTownFeature(t *testing.T, i int, f townFeature) {
	t.Helper()
	var points []orb.Point
	var rings []orb.Ring
	read := func(to any) {
		if err := json.Unmarshal(f.Geometry.Coordinates, to); err != nil {
			t.Fatalf("feature %d: %v", i, err)
		}
	}
	switch f.Geometry.Type {
	case "Point":
		points = make([]orb.Point, 1)
		read(&points[0])
		if f.Properties.Name == "" || f.Properties.Kind == "" {
			t.Errorf("feature %d: a label without name or kind", i)
		}
	case "LineString":
		read(&points)
	case "Polygon":
		read(&rings)
	case "MultiPolygon":
		var polygons [][]orb.Ring
		read(&polygons)
		for _, p := range polygons {
			rings = append(rings, p...)
		}
	}
	for _, r := range rings {
		if len(r) < 4 || r[0] != r[len(r)-1] || r.Orientation() != orb.CCW {
			t.Fatalf("feature %d (%s): a ring is open, too short or clockwise: %v", i, f.Properties.Class, r)
		}
		points = append(points, r...)
	}
	if len(points) == 0 {
		t.Fatalf("feature %d: nothing in a %s", i, f.Geometry.Type)
	}
	for _, p := range points {
		if d := townOf(p).length(); !(d < 3500) {
			t.Fatalf("feature %d: %v is %.0f m from the centre", i, p, d)
		}
	}
}

func checkTownBuildings(t *testing.T, town *town) {
	streets, walls := town.net.index(), newTownIndex()
	for i, h := range town.houses {
		middle := h.outline.middle()
		if !town.ground.island.holds(middle) || town.ground.stream.holds(middle) {
			t.Errorf("a house in the water at %v", middle)
		}
		streets.beside(h.outline, 9, func(s townSegment) {
			// The carriageway is narrower than the street by its pavements.
			e := town.net.edges[s.Line]
			if e.class != classTownYard && h.outline.apart(s) < e.class.halfWidth()-1 {
				t.Errorf("a house at %v stands on %s", middle, town.names[e.road])
			}
		})
		shrunk := make(townLine, len(h.outline))
		for k, p := range h.outline {
			shrunk[k] = p.mix(middle, 0.2)
		}
		walls.beside(shrunk, 0, func(s townSegment) {
			if shrunk.apart(s) == 0 {
				t.Errorf("two houses in one place at %v", middle)
			}
		})
		walls.add(i, append(h.outline[:len(h.outline):len(h.outline)], h.outline[0]))
	}
}

func BenchmarkTown(b *testing.B) {
	for b.Loop() {
		newTown(1)
	}
}

func BenchmarkTownBasemap(b *testing.B) {
	town := newTown(1)
	for b.Loop() {
		b.SetBytes(int64(len(town.basemapJSON())))
	}
}
