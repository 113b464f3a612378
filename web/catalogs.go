package web

import (
	"encoding/json"

	"wayguard/tracker"
)

// catalogRoutes are those of depots, vehicles and drivers.
func (s *Server) catalogRoutes() []route {
	depots, vehicles, drivers := s.fleet.Depots(), s.fleet.Vehicles(), s.fleet.Drivers()
	routes := catalog[tracker.Depot]{
		"depots", depots.Get, depots.List, depots.Create, depots.Change, depots.Remove, showDepot, depotSetters,
	}.routes()
	routes = append(routes, catalog[tracker.Vehicle]{
		"vehicles", vehicles.Get, vehicles.List, vehicles.Create, vehicles.Change, vehicles.Remove, showVehicle, vehicleSetters,
	}.routes()...)
	return append(routes, s.watched(kindDriver, catalog[tracker.Driver]{
		"drivers", drivers.Get, drivers.List, drivers.Create, drivers.Change, drivers.Remove, showDriver, driverSetters,
	}.routes())...)
}

type depotJSON struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Point    json.RawMessage `json:"point"`
	Premises json.RawMessage `json:"premises"`
	Radius   float64         `json:"radius_m"`
	TimeZone string          `json:"time_zone"`
	Hours    []tracker.Hours `json:"hours"`
	Breaks   []tracker.Hours `json:"breaks"`
	Closed   []string        `json:"closed"`
	metaJSON
}

func showDepot(d tracker.Depot) (body any, id string, version uint64, err error) {
	j := depotJSON{
		ID: d.ID, Name: d.Name, Premises: json.RawMessage("null"), Radius: d.RadiusMeters, TimeZone: d.TimeZone,
		Hours: append([]tracker.Hours{}, d.Hours...), Breaks: append([]tracker.Hours{}, d.Breaks...),
		Closed: append([]string{}, d.Closed...), metaJSON: metaOf(d.Meta),
	}
	if j.Point, err = tracker.MarshalGeometry(d.Point); err != nil {
		return nil, "", 0, err
	}
	if d.Premises != nil {
		j.Premises, err = tracker.MarshalGeometry(shapeOf(d.Premises))
	}
	return j, d.ID, d.Version, err
}

func depotSetters(d *tracker.Depot) setters {
	return setters{
		"id":        into("id", &d.ID, "a string"),
		"name":      into("name", &d.Name, "a string"),
		"point":     func(v json.RawMessage) error { return setPoint(&d.Point, v) },
		"premises":  func(v json.RawMessage) error { return setPremises(&d.Premises, v) },
		"radius_m":  into("radius_m", &d.RadiusMeters, "a number of metres"),
		"time_zone": into("time_zone", &d.TimeZone, "a name such as Europe/Berlin"),
		"hours":     into("hours", &d.Hours, `a list such as [{"days":[1,2,3],"from":"08:00","to":"16:30"}]`),
		"breaks":    into("breaks", &d.Breaks, `a list such as [{"from":"12:00","to":"12:45"}]`),
		"closed":    into("closed", &d.Closed, "a list of days such as 2026-12-25"),
	}
}

type vehicleJSON struct {
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Kind     string             `json:"kind"`
	MaxSpeed float64            `json:"max_speed_mps"`
	Devices  []tracker.DeviceID `json:"devices"`
	metaJSON
}

func showVehicle(v tracker.Vehicle) (body any, id string, version uint64, err error) {
	return vehicleJSON{
		ID: v.ID, Name: v.Name, Kind: v.Kind, MaxSpeed: v.MaxSpeedMPS,
		Devices: append([]tracker.DeviceID{}, v.Devices...), metaJSON: metaOf(v.Meta),
	}, v.ID, v.Version, nil
}

func vehicleSetters(v *tracker.Vehicle) setters {
	return setters{
		"id":            into("id", &v.ID, "a string"),
		"name":          into("name", &v.Name, "a string"),
		"kind":          into("kind", &v.Kind, "van, bike, truck or drone"),
		"max_speed_mps": into("max_speed_mps", &v.MaxSpeedMPS, "a number of metres per second"),
		"devices":       into("devices", &v.Devices, "a list of devices' ids"),
	}
}

type driverJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Language string `json:"language"`
	metaJSON
}

func showDriver(d tracker.Driver) (body any, id string, version uint64, err error) {
	return driverJSON{ID: d.ID, Name: d.Name, Phone: d.Phone, Language: d.Language, metaJSON: metaOf(d.Meta)}, d.ID, d.Version, nil
}

func driverSetters(d *tracker.Driver) setters {
	return setters{
		"name":     into("name", &d.Name, "a string"),
		"phone":    into("phone", &d.Phone, "a string"),
		"language": into("language", &d.Language, "a string"),
	}
}
