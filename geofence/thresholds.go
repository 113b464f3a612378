package geofence

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Thresholds say what it takes to tell that a device is in a fence, out of it,
// or went through. Margins are multiples of a fix's accuracy; zero values stand
// for the settings, and those of the settings for the defaults.
//
// A device changes sides when an unbroken run of fixes on the other side of the
// boundary holds two beyond the margin, or lasts long enough; one fix alone is
// never enough. The change is dated at the first fix of the run. The errors of
// neighbouring fixes are alike: a second fix rules out an outlier, not a drift,
// which makes a false exit and enter only where it is wider than both margins
// together, 1.5 times the accuracy. Entering asks for less than leaving because
// fences are small: nobody can be farther inside than the middle, but anybody
// who has left gets farther away.
//
// A device that stands on the boundary for hours does see such drifts. So it
// may change sides twice, there and back, but changes sides for a third time
// only after it has moved, or as ReturnMargin and ReturnAfter say, and what
// they ask for doubles with each further change. It has moved when two fixes in
// a row are farther from the place of the last change than twice the accuracies
// of both ends, later three times.
type Thresholds struct {
	// EnterMargin is how far inside each of two fixes of the run must be.
	// Default 0.5.
	EnterMargin float64
	// EnterAfter is how long a run inside must last, from its first fix to its
	// newest, to be enough without any margin. Default 30 s: then a stay of a
	// minute is not missed however near the boundary it is, as long as the
	// device reports twice a minute.
	EnterAfter time.Duration
	// ExitMargin is how far outside each of two fixes of the run must be.
	// Default 1.
	ExitMargin float64
	// ExitAfter is the same as EnterAfter for a run outside. Default 5 min: as
	// long as errors stay alike, so that a run that lasts is more than one
	// drift, and whoever parks just outside is not inside all night.
	ExitAfter time.Duration
	// ReturnMargin is how far on the other side two fixes in a row must be for
	// whoever changes sides again without having moved. Default 3, or 4.5
	// standard deviations: errors that last a minute get there once in ten days
	// (L. M. Ricciardi, S. Sato, "First-passage-time density and
	// moments of the Ornstein-Uhlenbeck process", Journal of Applied
	// Probability 25, 1988).
	ReturnMargin float64
	// ReturnAfter is over how long the distance of all fixes is averaged for
	// the same: it is enough to be beyond EnterMargin or ExitMargin on average.
	// It lets one be again in a fence that is too small for ReturnMargin, and
	// tells in the end where somebody stands. Default 15 min, three times
	// ExitAfter: the average of errors that last two minutes is a third of
	// them.
	ReturnAfter time.Duration
	// CrossMargin is how deep inside a straight line between two fixes must
	// reach, in multiples of the worse accuracy of both, to tell that the
	// device crossed the fence. Default 1, as to exit.
	CrossMargin float64
	// CrossWithin is how far apart in time these fixes may be, at most
	// MaxCrossWithin: the longer, the less is a straight line a fair guess.
	// Default 45 s: in town, of the circles of 25 to 200 m through which such a
	// line leads, a bus and a car went through 91 to 99 % at 30 s, 87 to 97 %
	// at 45 s, 78 to 95 % at 60 s and 55 to 82 % at 4 min.
	CrossWithin time.Duration
}

// MaxCrossWithin is the most that CrossWithin may be: in ten minutes a vehicle
// can have been anywhere.
const MaxCrossWithin = 10 * time.Minute

func (t *Thresholds) settings() []setting {
	return []setting{
		amount("enter_margin", &t.EnterMargin, 0.5, maxSetting),
		duration("enter_after_s", &t.EnterAfter, 30*time.Second, year),
		amount("exit_margin", &t.ExitMargin, 1, maxSetting),
		duration("exit_after_s", &t.ExitAfter, 5*time.Minute, year),
		amount("return_margin", &t.ReturnMargin, 3, maxSetting),
		duration("return_after_s", &t.ReturnAfter, 15*time.Minute, year),
		amount("cross_margin", &t.CrossMargin, 1, maxSetting),
		duration("cross_within_s", &t.CrossWithin, 45*time.Second, MaxCrossWithin),
	}
}

// Set sets the threshold of that name: its field's in snake case, durations
// with _s at the end. Errors: ErrSettings.
func (t *Thresholds) Set(name string, value float64) error { return set(t.settings(), name, value) }

// Given are the thresholds that are set, by the names that Set takes.
func (t Thresholds) Given(yield func(name string, value float64) bool) {
	for _, f := range t.settings() {
		if value := f.get(); value != 0 && !yield(f.name, value) {
			return
		}
	}
}

// check says what is wrong with the thresholds of a fence. Errors:
// ErrSettings.
func (t Thresholds) check() error {
	for _, f := range t.settings() {
		if value := f.get(); value < 0 || value > f.most || math.IsNaN(value) {
			return fmt.Errorf("%w: %s is %g, give up to %g, or 0 for the setting", ErrSettings, f.name, value, f.most)
		}
	}
	return nil
}

// over is t with standard in place of what is zero.
func (t Thresholds) over(standard Thresholds) Thresholds {
	return Thresholds{
		EnterMargin:  cmp.Or(t.EnterMargin, standard.EnterMargin),
		EnterAfter:   cmp.Or(t.EnterAfter, standard.EnterAfter),
		ExitMargin:   cmp.Or(t.ExitMargin, standard.ExitMargin),
		ExitAfter:    cmp.Or(t.ExitAfter, standard.ExitAfter),
		ReturnMargin: cmp.Or(t.ReturnMargin, standard.ReturnMargin),
		ReturnAfter:  cmp.Or(t.ReturnAfter, standard.ReturnAfter),
		CrossMargin:  cmp.Or(t.CrossMargin, standard.CrossMargin),
		CrossWithin:  cmp.Or(t.CrossWithin, standard.CrossWithin),
	}
}

// IsThreshold tells whether Set knows the name.
func IsThreshold(name string) bool {
	for _, f := range new(Thresholds).settings() {
		if f.name == name {
			return true
		}
	}
	return false
}
