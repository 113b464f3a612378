package geofence

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// setting is one setting: its name in a plan file, where it is kept, and what it
// may be. Durations are named and given in seconds.
type setting struct {
	name     string
	number   *float64
	duration *time.Duration
	standard float64 // the default
	most     float64 // the largest that makes sense
}

func amount(name string, value *float64, standard, most float64) setting {
	return setting{name: name, number: value, standard: standard, most: most}
}

func duration(name string, value *time.Duration, standard, most time.Duration) setting {
	return setting{name: name, duration: value, standard: standard.Seconds(), most: most.Seconds()}
}

func (f setting) get() float64 {
	if f.duration != nil {
		return f.duration.Seconds()
	}
	return *f.number
}

func (f setting) set(value float64) {
	if f.duration != nil {
		// Device times are in milliseconds; less would be no duration at all.
		*f.duration = max(1, time.Duration(math.Round(value*1000))) * time.Millisecond
		return
	}
	*f.number = value
}

// check puts the default in place of zero. Errors: ErrSettings.
func (f setting) check() error {
	switch value := f.get(); {
	case value == 0:
		f.set(f.standard)
	case value < 0 || math.IsNaN(value) || value > f.most:
		return fmt.Errorf("%w: %s is %g, give 0 for the default, which is %g, or up to %g", ErrSettings, f.name, value, f.standard, f.most)
	}
	return nil
}

// Set sets the setting of that name: its setting's name in snake case with the
// unit at the end, such as "enter_after_s". Errors: ErrSettings.
func (s *Settings) Set(name string, value float64) error { return set(s.settings(), name, value) }

func set(all []setting, name string, value float64) error {
	i := slices.IndexFunc(all, func(f setting) bool { return f.name == name })
	if i < 0 {
		var names []string
		for _, f := range all {
			names = append(names, f.name)
		}
		slices.Sort(names)
		return fmt.Errorf("%w: there is no %.60q; the settings are %s", ErrSettings, name, strings.Join(names, ", "))
	}
	if value <= 0 || math.IsNaN(value) || value > all[i].most {
		return fmt.Errorf("%w: %s must be above 0 and at most %g, not %g", ErrSettings, name, all[i].most, value)
	}
	all[i].set(value)
	return nil
}

// Behind are the settings that an event of type t was judged by, by the names
// that Set takes.
func (s Settings) Behind(t EventType) []Fact {
	kind, _, _ := strings.Cut(string(t), ".")
	var facts []Fact
	for _, f := range s.part(kind) {
		facts = append(facts, Fact{Name: f.name, Value: f.get()})
	}
	return facts
}

// part are the settings behind events whose type begins with kind.
func (s *Settings) part(kind string) []setting {
	switch kind {
	case "geofence", "hazard":
		return s.visits()
	case "fix":
		return s.Plausibility.settings()
	case "device":
		return s.Silence.settings()
	case "stop":
		return s.Stays.settings()
	case "route":
		return s.Routes.settings()
	case "drop":
		return s.Drops.settings()
	case "parcel":
		return s.Pairs.settings()
	case "delivery":
		return s.Forecasts.settings()
	}
	return nil
}
