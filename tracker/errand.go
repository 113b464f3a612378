package tracker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wayguard/geofence"
)

// errandBucket holds what the engine was told of devices, by version of the
// World, as dutyBucket does of rounds: ID, 0, version in hexadecimal. Null says
// that nothing is told any more.
//
// A vehicle's trackers have its maximum speed while it is on a round. A parcel's
// trackers are carried by the vehicle's first one while the parcel is aboard, and
// have the delivery as their destination as long as that has no outcome.
const errandBucket = "errands"

// storedErrand is one version.
type storedErrand struct {
	MaxSpeedMPS float64    `json:"max_speed_mps,omitempty"`
	Carrier     DeviceID   `json:"carrier,omitempty"`
	Destination DeliveryID `json:"destination,omitempty"`
}

// errandEdit is a version; device is zero but for its id where nothing was told.
type errandEdit struct {
	version uint64
	device  geofence.Device
}

func (e *errandEdit) none() bool { return e.device == geofence.Device{ID: e.device.ID} }

func (e *errandEdit) row() BucketRecord {
	value := []byte("null")
	if !e.none() {
		d := &e.device
		value, _ = json.Marshal(storedErrand{d.MaxSpeedMPS, DeviceID(d.Carrier), DeliveryID(d.Destination)}) // a number and words
	}
	return BucketRecord{Bucket: errandBucket, Record: Record{Key: e.key(), Value: value}}
}

func (e *errandEdit) key() string { return fmt.Sprintf("%s\x00%016x", e.device.ID, e.version) }

func parseErrand(r Record) (e errandEdit, err error) {
	id, hex, ok := strings.Cut(r.Key, "\x00")
	if e.version, err = strconv.ParseUint(hex, 16, 64); err != nil || !ok {
		return e, fmt.Errorf("%q: %w", r.Key, errDamaged)
	}
	var s storedErrand
	if err := json.Unmarshal(r.Value, &s); err != nil {
		return e, fmt.Errorf("%q: %w", r.Key, err)
	}
	e.device = geofence.Device{
		ID: geofence.DeviceID(id), MaxSpeedMPS: s.MaxSpeedMPS,
		Carrier: geofence.DeviceID(s.Carrier), Destination: geofence.StopID(s.Destination),
	}
	return e, nil
}

// loadErrands reads what the engine was told of devices, in order of version.
func loadErrands(store Store) (edits []errandEdit, err error) {
	err = eachRecord(store, errandBucket, "", func(r Record) error {
		e, err := parseErrand(r)
		edits = append(edits, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the devices' past: %w", err)
	}
	slices.SortFunc(edits, func(a, b errandEdit) int {
		return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.device.ID, b.device.ID))
	})
	return edits, nil
}

func (l *ledger) takeErrands() []errandEdit {
	errands := l.errands
	l.errands = nil
	return errands
}

// withErrands is a World after the edits of devices up to its version, the last
// one of each; first tells that no earlier World is needed.
func (h *worldHistory) withErrands(w *geofence.World, first bool) *geofence.World {
	last := make(map[geofence.DeviceID]errandEdit)
	supersede := func(e errandEdit) {
		if first {
			h.obsolete = append(h.obsolete, BucketRecord{Bucket: errandBucket, Record: Record{Key: e.key()}})
		}
	}
	for len(h.errands) > 0 && h.errands[0].version <= w.Version() {
		e := h.errands[0]
		h.errands = h.errands[1:]
		if before, ok := last[e.device.ID]; ok {
			supersede(before)
		}
		last[e.device.ID] = e
	}
	for _, e := range last {
		if e.none() {
			supersede(e)
		}
	}
	return tellDevices(w, w.Version(), slices.Collect(maps.Values(last)))
}

// tellDevices is w with a version and what edits say of devices.
func tellDevices(w *geofence.World, version uint64, edits []errandEdit) *geofence.World {
	if len(edits) == 0 {
		return w
	}
	var put []geofence.Device
	var remove []geofence.DeviceID
	for _, e := range edits {
		if e.none() {
			remove = append(remove, e.device.ID)
		} else {
			put = append(put, e.device)
		}
	}
	return w.WithDevices(version, put, remove)
}
