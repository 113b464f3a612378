package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wayguard/geofence"
	"wayguard/tracker"
)

func (p *plan) addFence(f tracker.Feature) error {
	r, err := f.Fence()
	if err != nil {
		return err
	}
	p.fences = append(p.fences, r.Fence)
	return nil
}

// addHazard takes the shapes of a fence.
func (p *plan) addHazard(f tracker.Feature) error {
	r, err := f.Fence()
	if err != nil {
		return err
	}
	r.Fence.Hazard = true
	p.hazards = append(p.hazards, r.Fence)
	return nil
}

func (p *plan) addRoute(f tracker.Feature, given properties) error {
	line, ok := f.Geometry.(orb.LineString)
	if !ok {
		return errGeometry("a route", "a LineString", f)
	}
	corridor, _, err := given.positive("corridor_m")
	if err != nil {
		return err
	}
	device, err := given.device()
	if err != nil {
		return err
	}
	for i, point := range line {
		if err := checkPoint(point); err != nil {
			return fmt.Errorf("position %d: %w", i+1, err)
		}
	}
	if len(line) < 2 || line.Bound().Min == line.Bound().Max {
		return errors.New("a route needs two different positions or more")
	}
	p.orders.routes = append(p.orders.routes, orderedRoute{
		Route:  geofence.Route{ID: geofence.RouteID(f.ID), Line: line, CorridorMeters: corridor},
		device: device,
	})
	return nil
}

func (p *plan) addAddress(f tracker.Feature) error {
	place, err := placeOf("an address", f)
	if err != nil {
		return err
	}
	p.addresses = append(p.addresses, geofence.Address{ID: f.ID, Place: place})
	return nil
}

func (p *plan) addDepot(f tracker.Feature, given properties) error {
	place, err := placeOf("a depot", f)
	if err != nil {
		return err
	}
	radius, _, err := given.positive("radius_m")
	if err != nil {
		return err
	}
	p.orders.depots = append(p.orders.depots, geofence.Depot{ID: f.ID, Place: place, RadiusMeters: radius})
	return nil
}

func (p *plan) addStop(f tracker.Feature, given properties) (err error) {
	s := orderedStop{Stop: geofence.Stop{ID: geofence.StopID(f.ID)}}
	if s.Place, err = placeOf("a stop", f); err != nil {
		return err
	}
	if s.sequence, err = given.sequence(); err != nil {
		return err
	}
	if s.device, err = given.device(); err != nil {
		return err
	}
	if err = given.window(&s.Stop); err != nil {
		return err
	}
	if s.GeocodeAccuracyMeters, _, err = given.positive("geocode_accuracy_m"); err != nil {
		return err
	}
	if s.Service, err = given.seconds("service_s"); err != nil {
		return err
	}
	if _, _, err = given.text("address"); err != nil {
		return err
	}
	p.orders.stops = append(p.orders.stops, s)
	return nil
}

func placeOf(what string, f tracker.Feature) (geofence.Place, error) {
	switch g := f.Geometry.(type) {
	case orb.Point:
		return geofence.Place{Point: g}, checkPoint(g)
	case orb.Polygon:
		premises := geofence.Fence{ID: geofence.FenceID(f.ID), Polygons: orb.MultiPolygon{g}}
		return geofence.Place{Polygons: premises.Polygons}, premises.Validate()
	default:
		return geofence.Place{}, errGeometry(what, "a Point or a Polygon", f)
	}
}

func errGeometry(what, want string, f tracker.Feature) error {
	return fmt.Errorf("the geometry of %s must be %s, not a %s", what, want, f.Geometry.GeoJSONType())
}

func checkPoint(p orb.Point) error {
	if math.Abs(p.Lon()) > 180 {
		return fmt.Errorf("longitude %g is outside -180..180", p.Lon())
	}
	if math.Abs(p.Lat()) > 90 {
		return fmt.Errorf("latitude %g is outside -90..90", p.Lat())
	}
	return nil
}
