package firmware

import (
	"math"
	"slices"
)

// jsonReading has one value.
type jsonReading struct {
	Time        *Millis  `json:"time"`
	Battery     *float64 `json:"battery_percent,omitempty"`
	Millivolts  *float64 `json:"battery_mv,omitempty"`
	Temperature *float64 `json:"temperature_c,omitempty"`
	Light       *float64 `json:"light_lux,omitempty"`
	Shock       *float64 `json:"shock_g,omitempty"`
	Seal        *string  `json:"seal,omitempty"`
	Ignition    *bool    `json:"ignition,omitempty"`
	Button      *float64 `json:"button,omitempty"`
	Scan        *string  `json:"scan,omitempty"`
}

var seals = [...]string{SealClosed: "closed", SealOpen: "open", SealCut: "cut"}

func (r *Reading) json() jsonReading {
	j := jsonReading{Time: &r.Time}
	value := float64(r.Value)
	switch r.Kind {
	case Battery:
		j.Battery = &value
		if r.More != 0 {
			j.Millivolts = new(float64(r.More))
		}
	case Temperature:
		j.Temperature = new(value / perCelsius)
	case Light:
		j.Light = &value
	case Shock:
		j.Shock = new(value / perGravities)
	case Seal:
		j.Seal = &seals[r.Value]
	case Ignition:
		j.Ignition = new(r.Value == 1)
	case Button:
		j.Button = &value
	case Scan:
		j.Scan = &r.Text
	}
	return j
}

func (j *jsonReading) reading(n *numbers) Reading {
	r := j.one(n)
	if j.Time == nil || r.Kind == 0 || j.Millivolts != nil && r.Kind != Battery {
		n.bad = true
		return Reading{}
	}
	r.Time = *j.Time
	return r
}

// one is the value that is there, if it is the only one.
func (j *jsonReading) one(n *numbers) (r Reading) {
	take := func(kind Kind, there bool, value func() int64) {
		if there {
			n.bad = n.bad || r.Kind != 0
			r.Kind, r.Value = kind, value()
		}
	}
	number := func(kind Kind, given *float64, per, least float64) {
		take(kind, given != nil, func() int64 { return n.need(given, per, least, math.MaxInt32) })
	}
	number(Battery, j.Battery, 1, 0)
	number(Temperature, j.Temperature, perCelsius, math.MinInt32)
	number(Light, j.Light, 1, 0)
	number(Shock, j.Shock, perGravities, 0)
	number(Button, j.Button, 1, 1)
	take(Seal, j.Seal != nil, func() int64 { return int64(slices.Index(seals[:], *j.Seal)) })
	take(Ignition, j.Ignition != nil, func() int64 {
		if *j.Ignition {
			return 1
		}
		return 0
	})
	take(Scan, j.Scan != nil, func() int64 {
		r.Text = *j.Scan
		return 0
	})
	if j.Millivolts != nil {
		r.More = n.need(j.Millivolts, 1, 0, math.MaxInt32)
	}
	return r
}
