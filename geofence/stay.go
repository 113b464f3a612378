package geofence

import "time"

// The facts about stays. The subject is the stop, or empty away from stops. A
// stay at several stops of one address has the events of each, all with the
// stay's episode; so has one that is seen only later to be at a stop.
//
// Of a begin, Time is the first fix of the stay and Point that fix; of an end,
// the last fix of it and the estimate of where it was. A stop that is taken off
// the round while the device stands at it ends without an event: an edit moves
// no device.
const (
	StopBegin EventType = "stop.begin"
	StopEnd   EventType = "stop.end"
	// StopUnplanned: a device that follows a round has stood for longer than
	// UnplannedAfter where it has no business; Time is when that time was up.
	StopUnplanned EventType = "stop.unplanned"
)

// StaySettings say what a stay is; zero values stand for the defaults.
//
// A stay begins with a pause, fixes that are all within some metres of the
// first for 20 s, and is told of once the device has stood
// still for MinStay, or been about the place for two and a half times as long,
// or has arrived at a stop. It ends when the device travels: when it has been
// farther away than RadiusMeters, and off the premises of the stop, for
// LeaveAfter, or, as long as it has not driven, than StrollMeters. The two are widened by twice the accuracy of the
// fixes, so that a receiver which drifts while the vehicle is parked ends
// nothing.
//
// A gap in the reports is no proof of standing. A stay whose first fix after a
// gap is at the same place goes on, but the gap does not count towards
// UnplannedAfter.
type StaySettings struct {
	// MinStay is how long a device must stand for a stay to be told of away
	// from stops. Default 1 min: a hand-over takes longer, while a wait at
	// traffic lights is mostly shorter: where red takes 30 to 90 s and a vehicle
	// comes at any time of it, one wait in nine is told of.
	MinStay time.Duration
	// RadiusMeters is how far from the middle of a stay a device may be that has
	// driven, or that is at a stop, without ending it. Default 30: to the door
	// and back, but not at the next stop.
	RadiusMeters float64
	// StrollMeters is how far a device may be that has not driven, and is not at
	// a stop. Default 80: about a yard, a shop, a building with its entrances.
	// From 70 to 90 the stays of a person's diary differ by one.
	StrollMeters float64
	// LeaveAfter is how long a device must be away for a stay to have ended, in
	// two fixes or more. Default 20 s: reflections off a building throw fixes
	// aside for seconds, and who leaves is far away by then.
	LeaveAfter time.Duration
	// MaxGap is how far apart two fixes may be for the time between them to
	// count as standing towards UnplannedAfter. Default 3 min: three reports of
	// the slowest trackers in use on the road, which send one a minute.
	MaxGap time.Duration
	// ArriveAfter is how long a device must stand at the stop that is to be
	// served next to have arrived. Default 20 s, the shortest hand-over at the
	// kerb.
	ArriveAfter time.Duration
	// ArriveRadiusMeters is how far from a stop a vehicle is left to serve it,
	// beyond the uncertainty of its own place and of the stop's. Default 40: on
	// the other side of the street, some doors on.
	ArriveRadiusMeters float64
	// DepotRadiusMeters is how far a depot reaches that says nothing of it, and
	// either end of a route. Default 150: a yard with the street in front.
	DepotRadiusMeters float64
	// UnplannedAfter is how long a device that follows a round may stand away
	// from stops, depots, breaks and the ends of its routes, as long as there
	// are stops ahead. What lies before the round begins does not count, nor,
	// where that is not known, the stay in which it took up the round. Default
	// 10 min.
	UnplannedAfter time.Duration
}

