package tracker

import (
	"fmt"
	"slices"
	"strings"
)

// Vehicle carries parcels. Its id is a name of 1 to 64 of A-Z a-z 0-9 _ . -.
type Vehicle struct {
	Meta `json:"-"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kind is van, bike, truck or drone.
	Kind string `json:"kind"`
	// MaxSpeedMPS is how fast it can move; 0 for what no vehicle of its kind does.
	// While it is on a round, positions that it could not have reached are
	// implausible.
	MaxSpeedMPS float64 `json:"max_speed_mps,omitempty"`
	// Devices are its trackers, the best one first: that one says where its
	// parcels should be. A device is in one vehicle.
	Devices []DeviceID `json:"devices,omitempty"`
}

const vehicleBucket = "vehicles"

func (v *Vehicle) name(key string)        { v.ID = key }
func (v *Vehicle) key() string            { return v.ID }
func (v *Vehicle) personal() (KeyID, any) { return "", nil }

// vehicleKinds are the kinds of vehicles.
var vehicleKinds = []string{"van", "bike", "truck", "drone"}

// kindSpeeds are speeds in m/s that no vehicle of a kind goes beyond: vans built
// for 200 km/h, and some more; bicycles downhill; trucks, which the law limits to
// 90 km/h in the EU (Directive 92/6/EEC), downhill and elsewhere; drones at 36 m/s
// through the air with as strong a wind behind them as they fly in.
var kindSpeeds = map[string]float64{"van": 70, "bike": 30, "truck": 45, "drone": 60}

func (v *Vehicle) maxSpeed() float64 {
	if v.MaxSpeedMPS != 0 {
		return v.MaxSpeedMPS
	}
	return kindSpeeds[v.Kind]
}

const (
	maxVehicleDevices = 8
	// maxSpeed is beyond every aeroplane that delivers, in m/s.
	maxSpeed = 300
)

func (v *Vehicle) normalize() error {
	v.Name = strings.TrimSpace(v.Name)
	if err := checkLine("name", v.Name, maxName); err != nil {
		return err
	}
	if v.Kind == "" {
		v.Kind = vehicleKinds[0]
	}
	if !slices.Contains(vehicleKinds, v.Kind) {
		return &MemberError{"kind", "must be van, bike, truck or drone."}
	}
	if !(v.MaxSpeedMPS >= 0 && v.MaxSpeedMPS <= maxSpeed) {
		return &MemberError{"max_speed_mps", fmt.Sprintf("must be 0 to %d m/s.", maxSpeed)}
	}
	if len(v.Devices) > maxVehicleDevices {
		return &MemberError{"devices", fmt.Sprintf("must be at most %d.", maxVehicleDevices)}
	}
	return checkDeviceList(v.Devices)
}

// Driver drives rounds. Its id is a UUID.
type Driver struct {
	Meta   `json:"-"`
	ID     string `json:"id"`
	Person `json:"-"`
}

// Person is what is personal of a driver.
type Person struct {
	Name string `json:"name"`
	// Phone is in the form of E.164; empty if unknown.
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"`
}

const driverBucket = "drivers"

func (d *Driver) name(key string)        { d.ID = key }
func (d *Driver) key() string            { return d.ID }
func (d *Driver) personal() (KeyID, any) { return KeyID(d.ID), &d.Person }

func (p *Person) normalize() error {
	c := Contact{Name: p.Name, Phone: p.Phone, Language: p.Language}
	if err := c.normalize(); err != nil {
		return err
	}
	if c.Name == "" {
		return &MemberError{"name", "must say who it is."}
	}
	p.Name, p.Phone, p.Language = c.Name, c.Phone, c.Language
	return nil
}
