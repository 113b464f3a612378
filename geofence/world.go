package geofence

import (
	"fmt"
	"iter"
	"slices"

	"github.com/paulmach/orb"
)

// World is an immutable set of fences with settings and a version. Any number
// of goroutines may use one at the same time. The zero World has no fences.
type World struct {
	version  uint64
	settings Settings // with the defaults filled in
	zones    roster
	index    index
	duties   duties
	threats  threats
	// addresses are the known ones, as fences; nil for none.
	addresses *World
	speeds    *SpeedModel // nil for none
	// crossFrom is from how many times its accuracy on a step may cross a fence,
	// or less where there was one that asked for less.
	crossFrom float64
}

// NewWorld validates and prepares fences and copies them. Worlds with
// different fences or settings need different versions: State knows a World by
// it. An error wraps one of the package's, and names the fence.
func NewWorld(version uint64, settings Settings, fences []Fence) (*World, error) {
	empty := &World{settings: settings}
	return empty.With(version, fences, nil)
}

// With is the World after some fences are put, in place of those with the same
// id if there are any, and some removed. Ids in remove that there are none of
// are ignored; what is both put and removed is put. Everything that stays is
// shared: a change of one fence costs some microseconds more than its check,
// whatever the number of fences. Errors as of NewWorld.
func (w *World) With(version uint64, put []Fence, remove []FenceID) (*World, error) {
	settings, err := w.settings.withDefaults()
	if err != nil {
		return nil, err
	}
	added := make([]*zone, 0, len(put))
	for _, f := range put {
		z, err := newZone(f)
		if err != nil {
			return nil, err
		}
		added = append(added, z.under(&settings))
	}
	slices.SortFunc(added, byID)
	for i := range added[min(1, len(added)):] {
		if added[i].fence.ID == added[i+1].fence.ID {
			return nil, fmt.Errorf("fence %q: %w", added[i].fence.ID, ErrDuplicate)
		}
	}
	zones, removed := w.zones.edit(added, remove)
	made := *w
	made.version, made.settings = version, settings
	made.crossFrom = settings.CrossMargin * 2 * steady
	if w.crossFrom > 0 {
		made.crossFrom = min(w.crossFrom, made.crossFrom)
	}
	for _, z := range added {
		made.crossFrom = min(made.crossFrom, z.thresholds.CrossMargin*2*steady)
	}
	made.threats = w.threats.edit(removed, added, w.duties.rounds)
	made.zones, made.index = zones, w.index.edit(removed, added)
	return &made, nil
}

// zone is the fence named id, nil if there is none.
func (w *World) zone(id FenceID) *zone { return w.zones.zone(id) }

// near appends to buffer the zones at least size metres wide that may lie
// within reach of s, in order of id, and tells whether narrower ones may.
func (w *World) near(s spot, reach, size float64, buffer []*zone) (zones []*zone, narrower bool) {
	return w.within(around(s, reach), size, buffer)
}

// within is near of all places in b.
func (w *World) within(b box, size float64, buffer []*zone) (zones []*zone, narrower bool) {
	zones, narrower = w.index.search(b, size, buffer)
	if len(zones) > 1 {
		slices.SortFunc(zones, byID)
		zones = slices.Compact(zones)
	}
	return zones, narrower
}

// Version is what the World was made with.
func (w *World) Version() uint64 { return w.version }

// Settings are what the World was made with, the defaults filled in.
func (w *World) Settings() Settings { return w.settings }

// Len is the number of fences.
func (w *World) Len() int { return w.zones.count }

// Has reports whether there is a fence of that id.
func (w *World) Has(id FenceID) bool { return w.zone(id) != nil }

// Fences are in order of id. Their polygons must not be changed.
func (w *World) Fences() iter.Seq[Fence] {
	return func(yield func(Fence) bool) {
		for z := range w.zones.all() {
			if !yield(z.fence) {
				return
			}
		}
	}
}

// Locate returns the fences that p lies in, boundary included, in order of id:
// exact geometry, as in raw mode, at any altitude. It returns none for a p that
// is not on the globe.
func (w *World) Locate(p orb.Point) []FenceID {
	if !onGlobe(p) {
		return nil
	}
	var ids []FenceID
	s := newSpot(p)
	zones, _ := w.near(s, 0, 0, nil)
	for _, z := range zones {
		if z.shape.locate(s) != outside {
			ids = append(ids, z.fence.ID)
		}
	}
	return ids
}
