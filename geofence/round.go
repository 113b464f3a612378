package geofence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// round is a Round, prepared. It never changes, and Worlds share it.
type round struct {
	Round
	paths  []*path  // of Routes
	keys   []uint64 // of Routes
	stops  []place  // of Stops
	depots []place
	// stations are where along each route, in metres, each stop lies.
	stations [][]float64
	order    uint64 // the key of Stops
}

func newRound(r Round) (*round, error) {
	made := &round{Round: r, order: stopsKey(r.Stops)}
	for _, route := range r.Routes {
		p, err := newPath(route.Line)
		if err != nil {
			return nil, fmt.Errorf("route %q: %w", route.ID, err)
		}
		made.paths, made.keys = append(made.paths, p), append(made.keys, route.key())
	}
	for _, stop := range r.Stops {
		p, err := newPlace(stop.Place)
		if err != nil {
			return nil, fmt.Errorf("stop %q: %w", stop.ID, err)
		}
		made.stops = append(made.stops, p)
	}
	for _, depot := range r.Depots {
		p, err := newPlace(depot.Place)
		if err != nil {
			return nil, fmt.Errorf("depot %q: %w", depot.ID, err)
		}
		made.depots = append(made.depots, p)
	}
	for _, p := range made.paths {
		made.stations = append(made.stations, p.stations(made.stops))
	}
	return made, nil
}

// along is how many metres along the route the stop lies, both by their place
// in the round: never before the stop in front of it, and where the route is
// nearest however far away that is.
func (r *round) along(route, stop int) float64 { return r.stations[route][stop] }

// stop is the place among the round's stops of the one named id, -1 if there
// is none.
func (r *round) stop(id StopID) int {
	return slices.IndexFunc(r.Stops, func(s Stop) bool { return s.ID == id })
}

// duties are the rounds and devices of a World.
type duties struct {
	rounds   map[RoundID]*round
	followed map[DeviceID]*round
	common   *round // of the devices that no other round names; nil for none
	devices  map[DeviceID]Device
	aboard   map[DeviceID][]DeviceID // by carrier, in order of id
}

// WithRounds is the World after some rounds are put, in place of those with
// the same id if there are any, and some removed. Everything else is shared.
// An error names the round.
func (w *World) WithRounds(version uint64, put []Round, remove []RoundID) (*World, error) {
	rounds := maps.Clone(w.duties.rounds)
	if rounds == nil {
		rounds = make(map[RoundID]*round)
	}
	for _, id := range remove {
		delete(rounds, id)
	}
	var prepared []*round
	for _, r := range put {
		made, err := newRound(r)
		if err != nil {
			return nil, fmt.Errorf("round %q: %w", r.ID, err)
		}
		rounds[r.ID] = made
		prepared = append(prepared, made)
	}
	made := *w
	made.threats = w.threats.with(prepared, remove)
	made.version = version
	made.duties.rounds, made.duties.common = rounds, nil
	made.duties.followed = make(map[DeviceID]*round)
	// In order of id, so that what two rounds claim has one answer.
	for _, id := range slices.Sorted(maps.Keys(rounds)) {
		r := rounds[id]
		if len(r.Devices) == 0 {
			made.duties.common = cmp.Or(made.duties.common, r)
		}
		for _, device := range r.Devices {
			made.duties.followed[device] = cmp.Or(made.duties.followed[device], r)
		}
	}
	return &made, nil
}

// WithDevices is the World after something is said of some devices, in place
// of what was said before, and nothing more of others.
func (w *World) WithDevices(version uint64, put []Device, remove []DeviceID) *World {
	devices := maps.Clone(w.duties.devices)
	if devices == nil {
		devices = make(map[DeviceID]Device)
	}
	for _, id := range remove {
		delete(devices, id)
	}
	for _, d := range put {
		devices[d.ID] = d
	}
	made := *w
	made.version, made.duties.devices = version, devices
	made.duties.aboard = make(map[DeviceID][]DeviceID)
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		if c := devices[id].Carrier; c != "" {
			made.duties.aboard[c] = append(made.duties.aboard[c], id)
		}
	}
	return &made
}

// Device is what w says of a device, the zero Device but for the id if nothing.
func (w *World) Device(id DeviceID) Device {
	d := w.duties.devices[id]
	d.ID = id
	return d
}

// Aboard are the devices of which one is the carrier, in order of id. The slice
// must not be changed.
func (w *World) Aboard(carrier DeviceID) []DeviceID { return w.duties.aboard[carrier] }

// Carries reports whether any device is carried by another one.
func (w *World) Carries() bool { return len(w.duties.aboard) > 0 }

// duty is what w wants of the device, the settings filled in.
func (w *World) duty(id DeviceID) *duty {
	d := &duty{device: w.duties.devices[id]}
	if d.device.Carrier == "" {
		d.round = w.roundOf(id)
	}
	d.device.ID = id
	d.device.MaxSpeedMPS = cmp.Or(d.device.MaxSpeedMPS, w.settings.Plausibility.MaxSpeedMPS)
	d.device.SilentAfter = cmp.Or(d.device.SilentAfter, w.settings.Silence.After)
	return d
}

// roundOf is the round that a device follows, nil for none.
func (w *World) roundOf(id DeviceID) *round {
	return cmp.Or(w.duties.followed[id], w.duties.common)
}
