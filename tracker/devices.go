package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrExists: there is a device with this id already.
var ErrExists = errors.New("exists already")

// Device is a registered tracker.
type Device struct {
	ID DeviceID
	// Name is for people; it may be empty.
	Name string
	// Kind is what carries it: van, bike, truck, drone, parcel, phone, or
	// empty.
	Kind string
	// Created is when it was registered.
	Created time.Time
	// Last is its newest position, nil before the first.
	Last *Position
	// Credential is how it signs in.
	Credential CredentialState
	// Limits are its own; zero fields stand for the server's.
	Limits DeviceLimits
	// Version is raised, from 1, by each change of what is set of it here, what it
	// signs in with included. What it reports is no change, nor what is desired.
	Version uint64
}

// DeviceLimits are how fast a device may report. Zero fields stand for the
// server's defaults.
type DeviceLimits struct {
	MessagesPerSecond float64 `json:"messages_per_s,omitzero"`
	BytesPerSecond    float64 `json:"bytes_per_s,omitzero"`
}

const deviceBucket = "devices"

// storedDevice is a device's record.
type storedDevice struct {
	Name    string    `json:"name,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	Created time.Time `json:"created"`
	storedCredential
	// Generation counts the credentials before the present one.
	Generation uint32 `json:"generation,omitempty"`
	// Old is what the last rotation replaced, while that still works.
	Old    *oldCredential `json:"old,omitempty"`
	Limits DeviceLimits   `json:"limits,omitzero"`
	// Edits counts the changes since it was registered.
	Edits uint64 `json:"edits,omitempty"`
}

func (d *storedDevice) version() uint64 { return d.Edits + 1 }

// registry knows who may report.
type registry struct {
	editing   turn
	key       secretKey
	authority *authority
	codes     *enrolCodes
	// outgrown are devices whose new credential was used while the old one
	// still worked.
	outgrown *outgrown

	mu      sync.RWMutex
	devices map[DeviceID]storedDevice
	// revoked are told of each device with a credential that has become
	// worthless.
	revoked []func(DeviceID)
	// users are the devices of each OwnTracks user.
	users map[string][]DeviceID

	keys *deviceKeys
}

func loadRegistry(store Store, keys *Keyring) (*registry, error) {
	r := &registry{
		editing: newTurn(), outgrown: newOutgrown(),
		devices: make(map[DeviceID]storedDevice), users: make(map[string][]DeviceID),
	}
	var err error
	if r.key, err = loadSecretKey(store, keys); err != nil {
		return nil, err
	}
	if r.authority, err = loadAuthority(store, keys); err != nil {
		return nil, err
	}
	if r.keys, err = loadDeviceKeys(store, keys); err != nil {
		return nil, err
	}
	if r.codes, err = loadEnrolCodes(store); err != nil {
		return nil, err
	}
	err = eachRecord(store, deviceBucket, "", func(rec Record) error {
		var d storedDevice
		if err := json.Unmarshal(rec.Value, &d); err != nil {
			return fmt.Errorf("device %q: %w", rec.Key, err)
		}
		r.put(DeviceID(rec.Key), d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the devices: %w", err)
	}
	return r, nil
}

func (r *registry) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.devices)
}

func (r *registry) get(id DeviceID) (storedDevice, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.devices[id]
	return d, ok
}

func (r *registry) has(id DeviceID) bool {
	_, ok := r.get(id)
	return ok
}

func (r *registry) put(id DeviceID, d storedDevice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.devices[id]; !known {
		user, _, _ := strings.Cut(string(id), ":")
		r.users[user] = append(r.users[user], id)
	}
	r.devices[id] = d
}

// OnRevoke has fn called whenever a credential of a device has ended: it was
// replaced, it expired, or the device was deleted. What signed in with it, which
// [Fleet.Holds] tells, is then to be closed. fn must not block.
func (f *Fleet) OnRevoke(fn func(DeviceID)) {
	f.registry.mu.Lock()
	defer f.registry.mu.Unlock()
	f.registry.revoked = append(f.registry.revoked, fn)
}

func (r *registry) revoke(id DeviceID) {
	r.mu.RLock()
	revoked := r.revoked
	r.mu.RUnlock()
	for _, fn := range revoked {
		fn(id)
	}
}

func (r *registry) remove(id DeviceID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.devices, id)
	user, _, _ := strings.Cut(string(id), ":")
	r.users[user] = slices.DeleteFunc(r.users[user], func(other DeviceID) bool { return other == id })
	if len(r.users[user]) == 0 {
		delete(r.users, user)
	}
}

// SetDeviceLimits replaces a device's own limits. seen is the version that the
// caller knows, or AnyVersion, here as below. Errors wrap ErrNotFound, ErrStale,
// ErrUnavailable or ctx's.
func (f *Fleet) SetDeviceLimits(ctx context.Context, id DeviceID, seen uint64, l DeviceLimits) error {
	return f.editDevice(ctx, id, seen, func(d *storedDevice) bool { d.Limits = l; return true })
}

// asSeen finds a device that is as the caller has seen it. Errors wrap ErrNotFound
// or ErrStale.
func (r *registry) asSeen(id DeviceID, seen uint64) (storedDevice, error) {
	d, ok := r.get(id)
	switch {
	case !ok:
		return d, fmt.Errorf("device %q: %w", id, ErrNotFound)
	case seen != AnyVersion && seen != d.version():
		return d, fmt.Errorf("device %q: %w", id, ErrStale)
	}
	return d, nil
}

// editDevice stores what edit makes of a device, unless edit returns false.
func (f *Fleet) editDevice(ctx context.Context, id DeviceID, seen uint64, edit func(*storedDevice) bool) error {
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		d, err := f.registry.asSeen(id, seen)
		if err != nil || !edit(&d) {
			return err
		}
		return f.changeDevice(ctx, id, d)
	})
}

// changeDevice is storeDevice of the next version of a device that is there.
func (f *Fleet) changeDevice(ctx context.Context, id DeviceID, d storedDevice, more ...BucketRecord) error {
	d.Edits++
	return f.storeDevice(ctx, id, d, more...)
}

// storeDevice writes d, and more records in the same transaction.
func (f *Fleet) storeDevice(ctx context.Context, id DeviceID, d storedDevice, more ...BucketRecord) error {
	value, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode device %q: %w", id, err)
	}
	return f.change(ctx, edit{
		records: append(more, BucketRecord{Bucket: deviceBucket, Record: Record{Key: string(id), Value: value}}),
		apply: func() {
			before, _ := f.registry.get(id)
			f.registry.put(id, d)
			if !d.keeps(before) {
				f.registry.revoke(id)
			}
		},
	})
}

// DeleteDevice revokes a device, and the enrolment codes that are for it alone;
// its track and its events stay. Errors wrap
// ErrNotFound, ErrStale, ErrUnavailable or ctx's.
func (f *Fleet) DeleteDevice(ctx context.Context, id DeviceID, seen uint64) error {
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		if _, err := f.registry.asSeen(id, seen); err != nil {
			return err
		}
		codes := f.registry.codes.of(id)
		return f.change(ctx, edit{
			records: append(append(f.registry.keys.without(id), deletions(codes)...),
				BucketRecord{Bucket: deviceBucket, Record: Record{Key: string(id)}}, dropDesired(id)),
			apply: func() {
				f.registry.remove(id)
				f.registry.codes.remove(codes...)
				f.registry.keys.forget(id)
				f.desires.put(id, nil)
				f.live.forget(id)
				f.registry.revoke(id)
			},
		})
	})
}

// Device returns one device.
func (f *Fleet) Device(id DeviceID) (Device, bool) {
	d, ok := f.registry.get(id)
	if !ok {
		return Device{}, false
	}
	return f.present(id, d), true
}

// Devices returns all devices in order of id.
func (f *Fleet) Devices() []Device {
	f.registry.mu.RLock()
	stored := maps.Clone(f.registry.devices)
	f.registry.mu.RUnlock()
	all := make([]Device, 0, len(stored))
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		all = append(all, f.present(id, stored[id]))
	}
	return all
}

func (f *Fleet) present(id DeviceID, d storedDevice) Device {
	shown := Device{ID: id, Name: d.Name, Kind: d.Kind, Created: d.Created, Credential: d.state(time.Now()), Limits: d.Limits, Version: d.version()}
	if p, ok := f.live.position(id); ok {
		shown.Last = &p
	}
	return shown
}

// DeviceLimits are a device's own; the zero value where it has none.
func (f *Fleet) DeviceLimits(id DeviceID) DeviceLimits {
	d, _ := f.registry.get(id)
	return d.Limits
}
