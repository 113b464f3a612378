package main

import (
	"cmp"
	"slices"

	"wayguard/geofence"
)

// orders are what devices are to do: where to go, in which order.
type orders struct {
	routes []orderedRoute
	stops  []orderedStop
	depots []geofence.Depot
}

type orderedRoute struct {
	geofence.Route
	device string // that is to follow it; empty for all
}

type orderedStop struct {
	geofence.Stop
	sequence int    // the stop's turn
	device   string // that is to serve it; empty for all
}

// rounds are one for each device that routes or stops name, and one for all
// others. What names no device belongs to every round.
func (o *orders) rounds(breaks []geofence.Break) []geofence.Round {
	slices.SortStableFunc(o.stops, func(a, b orderedStop) int { return cmp.Compare(a.sequence, b.sequence) })
	var rounds []geofence.Round
	for _, device := range append([]string{""}, o.devices()...) {
		r := o.round(device, breaks)
		if device != "" || len(r.Routes)+len(r.Stops) > 0 || len(o.devices()) == 0 {
			rounds = append(rounds, r)
		}
	}
	return rounds
}

func (o *orders) devices() []string {
	var names []string
	for _, r := range o.routes {
		names = append(names, r.device)
	}
	for _, s := range o.stops {
		names = append(names, s.device)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// round is that of the device, of all that have none of their own if device is
// empty.
func (o *orders) round(device string, breaks []geofence.Break) geofence.Round {
	r := geofence.Round{ID: geofence.RoundID("plan/" + device), Depots: o.depots, Breaks: breaks}
	if device != "" {
		r.Devices = []geofence.DeviceID{geofence.DeviceID(device)}
	}
	for _, route := range o.routes {
		if route.device == "" || route.device == device {
			r.Routes = append(r.Routes, route.Route)
		}
	}
	for _, s := range o.stops {
		if s.device == "" || s.device == device {
			r.Stops = append(r.Stops, s.Stop)
		}
	}
	return r
}

// none tells that there is nothing to follow.
func (o *orders) none() bool { return len(o.routes)+len(o.stops)+len(o.depots) == 0 }

// world is the plan as the engine sees it.
func (p *plan) world(raw bool) (*geofence.World, error) {
	settings := p.settings
	settings.Raw = raw
	w, err := geofence.NewWorld(1, settings, slices.Concat(p.fences, p.hazards))
	if err != nil {
		return nil, err
	}
	w, err = w.WithDevices(1, p.devices, nil).WithAddresses(1, p.addresses, nil)
	if err != nil || p.orders.none() {
		return w, err
	}
	return w.WithRounds(1, p.orders.rounds(p.breaks), nil)
}
