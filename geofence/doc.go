// Package geofence turns the positions of devices into facts about areas: who
// entered, who stayed, who left, who went through.
//
// A World is an immutable set of fences, prepared for queries; NewWorld makes
// one and World.With edits it. A State is what is remembered of one device.
// Step takes a World, a State and the device's next Fix, brings the State up to
// date and returns the events. Everything else serves these.
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
// Settings and Thresholds. With Settings.Raw it is, for comparison with other systems.
//
// The layers, from the ground up: turn decides sides; outline is a planar
// boundary with its queries; polygons, circle and corridor are shapes on the
// globe; zone is a prepared fence; index finds zones by place; evidence is what a
// fix says about a zone, relation what a State remembers of one, leg the way
// between two fixes.
package geofence
