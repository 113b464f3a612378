package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// desiredBucket holds what is desired of each device, by id.
const desiredBucket = "desired"

// ErrBadDesired is wrapped by errors about states that no device can be in.
var ErrBadDesired = errors.New("bad desired state")

// Desired is what is desired of a device.
type Desired struct {
	// State is the newest version; Version 0 says that nothing ever was desired.
	// Issue is the one that the next frame will have.
	State firmware.Desired
	// Changed is when that version was written.
	Changed time.Time
	// Applied is what the device said of this or an earlier version, nil before
	// it did.
	Applied *Applied
}

// Applied is what a device said of a desired state.
type Applied struct {
	firmware.Applied
	// Time is when, by the device's clock; Received by that of the server.
	Time, Received time.Time
	// Firmware is the version that it said it runs, empty if it did not.
	Firmware string
}

// Behind reports whether the device has not answered the newest version.
func (d Desired) Behind() bool {
	return d.State.Version != 0 && (d.Applied == nil || d.Applied.Version != d.State.Version)
}

// desires are what is desired of all devices.
type desires struct {
	// turns let one edit of a device at a time through; devices share them.
	turns [shardCount]turn

	mu sync.RWMutex
	// stored are never changed once they are here.
	stored map[DeviceID]*storedDesired
	// sealed are the epochs of the secrets that devices have sent sealed reports
	// with, keys those of such devices.
	sealed map[DeviceID]uint64
	keys   map[DeviceID][]SealKey
	tell   []func(DeviceID)
}

// storedDesired is the record.
type storedDesired struct {
	State   firmware.Desired `json:"state"`
	Changed time.Time        `json:"changed"`
	// Registered is when the device was: nothing is desired of one that was
	// deleted and registered again.
	Registered time.Time `json:"registered"`
	// Seals are what the newest versions said of the seal, oldest first.
	Seals []storedSeal `json:"seals"`
}

// storedSeal is what a version says of the seal, and since when versions, one
// after the other, have said so.
type storedSeal struct {
	Version uint32               `json:"version"`
	Command firmware.SealCommand `json:"command"`
	Since   time.Time            `json:"since"`
}

// keepSealVersions is of how many versions it is remembered what they said: a
// device may answer one that it was sent before it was out of reach.
const keepSealVersions = 64

func loadDesires(store Store) (*desires, error) {
	d := &desires{
		stored: make(map[DeviceID]*storedDesired),
		sealed: make(map[DeviceID]uint64),
		keys:   make(map[DeviceID][]SealKey),
	}
	for i := range d.turns {
		d.turns[i] = newTurn()
	}
	err := eachRecord(store, desiredBucket, "", func(r Record) error {
		s := new(storedDesired)
		if err := json.Unmarshal(r.Value, s); err != nil {
			return fmt.Errorf("device %q: %w", r.Key, err)
		}
		d.stored[DeviceID(r.Key)] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is desired of devices: %w", err)
	}
	return d, nil
}

// with is s, which may be nil, with a state in place of its own.
func (s *storedDesired) with(state firmware.Desired, registered, now time.Time) *storedDesired {
	next := &storedDesired{State: state, Changed: now, Registered: registered}
	said := storedSeal{Version: state.Version, Command: state.Seal, Since: now}
	if s != nil {
		next.Seals = append(next.Seals, s.Seals[max(0, len(s.Seals)-keepSealVersions+1):]...)
		if n := len(s.Seals); n > 0 && s.Seals[n-1].Command == said.Command {
			said.Since = s.Seals[n-1].Since
		}
	}
	next.Seals = append(next.Seals, said)
	return next
}

// of is what is desired of a device, nil for nothing.
func (d *desires) of(id DeviceID, device *storedDevice) *storedDesired {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if s := d.stored[id]; s != nil && s.Registered.Equal(device.Created) {
		return s
	}
	return nil
}

// put replaces what is desired of a device, nil for nothing.
func (d *desires) put(id DeviceID, s *storedDesired) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s == nil {
		delete(d.stored, id)
		delete(d.sealed, id)
		delete(d.keys, id)
		return
	}
	d.stored[id] = s
}

// sealKeys are the keys that were kept of a device, and the epoch of the newest
// that it has used, 0 for none.
func (d *desires) sealKeys(id DeviceID) (keys []SealKey, used uint64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.keys[id], d.sealed[id]
}

func (d *desires) keepSealKeys(id DeviceID, keys []SealKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys[id] = keys
}

// OnDesired has fn called whenever there may be something to send to a device:
// what is desired of it has changed, or it has answered. fn must not block.
func (f *Fleet) OnDesired(fn func(DeviceID)) {
	f.desires.mu.Lock()
	defer f.desires.mu.Unlock()
	f.desires.tell = append(f.desires.tell, fn)
}

func (d *desires) announce(id DeviceID) {
	d.mu.RLock()
	tell := d.tell
	d.mu.RUnlock()
	for _, fn := range tell {
		fn(id)
	}
}

// Desired returns what is desired of a device. ok is false if it is not
// registered.
func (f *Fleet) Desired(id DeviceID) (d Desired, ok bool) {
	registered, ok := f.registry.get(id)
	if !ok {
		return Desired{}, false
	}
	if s := f.desires.of(id, &registered); s != nil {
		d.State, d.Changed = s.State, s.Changed
	}
	f.withSenses(id, func(s *senses) {
		if by := &s.standing; by.applied.Version != 0 {
			d.Applied = &Applied{by.applied, by.appliedAt.Time(), by.received.Time(), by.firmware}
		}
	})
	return d, true
}

// behind is how many devices have not answered what is desired of them.
func (f *Fleet) behind() (n int) {
	f.desires.mu.RLock()
	ids := slices.Collect(maps.Keys(f.desires.stored))
	f.desires.mu.RUnlock()
	for _, id := range ids {
		if d, ok := f.Desired(id); ok && d.Behind() {
			n++
		}
	}
	return n
}

// recall adds to a report's answer what the server knows of it.
func (f *Fleet) recall(r *Report) {
	a := r.Answer
	if a == nil {
		return
	}
	d, _ := f.registry.get(r.Device)
	a.since = a.Time
	s := f.desires.of(r.Device, &d)
	if s == nil || a.Applied.Version == 0 {
		return
	}
	for _, said := range s.Seals {
		if said.Version == a.Applied.Version {
			a.order, a.since = said.Command, geofence.MillisOf(said.Since)
		}
	}
}

// answered is called once an answer that says something new is durable.
func (f *Fleet) answered(id DeviceID) {
	f.withSenses(id, func(s *senses) { f.desires.seal(id, &s.standing) })
	f.desires.announce(id)
}

// seal notes with which secret a device has sealed reports.
func (d *desires) seal(id DeviceID, by *standing) {
	if by.sealed != 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.sealed[id] = by.sealed
	}
}

// lastVersion leaves room for a device that answers a version which this server
// never wrote.
const lastVersion = math.MaxUint32 - 1
