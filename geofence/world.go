package geofence

import (
	"cmp"
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
	zones    []*zone  // in order of id
	index    index
	duties   duties
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
// shared, so that the cost is that of the change and a copy of one pointer for
// each fence. Errors as of NewWorld.
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
		added = append(added, z)
	}
	slices.SortFunc(added, byID)
	for i := range added[min(1, len(added)):] {
		if added[i].fence.ID == added[i+1].fence.ID {
			return nil, fmt.Errorf("fence %q: %w", added[i].fence.ID, ErrDuplicate)
		}
	}
	zones, removed := w.replace(added, remove)
	made := *w
	made.version, made.settings = version, settings
	made.zones, made.index = zones, w.index.edit(removed, added)
	return &made, nil
}

func byID(a, b *zone) int { return cmp.Compare(a.fence.ID, b.fence.ID) }

// replace is the zones of w with added, in order of id, and without the ids in
// remove; removed are those that are no longer there.
func (w *World) replace(added []*zone, remove []FenceID) (zones, removed []*zone) {
	gone := slices.Clone(remove)
	for _, z := range added {
		gone = append(gone, z.fence.ID)
	}
	slices.Sort(gone)
	zones = make([]*zone, 0, len(w.zones)+len(added))
	rest := w.zones
	upTo := func(id FenceID) (found bool) {
		n, found := find(rest, id)
		zones, rest = append(zones, rest[:n]...), rest[n:]
		return found
	}
	for _, id := range slices.Compact(gone) {
		if upTo(id) {
			removed, rest = append(removed, rest[0]), rest[1:]
		}
		if len(added) > 0 && added[0].fence.ID == id {
			zones, added = append(zones, added[0]), added[1:]
		}
	}
	return append(zones, rest...), removed
}

// find is where id stands or would stand in zones.
func find(zones []*zone, id FenceID) (int, bool) {
	return slices.BinarySearchFunc(zones, id, func(z *zone, id FenceID) int { return cmp.Compare(z.fence.ID, id) })
}

// zone is the fence named id, nil if there is none.
func (w *World) zone(id FenceID) *zone {
	if i, found := find(w.zones, id); found {
		return w.zones[i]
	}
	return nil
}

// near appends to buffer the zones at least size metres wide that may lie
// within reach of s, in order of id, and tells whether narrower ones may.
func (w *World) near(s spot, reach, size float64, buffer []*zone) (zones []*zone, narrower bool) {
	zones, narrower = w.index.search(around(s, reach), size, buffer)
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
func (w *World) Len() int { return len(w.zones) }

// Fences are in order of id. Their polygons must not be changed.
func (w *World) Fences() iter.Seq[Fence] {
	return func(yield func(Fence) bool) {
		for _, z := range w.zones {
			if !yield(z.fence) {
				return
			}
		}
	}
}

// Locate returns the fences that p lies in, boundary included, in order of id:
// exact geometry, as in raw mode. It returns none for a p that is not on the
// globe.
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
