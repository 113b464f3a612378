package geofence

import (
	"fmt"
	"slices"
	"time"
)

// Settings configure the engine; the zero value stands for the defaults.
//
// Unless Raw is set, decisions compare the signed distance of a fix to the
// fence's boundary with the accuracy of the fix, the radius that holds the true
// position with a probability of 68 %. Where errors are normal and alike in all
// directions, the error across a boundary has a standard deviation of accuracy
// / 1.51, so that a fix at a distance of 0.5, 1 and 2 times its accuracy is on
// the right side of a straight boundary with a probability of 77 %, 93 % and
// 99.9 %.
//
// A device changes sides when an unbroken run of fixes on the other side of
// the boundary holds a clear one, or two beyond a margin, or, to enter, lasts
// long enough; the change is dated at the first fix of the run. The errors of
// neighbouring fixes are alike, so a second fix rules out an outlier, not a
// drift: a drift makes a false exit and enter only where it is wider than the
// margins of both together, 1.5 times the accuracy. Entering asks for less than
// leaving because fences are small: nobody can be farther inside than the
// middle, but anybody who has left gets farther away.
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
	// EnterMargin is how many times its accuracy each of two fixes of the run
	// must be inside. Default 0.5.
	EnterMargin float64
	// EnterClear is how many times its accuracy a single fix must be inside to
	// be enough. Default 1.
	EnterClear float64
	// EnterAfter is how long a run inside must last, from its first fix to its
	// newest, to be enough without any margin. Default 30 s: then a stay of a
	// minute is not missed however near the boundary it is, as long as the
	// device reports twice a minute.
	EnterAfter time.Duration
	// ExitMargin is how many times its accuracy each of two fixes of the run
	// must be outside. Default 1.
	ExitMargin float64
	// ExitClear is how many times its accuracy a single fix must be outside to
	// be enough. Default 2.
	ExitClear float64

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
	return []setting{
		amount("default_accuracy_m", &s.DefaultAccuracyMeters, 10, maxSetting),
		amount("min_accuracy_m", &s.MinAccuracyMeters, 3, maxSetting),
		amount("enter_margin", &s.EnterMargin, 0.5, maxSetting),
		amount("enter_clear", &s.EnterClear, 1, maxSetting),
		duration("enter_after_s", &s.EnterAfter, 30*time.Second, year),
		amount("exit_margin", &s.ExitMargin, 1, maxSetting),
		amount("exit_clear", &s.ExitClear, 2, maxSetting),
	}
}

// withDefaults fills in what is zero. Errors: ErrSettings.
func (s Settings) withDefaults() (Settings, error) {
	for _, f := range s.settings() {
		if err := f.check(); err != nil {
			return Settings{}, err
		}
	}
	if s.EnterClear < s.EnterMargin || s.ExitClear < s.ExitMargin {
		return Settings{}, fmt.Errorf("%w: a clear fix must be at least as far from the boundary as the margin of two fixes", ErrSettings)
	}
	return s, nil
}

// maxSetting is more than any setting makes sense at.
const maxSetting = 10_000.0

const year = 365 * 24 * time.Hour
