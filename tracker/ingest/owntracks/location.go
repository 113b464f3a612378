package owntracks

import (
	"math"

	"wayguard/geofence"
	"wayguard/tracker"
)

// maxTST is the end of the year 9999 in Unix seconds, the latest time that can
// be shown. A tst in milliseconds, a common mistake, lies beyond it.
const maxTST = 253402300799

// otherType returns nil for a location, and what to say of any other message.
func (m *message) otherType() *tracker.Refusal {
	if m.bad.has(fieldType) {
		return tracker.Refuse(ReasonUnknownType, "_type must be one string")
	}
	switch m.kind {
	case typeLocation:
		return nil
	case "beacon", "card", "cmd", "configuration", "dump", "lwt", "request", "status", "steps", "transition", "waypoint", "waypoints":
		return tracker.Refuse(tracker.ReasonIgnored, "messages of type %s are not evaluated", m.kind)
	case "":
		return tracker.Refuse(ReasonUnknownType, "_type is missing")
	}
	return tracker.Refuse(ReasonUnknownType, "_type is none that OwnTracks has")
}

// fix reads a location by the rules of the package comment.
func (m *message) fix() (geofence.Fix, *tracker.Refusal) {
	if r := m.refused(); r != nil {
		return geofence.Fix{}, r
	}
	f := geofence.Fix{
		Time:  geofence.Millis(math.Floor(m.numbers[fieldTST] * 1000)),
		Point: [2]float64{m.numbers[fieldLon], m.numbers[fieldLat]},
	}
	if m.given.has(fieldAcc) {
		f.SetAccuracy(m.numbers[fieldAcc])
	}
	if m.given.has(fieldVel) {
		f.SetSpeed(m.numbers[fieldVel] / 3.6)
	}
	if m.given.has(fieldCog) {
		f.SetHeading(m.numbers[fieldCog])
	}
	if m.given.has(fieldAlt) && m.numbers[fieldVac] >= 0 {
		f.SetAltitude(m.numbers[fieldAlt])
	}
	return f, nil
}

// refused checks what must be right for a fix to mean anything.
func (m *message) refused() *tracker.Refusal {
	switch tst := m.numbers[fieldTST]; {
	case m.bad.has(fieldTST) || !m.given.has(fieldTST):
		return tracker.Refuse(ReasonTime, "tst, the time of the fix in Unix seconds, is missing or is not one number")
	case tst <= 0:
		return tracker.Refuse(ReasonTime, "tst, the time of the fix in Unix seconds, must be above 0")
	case tst > maxTST:
		return tracker.Refuse(ReasonTime, "tst, the time of the fix, is beyond the year 9999: it must be in seconds")
	}
	if r := m.refusedDegrees(fieldLat, "lat", 90); r != nil {
		return r
	}
	if r := m.refusedDegrees(fieldLon, "lon", 180); r != nil {
		return r
	}
	if m.bad != 0 {
		return tracker.Refuse(ReasonField, "acc, alt, vac, vel, cog and batt must each be one number or be left out, and nothing may stand there twice")
	}
	return nil
}

func (m *message) refusedDegrees(f field, name string, limit float64) *tracker.Refusal {
	if m.bad.has(f) || !m.given.has(f) {
		return tracker.Refuse(ReasonPosition, "%s is missing or is not one number", name)
	}
	if math.Abs(m.numbers[f]) > limit {
		return tracker.Refuse(ReasonPosition, "%s must be within -%g and %g degrees", name, limit, limit)
	}
	return nil
}

// battery is the charge in percent, nil if unknown.
func (m *message) battery() *uint8 {
	if !m.given.has(fieldBatt) {
		return nil
	}
	return tracker.Charge(m.numbers[fieldBatt])
}
