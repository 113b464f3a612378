package geofence

import "time"

// still is a run of fixes at one place, to the last bit, none of which says
// that the device stands.
type still struct {
	fixes   uint8 // counted up to enough of them; 0 for no run
	since   Millis
	slowest float32 // reported speed; 0 if a fix gives none
}

const (
	fewestStill   = 3
	shortestStill = 10 * time.Second
)

// still is the run that fix makes longer, begins or breaks. A device stands
// that says it is slower than slow.
func (s *State) still(slow float64, fix *Fix) still {
	stands := func(f *Fix) bool { return f.Known&KnownSpeed != 0 && float64(f.SpeedMPS) < slow }
	run := s.guard.still
	switch {
	case !s.seen || fix.Point != s.last.Point || stands(fix):
		return still{}
	case run.fixes > 0:
		return still{min(run.fixes+1, fewestStill), run.since, min(run.slowest, fix.speed())}
	case stands(&s.last):
		return still{1, fix.Time, fix.speed()}
	}
	return still{2, s.last.Time, min(s.last.speed(), fix.speed())}
}

// speed is the reported one, 0 if there is none.
func (f *Fix) speed() float32 {
	if f.Known&KnownSpeed == 0 {
		return 0
	}
	return f.SpeedMPS
}

// frozen tells whether the device has gone at least so many metres by time now.
func (r *still) frozen(now Millis, meters float64) bool {
	passed := between(r.since, now)
	return r.fixes >= fewestStill && passed >= shortestStill && float64(r.slowest)*passed.Seconds() >= meters
}
