// Package geofence turns the positions of devices into facts: who entered,
// stayed, left or went through an area, who left the route or goes the wrong
// way, who stopped where, whether a parcel was left at the right door, when a
// stop will be reached, and which positions cannot be true.
//
// A World is an immutable set of fences, rounds, devices and known addresses,
// prepared for queries; NewWorld makes one, World.With and its like edit it. A
// State is what is remembered of one device. Step takes a World, a State and the
// device's next Fix, brings the State up to date and returns the events. Tick
// tells it the time, Accompany where its carrier is, Deliver that something was
// handed over. Where fixes come late, Reconcile compares what was told with what
// a run over all of them finds. Everything else serves these.
//
// The package promises that it is pure: it has no clock, goroutine, lock or
// I/O, and the same input gives the same output, bit for bit on one
// architecture. A World may be shared freely; a State belongs to one caller at
// a time. Nothing panics, whatever devices send, and no number that comes out
// is NaN or infinite. What people draw is checked before it is used: a Fence
// that Validate accepts has an inside.
//
// Places are longitude and latitude in degrees, distances metres on a sphere of
// EarthRadiusMeters. Where a point lies in relation to a polygon is decided
// exactly, boundary included; how far it is from the boundary is measured on a
// plane that touches the globe there, good to a fraction of a percent within
// some kilometres. Areas may cross the antimeridian, circles also the poles. A
// fence may be a polygon, a circle or a corridor along a line, each between two
// altitudes.
//
// Alerts are right before they are early: a fix is never treated as exact, see
// Settings and Thresholds. With Settings.Raw it is, for comparison with other
// systems, and nothing but fences is looked at.
//
// The layers, from the ground up: turn decides sides; outline is a planar
// boundary with its queries, path a line with its own; polygons, circle and
// corridor are shapes on the globe; zone is a prepared fence, round a prepared
// Round; index finds zones by place; evidence is what a fix says about a zone.
//
// A State has a part for each question, and a fix goes through them in turn:
// silence (was the device heard), guard (can the fix be true), relations and the
// trail (fences; the clearing spares most of the work), motion and tour (stays,
// and which of the round's stops have been called at), progress (how far along its route), forecast (when it will be
// where), escort (is the parcel with its vehicle), lookout (does the route lead into a
// hazard).
package geofence
