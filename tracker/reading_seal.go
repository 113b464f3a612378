package tracker

import (
	"encoding/binary"
	"slices"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// tamper is the type of event that a parcel gives that is opened while its seal
// is armed.
const tamper = "parcel.tamper"

const (
	// brightLux is more than gets into a closed parcel, and the least at which
	// faces can be made out (EN 12464-1). darkLux is what a parcel must be below
	// again before light counts anew.
	brightLux = 20
	darkLux   = 5
	// sealGap joins what happens to a seal within that time to one episode: a
	// lid that swings, and a late reading of the same opening.
	sealGap = firmware.Millis(10 * time.Minute / time.Millisecond)
	// keepSeals is how many episodes and changes of the seal's orders are kept,
	// for readings that come late.
	keepSeals = 8
)

// sealWatch finds what happens to a seal while it is armed: it is opened or cut,
// or light falls into the closed parcel. Of each episode it tells once.
//
// The seal is armed from when the device said that it had obeyed an order to arm
// it, to when the server wrote the order to release it, which counts once the
// device has said that it has obeyed that.
type sealWatch struct {
	orders   []sealOrder
	episodes []sealEpisode
	// told is how many episodes were.
	told uint64
	// ongoing: the newest reading belongs to the last episode.
	ongoing, bright bool
}

// sealOrder is an order that the device has obeyed.
type sealOrder struct {
	// at is from when on it counts, by the device's clock.
	at      firmware.Millis
	version uint32
	armed   bool
}

type sealEpisode struct {
	from, to firmware.Millis
}

// obey notes what the device says that it has done. Of orders that say the same
// one after the other, the first counts.
func (w *sealWatch) obey(a *Answer) {
	if a.order == firmware.SealAsItIs || a.Applied.Outcome == firmware.Refused {
		return
	}
	o := sealOrder{at: firmware.Millis(a.Time), version: a.Applied.Version, armed: a.order == firmware.SealArm}
	if !o.armed {
		// By the server's clock, which the device's may be behind.
		o.at = min(o.at, firmware.Millis(max(0, a.since-geofence.Millis(MaxAhead/time.Millisecond))))
	}
	next := slices.IndexFunc(w.orders, func(other sealOrder) bool { return other.version > o.version })
	if next < 0 {
		next = len(w.orders)
	}
	for _, i := range [...]int{next - 1, next} {
		if i >= 0 && i < len(w.orders) && w.orders[i].armed == o.armed {
			w.orders[i].at = min(w.orders[i].at, o.at)
			return
		}
	}
	w.ongoing = w.ongoing && next < len(w.orders)
	w.orders = slices.Insert(w.orders, next, o)
	if len(w.orders) > keepSeals {
		w.orders = slices.Delete(w.orders, 0, 1)
	}
}

// armed is the order by which the seal was armed at a time.
func (w *sealWatch) armed(at firmware.Millis) (o sealOrder, ok bool) {
	for _, o := range slices.Backward(w.orders) {
		if o.at <= at {
			return o, o.armed
		}
	}
	return sealOrder{}, false
}

// take looks at a reading of the seal or of light; s holds those before it.
func (w *sealWatch) take(x *firmware.Reading, s *senses, late bool, at place, o *outcome) {
	cause := w.cause(x, s, late)
	order, armed := w.armed(x.Time)
	switch {
	case cause == "" || !armed:
	case w.join(x.Time, order.at, late):
	default:
		w.told++
		w.remember(sealEpisode{x.Time, x.Time}, late)
		detail := map[string]any{"cause": cause, "armed_version": order.version}
		if x.Kind == firmware.Light {
			detail["light_lux"] = x.Value
		}
		o.sensed = append(o.sensed, at.event(tamper, w.told, x.Time, detail))
	}
	if !late {
		w.settle(x, s, armed && cause != "")
	}
}

// cause is what speaks for an opening, empty for nothing: a seal that is worse
// than it was, or light in a parcel that was dark and whose seal is not known to
// be open. Of a late reading, what was before it is not known.
func (w *sealWatch) cause(x *firmware.Reading, s *senses, late bool) string {
	seal := s.of(firmware.Seal)
	switch {
	case x.Kind == firmware.Light && (x.Value < brightLux || !late && w.bright || seal.Kind != 0 && seal.Value != firmware.SealClosed):
		return ""
	case x.Kind == firmware.Light:
		return "light"
	case x.Value == firmware.SealClosed || !late && seal.Kind != 0 && x.Value <= seal.Value:
		return ""
	case x.Value == firmware.SealCut:
		return "seal_cut"
	}
	return "seal_open"
}

// join adds a reading to an episode that it belongs to, of those since the seal
// was armed.
func (w *sealWatch) join(at, armed firmware.Millis, late bool) bool {
	for i := len(w.episodes) - 1; i >= 0; i-- {
		e := &w.episodes[i]
		open := w.ongoing && !late && i == len(w.episodes)-1
		if e.from >= armed && (open || at >= e.from-sealGap && at <= e.to+sealGap) {
			e.from, e.to = min(e.from, at), max(e.to, at)
			return true
		}
	}
	return false
}

// remember adds an episode, before the one that goes on if that is another.
func (w *sealWatch) remember(e sealEpisode, late bool) {
	at := len(w.episodes)
	if late && w.ongoing && at > 0 {
		at--
	}
	w.episodes = slices.Insert(w.episodes, at, e)
	if len(w.episodes) > keepSeals {
		w.episodes = slices.Delete(w.episodes, 0, 1)
	}
}

// settle notes how things stand after a reading that came in time.
func (w *sealWatch) settle(x *firmware.Reading, s *senses, opened bool) {
	closed := s.of(firmware.Seal).Value == firmware.SealClosed
	if x.Kind == firmware.Seal {
		closed = x.Value == firmware.SealClosed
	} else {
		w.bright = x.Value >= brightLux || w.bright && x.Value >= darkLux
		closed = closed && !w.bright
	}
	w.ongoing = (w.ongoing || opened) && !closed
	if n := len(w.episodes); w.ongoing && n > 0 {
		w.episodes[n-1].to = max(w.episodes[n-1].to, x.Time)
	}
}

// append writes: the orders (uvarint number, then of each varint time, uvarint
// version, byte 1 if armed), the episodes (uvarint number, then of each varint
// begin and end), uvarint episodes told, byte 1 if one goes on, byte 1 if there
// is light.
func (w *sealWatch) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(w.orders)))
	for _, o := range w.orders {
		b = append(binary.AppendUvarint(binary.AppendVarint(b, int64(o.at)), uint64(o.version)), bit(o.armed))
	}
	b = binary.AppendUvarint(b, uint64(len(w.episodes)))
	for _, e := range w.episodes {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(e.from)), int64(e.to))
	}
	return append(binary.AppendUvarint(b, w.told), bit(w.ongoing), bit(w.bright))
}

func (w *sealWatch) read(r *reader) {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		w.orders = append(w.orders, sealOrder{firmware.Millis(r.varint()), uint32(r.uvarint()), r.byte() == 1})
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		w.episodes = append(w.episodes, sealEpisode{firmware.Millis(r.varint()), firmware.Millis(r.varint())})
	}
	w.told, w.ongoing, w.bright = r.uvarint(), r.byte() == 1, r.byte() == 1
}
