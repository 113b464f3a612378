package tracker

import (
	"encoding/binary"
	"slices"

	"wayguard/geofence"
)

// A hand-off is judged by the stay that it happened in, whenever it or the fixes
// of then arrive. One that is told while the device is where it was then is
// judged at once. One that comes late, when the device has gone on, waits for a
// review of the device from before it. One that is judged without the fixes of
// its time, since the device was out of reach for too long, is reviewed once they
// have come. A review takes such a hand-off behind the first fix that is not
// older, since that one is waited for where nothing is late.

// handoffOrder says how a hand-off stood to the fixes of its device.
type handoffOrder uint8

const (
	// toldInOrder: it was judged at its place, behind the newest fix.
	toldInOrder handoffOrder = iota
	// toldEarly: it was judged by older fixes alone.
	toldEarly
	// toldLate: nothing was told of it before a review.
	toldLate
)

// handoffPlace is where a hand-off belongs among the fixes of a device.
type handoffPlace struct {
	order handoffOrder
	// at is the place in the order of fixes: toldInOrder behind all that the engine
	// knew by then, else the time of the hand-off.
	at geofence.Millis
	// world is the version of the World in force when it was told.
	world uint64
}

// append writes: byte order, uvarint world. The key of the record has the rest.
func (p *handoffPlace) append(b []byte) []byte {
	return binary.AppendUvarint(append(b, byte(p.order)), p.world)
}

// placeHandoff finds the place of a hand-off that is told now.
func (t *track) placeHandoff(w *geofence.World, h *journaledHandoff) handoffPlace {
	p := handoffPlace{at: h.Time, world: w.Version()}
	switch {
	case h.Time > t.newest:
		p.order = toldEarly
	case !h.now && t.engine.Passed(w, h.Time):
		p.order = toldLate
	default:
		p.at = t.newest + 1
	}
	return p
}

// awaited is a hand-off of which the fixes are yet to come.
type awaited struct {
	at   geofence.Millis
	stop geofence.StopID
}

// maxAwaited bounds how many are remembered: more than anybody hands over in a
// day.
const maxAwaited = 1024

// await notes that the fixes of a hand-off are yet to come.
func (h *history) await(at geofence.Millis, stop geofence.StopID) {
	if len(h.awaited) == maxAwaited {
		h.awaited = slices.Delete(h.awaited, 0, 1)
	}
	h.awaited = append(h.awaited, awaited{at, stop})
}

// reach has hand-offs reviewed whose time the device has reached with a fix. One
// at a stop that is no longer on its round stands as it was judged.
func (t *track) reach(w *geofence.World, device DeviceID, at geofence.Millis, o *outcome) {
	h := &t.history
	h.awaited = slices.DeleteFunc(h.awaited, func(a awaited) bool {
		if a.at > at {
			return false
		}
		if w.Expects(geofence.DeviceID(device), a.stop) {
			t.outrun(a.at, o)
		}
		return true
	})
}

func appendAwaited(b []byte, all []awaited) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, a := range all {
		b = appendString(binary.AppendVarint(b, int64(a.at)), string(a.stop))
	}
	return b
}

func readAwaited(r *reader) (all []awaited) {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		all = append(all, awaited{geofence.Millis(r.varint()), geofence.StopID(r.string())})
	}
	return all
}

// handOffBefore takes the hand-offs whose place is before a fix, which is stepped
// under w: each under the World that it was told under, and so those whose stop
// was taken off the round before the fix came.
func (r *rerun) handOffBefore(worlds *recentWorlds, w *geofence.World, p *pastFix) {
	for len(r.handoffs) > 0 && r.handoffs[0].at <= p.Fix.Time {
		h := r.handoffs[0]
		gone := h.order == toldEarly && p.carrier == "" && !w.Expects(geofence.DeviceID(r.device), h.Stop)
		if h.order != toldInOrder && !gone {
			return
		}
		r.handOff(worlds.known(h.world, w), h)
		r.handoffs = r.handoffs[1:]
	}
}

// handOffBehind takes the hand-offs that are reviewed, behind the first fix that
// is not older.
func (r *rerun) handOffBehind(w *geofence.World, fix geofence.Millis) {
	for len(r.handoffs) > 0 && r.handoffs[0].at <= fix && r.handoffs[0].order != toldInOrder {
		r.handOff(w, r.handoffs[0])
		r.handoffs = r.handoffs[1:]
	}
}

// handOffRest takes the hand-offs behind all fixes.
func (r *rerun) handOffRest(worlds *recentWorlds) {
	list := worlds.all()
	for _, h := range r.handoffs {
		r.handOff(worlds.known(h.world, list[len(list)-1].world), h)
	}
	r.handoffs = nil
}
