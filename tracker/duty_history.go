package tracker

import (
	"cmp"
	"fmt"
	"slices"

	"wayguard/geofence"
)

// dutyEdit is a version of a round; round is nil where it was over.
type dutyEdit struct {
	id      RoundID
	version uint64
	round   *geofence.Round
}

// loadDuties reads what the engine was told of rounds, in order of version.
func loadDuties(store Store, keys *Keyring) (edits []dutyEdit, err error) {
	err = eachRecord(store, dutyBucket, "", func(r Record) error {
		id, version, err := parseDutyKey(r.Key)
		if err != nil {
			return err
		}
		round, err := keys.parseDuty(id, r)
		if err != nil {
			return fmt.Errorf("round %s: %w", id, err)
		}
		edits = append(edits, dutyEdit{id: id, version: version, round: round})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the rounds' past: %w", err)
	}
	slices.SortFunc(edits, func(a, b dutyEdit) int {
		return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.id, b.id))
	})
	return edits, nil
}

// withDuties is a World, which holds the fences of its version, after the edits
// of rounds up to that, the last one of each.
func (h *worldHistory) withDuties(w *geofence.World, first bool) (*geofence.World, error) {
	last := make(map[RoundID]dutyEdit)
	for len(h.duties) > 0 && h.duties[0].version <= w.Version() {
		e := h.duties[0]
		h.duties = h.duties[1:]
		if before, ok := last[e.id]; ok && first {
			h.supersedeDuty(before)
		}
		last[e.id] = e
	}
	if len(last) == 0 {
		return w, nil
	}
	var put []geofence.Round
	var remove []geofence.RoundID
	for id, e := range last {
		if e.round != nil {
			put = append(put, *e.round)
			continue
		}
		remove = append(remove, geofence.RoundID(id))
		if first {
			h.supersedeDuty(e)
		}
	}
	return w.WithRounds(w.Version(), put, remove)
}

// supersedeDuty notes a record that no World still to be made needs.
func (h *worldHistory) supersedeDuty(e dutyEdit) {
	h.obsolete = append(h.obsolete, BucketRecord{Bucket: dutyBucket, Record: Record{Key: dutyKey(e.id, e.version)}})
}