func (s *StaySettings) settings() []setting {
	return []setting{
		duration("min_stay_s", &s.MinStay, time.Minute, year),
		amount("stay_radius_m", &s.RadiusMeters, 30, maxSetting),
		amount("stroll_m", &s.StrollMeters, 80, maxSetting),
		duration("leave_after_s", &s.LeaveAfter, 20*time.Second, year),
		duration("stay_max_gap_s", &s.MaxGap, 3*time.Minute, year),
		duration("arrive_after_s", &s.ArriveAfter, 20*time.Second, year),
		amount("arrive_radius_m", &s.ArriveRadiusMeters, 40, maxSetting),
		amount("depot_radius_m", &s.DepotRadiusMeters, 150, maxSetting),
		duration("unplanned_after_s", &s.UnplannedAfter, 10*time.Minute, year),
	}
}

const (
	// pauseMeters is how far apart, beyond the accuracy of the fix, fixes of a
	// device that stands still are: a step or two, and the white part of the
	// error. Who walks needs 15 s for that and the usual accuracy, less than
	// pausing, so that no walk is a pause.
	pauseMeters = 10.0
	pausing     = 20 * time.Second
	// innerMeters is how far from the middle a device is that stands still: the
	// errors of neighbouring fixes are alike, so accuracy does not come in.
	innerMeters = 10.0
	// coarseMeters is the accuracy from which on a fix says nothing of whether
	// the device stands.
	coarseMeters = 100.0
	// departing is how long a device that leaves may take to the edge of the
	// stay, on foot and from a stroll at the utmost: the end is then dated where
	// it set out. Who takes longer was there.
	departing = Millis(120_000)
)

// motion is what is remembered of how the device moves, and of its stay.
type motion struct {
	gait gait
	// pause are the newest fixes since the device was last in a stay, as far
	// as they are near each other; no fixes for none.
	pause cluster
	standing
	report
	last stay // that was told of and is over; no fixes for none
}

// standing is the stay that goes on, or what may become one.
type standing struct {
	here cluster // no fixes for none
	// inner is the newest time at which the device stood in the middle of here,
	// close at which it may have done so for all that the accuracy says, about
	// at which it was within RadiusMeters.
	inner, close, about Millis
	// outs are the fixes since the newest that belongs to here, the first of
	// them at out.
	outs int
	out  Millis
}

// report is what has been told of the stay, and what is known for it.
type report struct {
	episode uint64 // 0 as long as it has not been told of
	stop    int    // the first of the round's stops that it is at, from 1; 0 for none
	away    bool   // a begin without a subject has been told
	lost    bool   // a stop that it was at has been taken off the round
	unsure  bool   // it may turn out to be at a stop
	warned  bool   // it has been called unplanned
	judged  bool   // whether it is planned has been looked up since looked
	looked  Millis // how long it had lasted when stops near it were looked up
}

// stay is where a device was while it did not travel.
type stay struct {
	episode      uint64 // 0 as long as it has not been told of
	since, until Millis // until: the newest fix that belongs to it
	center       spot   // the estimate of where it is
	// uncertainty is the radius around center, in metres, that holds the true
	// place with a probability of 68 %.
	uncertainty float64
	fixes       int
	weak        bool // all of them have FlagWeak
	stop        int  // of the round's stops, the first that it is at; -1 for none
}

// current is the stay that the newest fix belongs to. A pause of 20 s is one,
// though too short to be told of.
func (m *motion) current() (stay, bool) {
	if m.here.fixes == 0 || m.outs > 0 {
		return stay{}, false
	}
	return m.stay(), true
}

// recent is the current stay, or the last one that was told of.
func (m *motion) recent() (stay, bool) {
	switch {
	case m.here.fixes > 0 && (m.outs == 0 || m.episode != 0):
		return m.stay(), true
	case m.last.fixes > 0:
		return m.last, true
	}
	return stay{}, false
}

func (m *motion) stay() stay {
	c := &m.here
	return stay{
		episode: m.episode, since: c.since, until: c.until, center: newSpot(c.center.point()),
		uncertainty: c.uncertainty(), fixes: c.fixes, weak: c.weak, stop: m.stop - 1,
	}
}
