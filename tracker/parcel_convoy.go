package tracker

import (
	"cmp"
	"slices"
	"time"

	"wayguard/geofence"
)

// convoy takes what carriers report to the devices that they carry: trackers of
// parcels in vehicles. In a batch the carriers are stepped first. Then each
// carried device takes its own fixes and the carrier's, both in order of time, so
// that it does not matter which devices share a batch. All of it follows from the
// journal, which says of each fix whether the engine believed it.
type convoy struct {
	world *geofence.World
	// rides are in order of device.
	rides []*ride
}

// ride is what a carrier's reports in one batch mean for one device.
type ride struct {
	device DeviceID
	// fixes are those that the engine believed and that the device has not taken,
	// in order of time.
	fixes []geofence.Fix
	// behind is the time of the earliest that came late, 0 for none.
	behind geofence.Millis
	outcome
}

func newConvoy(w *geofence.World) *convoy { return &convoy{world: w} }

// carried reports whether a device is carried by another.
func (c *convoy) carried(id DeviceID) bool {
	return c.world.Device(geofence.DeviceID(id)).Carrier != ""
}

// heed notes what was stored of a device's report, with what was said of each
// fix.
func (c *convoy) heed(id DeviceID, fixes []geofence.Fix, marks []Marks) {
	for _, aboard := range c.world.Aboard(geofence.DeviceID(id)) {
		x := c.ride(DeviceID(aboard))
		for i, f := range fixes {
			switch {
			case marks[i] == 0:
				x.fixes = append(x.fixes, f)
			case marks[i].reviewed():
				x.behind = earlier(x.behind, f.Time)
			}
		}
	}
}

func (c *convoy) ride(id DeviceID) *ride {
	i, found := c.find(id)
	if !found {
		c.rides = slices.Insert(c.rides, i, &ride{device: id})
	}
	return c.rides[i]
}

func (c *convoy) find(id DeviceID) (int, bool) {
	return slices.BinarySearchFunc(c.rides, id, func(x *ride, id DeviceID) int { return cmp.Compare(x.device, id) })
}

// takeAlong takes a report of a device that is carried, with what its carrier
// reported up to then.
func (s *shard) takeAlong(c *convoy, r *Report, seq uint64, read storedFixes) outcome {
	i, found := c.find(r.Device)
	if !found {
		return s.take(c.world, r, seq, read, nil)
	}
	o := s.take(c.world, r, seq, read, c.rides[i].fixes)
	c.rides[i].fixes = o.carrier
	return o
}

// ride has a device take what is left of its carrier's fixes.
func (s *shard) ride(w *geofence.World, x *ride, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tracks[x.device]
	if t == nil {
		return
	}
	s.stepped = seq
	x.carrier = x.fixes
	t.accompany(w, x.device, lastMillis, &x.outcome)
	if x.behind != 0 && x.behind < t.newest {
		t.outrun(x.behind, &x.outcome)
	}
}

// accompany takes the fixes of the carrier that are not later than until. Of a
// device that never said where it is, nothing can be said.
func (t *track) accompany(w *geofence.World, device DeviceID, until geofence.Millis, o *outcome) {
	for len(o.carrier) > 0 && o.carrier[0].Time <= until {
		f := o.carrier[0]
		o.carrier = o.carrier[1:]
		if t.newest == 0 {
			continue
		}
		if t.engine.Outrun(w, f.Time, true) {
			t.outrun(f.Time, o)
		}
		before := len(o.events)
		o.events = geofence.Accompany(w, &t.engine, f, o.events)
		t.note(device, o, before, placeOf(f.Time, t.newest))
		if v := t.history.review; v != nil {
			v.missed = append(v.missed, missedInput{world: w, fix: f, carrier: true})
		}
	}
}

// placeOf is the place of a carrier's fix in the order of a device's fixes: at
// its time, or behind the newest that it came after.
func placeOf(at, newest geofence.Millis) geofence.Millis { return max(at, newest+1) }

// outrun has the stretch from a time on run again, with the fixes of both, and
// hand-offs, in order of time: one came later than the other's were kept for, or
// later than a hand-off was judged.
func (t *track) outrun(at geofence.Millis, o *outcome) {
	t.history.miss(at)
	o.outrun = true
}

// addRides adds what became of devices by their carriers' reports.
func (f *Fleet) addRides(b *batch, e *entry, rides []*ride, now time.Time) error {
	for _, x := range rides {
		if x.late() {
			f.reviews.add(x.device, now)
		}
		if len(x.events) == 0 {
			continue
		}
		s := f.shard(x.device)
		s.mu.Lock()
		err := f.addFound(b, e, s.track(x.device), x.device, &x.outcome, now)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// replayAlong runs what a journal entry says of devices that are carried, and
// returns how many reports and events those were that no checkpoint covers.
func (f *Fleet) replayAlong(c *convoy, e *entry) (reports, events int) {
	for i := range e.reports {
		r := &e.reports[i]
		if s := f.shard(r.Device); c.carried(r.Device) && e.seq > s.saved {
			o := s.takeAlong(c, &r.Report, e.seq, nil)
			events += len(o.events) + len(o.sensed)
			reports++
		}
	}
	for _, x := range c.rides {
		if s := f.shard(x.device); e.seq > s.saved {
			s.ride(c.world, x, e.seq)
			events += len(x.events)
		}
	}
	return reports, events
}
