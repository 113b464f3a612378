package geofence

import (
	"cmp"
	"iter"
	"slices"
)

// roster holds zones in order of id. It is never changed: edit makes another
// one that shares the pages that stay as they are.
type roster struct {
	pages [][]*zone // none empty
	count int
}

// rosterPage is how many zones a new page has; one is cut up at twice as many.
const rosterPage = 256

func byID(a, b *zone) int { return cmp.Compare(a.fence.ID, b.fence.ID) }

// all are the zones in order of id.
func (r *roster) all() iter.Seq[*zone] {
	return func(yield func(*zone) bool) {
		for _, page := range r.pages {
			for _, z := range page {
				if !yield(z) {
					return
				}
			}
		}
	}
}

// zone is the one named id, nil if there is none.
func (r *roster) zone(id FenceID) *zone {
	if len(r.pages) == 0 {
		return nil
	}
	page := r.pages[r.page(id)]
	if i, found := find(page, id); found {
		return page[i]
	}
	return nil
}

// page is which page id stands or would stand on.
func (r *roster) page(id FenceID) int {
	i, found := slices.BinarySearchFunc(r.pages, id, func(page []*zone, id FenceID) int {
		return cmp.Compare(page[0].fence.ID, id)
	})
	if found || i == 0 {
		return i
	}
	return i - 1
}

// find is where id stands or would stand in zones.
func find(zones []*zone, id FenceID) (int, bool) {
	return slices.BinarySearchFunc(zones, id, func(z *zone, id FenceID) int { return cmp.Compare(z.fence.ID, id) })
}

// edit is r with added, which are in order of id, and without the ids in
// remove; removed are those that are no longer there.
func (r *roster) edit(added []*zone, remove []FenceID) (made roster, removed []*zone) {
	gone := slices.Clone(remove)
	for _, z := range added {
		gone = append(gone, z.fence.ID)
	}
	slices.Sort(gone)
	gone = slices.Compact(gone)
	made.count = r.count
	made.pages = make([][]*zone, 0, len(r.pages)+1)
	next := 0
	for len(gone) > 0 {
		at, page, here := r.page(gone[0]), []*zone(nil), len(gone)
		if at < len(r.pages) {
			page = r.pages[at]
		}
		if at+1 < len(r.pages) {
			here, _ = slices.BinarySearch(gone, r.pages[at+1][0].fence.ID)
		}
		var zones, old []*zone
		zones, old, added = replace(page, added, gone[:here])
		removed, gone = append(removed, old...), gone[here:]
		made.count += len(zones) - len(page)
		made.pages = append(made.pages, r.pages[min(next, len(r.pages)):min(at, len(r.pages))]...)
		made.append(zones)
		next = at + 1
	}
	made.pages = append(made.pages, r.pages[min(next, len(r.pages)):]...)
	return made, removed
}

// append adds a page, or some.
func (r *roster) append(zones []*zone) {
	if len(zones) > 2*rosterPage {
		r.pages = slices.AppendSeq(r.pages, slices.Chunk(zones, rosterPage))
	} else if len(zones) > 0 {
		r.pages = append(r.pages, zones)
	}
}

// replace is a copy of zones without the ids in gone, and with those of added
// that are named so; rest are the others of added.
func replace(zones, added []*zone, gone []FenceID) (kept, removed, rest []*zone) {
	kept = make([]*zone, 0, len(zones)+min(len(added), len(gone)))
	for _, id := range gone {
		n, found := find(zones, id)
		kept, zones = append(kept, zones[:n]...), zones[n:]
		if found {
			removed, zones = append(removed, zones[0]), zones[1:]
		}
		if len(added) > 0 && added[0].fence.ID == id {
			kept, added = append(kept, added[0]), added[1:]
		}
	}
	return append(kept, zones...), removed, added
}
