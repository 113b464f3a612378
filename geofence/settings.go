package geofence

import (
	"slices"
	"time"
)

// Settings configure the engine; the zero value stands for the defaults.
//
// Unless Raw is set, decisions compare the signed distance of a fix to the
// fence's boundary with the accuracy of the fix, the radius that holds the true
// position with a probability of 68 %. Where errors are normal and alike in all
// directions, the error across a boundary has a standard deviation of accuracy
// / 1.51, so that a fix at a distance of 0.5, 1, 2 and 3 times its accuracy is
// on the right side of a straight boundary with a probability of 77 %, 93 %,
// 99.9 % and 99.9997 %. Thresholds say what is made of it.
type Settings struct {
	// Raw turns off everything but exact geometry: each change between inside
	// (boundary included) and outside from one fix to the next is an event.
	Raw bool
	// DefaultAccuracyMeters is assumed of a fix that gives no accuracy, or 0.
	// Default 10: the mean error in town is 7 to 13 m (K. Merry, P. Bettinger,
	// "Smartphone GPS accuracy study in an urban environment", PLoS ONE 14(7)
	// e0219890, 2019).
	DefaultAccuracyMeters float64
	// MinAccuracyMeters is the best accuracy believed. Default 3: the line of
	// a fence drawn on a map is not known better, however good the fix.
	MinAccuracyMeters float64
	// Thresholds are those of all fences that do not set their own.
	Thresholds

	Plausibility PlausibilitySettings
	Silence      SilenceSettings
	Stays        StaySettings
	Routes       RouteSettings
	Drops        DropSettings
	Pairs        PairSettings
	Forecasts    ForecastSettings
}

// settings are all but Raw.
func (s *Settings) settings() []setting {
	return slices.Concat(s.visits(), s.Plausibility.settings(), s.Silence.settings(), s.Stays.settings(),
		s.Routes.settings(), s.Drops.settings(), s.Pairs.settings(), s.Forecasts.settings())
}

// visits are those that concern fences.
func (s *Settings) visits() []setting {
	return slices.Concat([]setting{
		amount("default_accuracy_m", &s.DefaultAccuracyMeters, 10, maxSetting),
		amount("min_accuracy_m", &s.MinAccuracyMeters, 3, maxSetting),
	}, s.Thresholds.settings())
}

// withDefaults fills in what is zero. Errors: ErrSettings.
func (s Settings) withDefaults() (Settings, error) {
	for _, f := range s.settings() {
		if err := f.check(); err != nil {
			return Settings{}, err
		}
	}
	if err := s.Forecasts.check(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// maxSetting is more than any setting makes sense at.
const maxSetting = 10_000.0

const year = 365 * 24 * time.Hour
