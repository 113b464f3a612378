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
}

const deviceBucket = "devices"

// storedDevice is a device's record.
type storedDevice struct {
	Name    string    `json:"name,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	Created time.Time `json:"created"`
	// Secret is the keyed hash of the secret.
	Secret []byte `json:"secret"`
	// Generation counts the rotations of the secret.
	Generation uint32 `json:"generation,omitempty"`
}

// registry knows who may report.
type registry struct {
	editing turn
	key     secretKey

	mu      sync.RWMutex
	devices map[DeviceID]storedDevice
	// revoked are told of each device whose secret has become worthless.
	revoked []func(DeviceID)
	// users are the devices of each OwnTracks user.
	users map[string][]DeviceID

	keys *deviceKeys
}

func loadRegistry(store Store) (*registry, error) {
	r := &registry{editing: newTurn(), devices: make(map[DeviceID]storedDevice), users: make(map[string][]DeviceID)}
	var err error
	if r.key, err = loadSecretKey(store); err != nil {
		return nil, err
	}
	if r.keys, err = loadDeviceKeys(store); err != nil {
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

func (r *registry) put(id DeviceID, d storedDevice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.devices[id]; !known {
		user, _, _ := strings.Cut(string(id), ":")
		r.users[user] = append(r.users[user], id)
	}
	r.devices[id] = d
}

// OnRevoke has fn called whenever a device's secret is replaced or the device
// deleted, so that connections made with the old secret can be closed. fn must
// not block.
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

// CreateDevice registers a device and returns its secret, which cannot be had
// again: only a keyed hash is stored. Errors wrap ErrDeviceID, ErrExists,
// ErrUnavailable or ctx's.
func (f *Fleet) CreateDevice(ctx context.Context, d Device) (secret string, err error) {
	if _, err := ParseDeviceID(string(d.ID)); err != nil {
		return "", err
	}
	var made string // the edit's alone until it is done
	err = f.registry.editing.take(ctx, func(ctx context.Context) (err error) {
		if _, ok := f.registry.get(d.ID); ok {
			return fmt.Errorf("device %q %w", d.ID, ErrExists)
		}
		created := time.Now().UTC().Truncate(time.Millisecond)
		made, err = f.putDevice(ctx, d.ID, storedDevice{Name: d.Name, Kind: d.Kind, Created: created})
		return err
	})
	if err != nil {
		return "", err
	}
	return made, nil
}

// RotateSecret gives a device a new secret in place of the old. Errors wrap
// ErrNotFound, ErrUnavailable or ctx's.
func (f *Fleet) RotateSecret(ctx context.Context, id DeviceID) (secret string, err error) {
	var made string // the edit's alone until it is done
	err = f.registry.editing.take(ctx, func(ctx context.Context) (err error) {
		d, ok := f.registry.get(id)
		if !ok {
			return fmt.Errorf("device %q: %w", id, ErrNotFound)
		}
		d.Generation++
		made, err = f.putDevice(ctx, id, d)
		return err
	})
	if err != nil {
		return "", err
	}
	return made, nil
}

func (f *Fleet) putDevice(ctx context.Context, id DeviceID, d storedDevice) (secret string, err error) {
	secret = newSecret()
	d.Secret = f.registry.key.hash(secret)
	value, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode device %q: %w", id, err)
	}
	err = f.change(ctx, edit{
		records: []BucketRecord{{Bucket: deviceBucket, Record: Record{Key: string(id), Value: value}}},
		apply: func() {
			f.registry.put(id, d)
			f.registry.revoke(id)
		},
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// DeleteDevice revokes a device; its track and its events stay. Errors wrap
// ErrNotFound, ErrUnavailable or ctx's.
func (f *Fleet) DeleteDevice(ctx context.Context, id DeviceID) error {
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		if _, ok := f.registry.get(id); !ok {
			return fmt.Errorf("device %q: %w", id, ErrNotFound)
		}
		return f.change(ctx, edit{
			records: append(f.registry.keys.without(id), BucketRecord{Bucket: deviceBucket, Record: Record{Key: string(id)}}, dropDesired(id)),
			apply: func() {
				f.registry.remove(id)
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
	shown := Device{ID: id, Name: d.Name, Kind: d.Kind, Created: d.Created}
	if p, ok := f.live.position(id); ok {
		shown.Last = &p
	}
	return shown
}

// Authenticate finds the device for a user name and a secret. The name is a
// device's id or, as OwnTracks apps send it, the part before the colon: then
// the secret tells which of the user's devices it is.
func (f *Fleet) Authenticate(name, secret string) (DeviceID, bool) {
	r := f.registry
	hash := r.key.hash(secret)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if d, ok := r.devices[DeviceID(name)]; ok && equalHash(hash, d.Secret) {
		return DeviceID(name), true
	}
	for _, id := range r.users[name] {
		if equalHash(hash, r.devices[id].Secret) {
			return id, true
		}
	}
	return "", false
}
