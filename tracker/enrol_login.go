package tracker

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Login is a device that has proved itself, and with what. The zero value is
// nobody's.
type Login struct {
	Device   DeviceID
	evidence evidence
}

// SignIn finds the device for a user name and a secret. The name is a device's
// id or, as OwnTracks apps send it, the part before the colon: then the secret
// tells which of the user's devices it is.
func (f *Fleet) SignIn(name, secret string) (Login, bool) {
	r := f.registry
	e := evidence{secret: r.key.hash(secret)}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.admits(DeviceID(name), e) {
		return Login{DeviceID(name), e}, true
	}
	for _, id := range r.users[name] {
		if r.admits(id, e) {
			return Login{id, e}, true
		}
	}
	return Login{}, false
}

// SignInCertificate finds the device of a client certificate. The caller has
// verified it against [Fleet.DeviceAuthority]; whether it is still in force is
// found out here.
func (f *Fleet) SignInCertificate(c *x509.Certificate) (Login, bool) {
	l := Login{DeviceID(c.Subject.CommonName), evidence{serial: c.SerialNumber.Bytes()}}
	f.registry.mu.RLock()
	defer f.registry.mu.RUnlock()
	if !f.registry.admits(l.Device, l.evidence) {
		return Login{}, false
	}
	return l, true
}

// Authenticate is SignIn for a single request.
func (f *Fleet) Authenticate(name, secret string) (DeviceID, bool) {
	l, ok := f.SignIn(name, secret)
	return l.Device, ok
}

// Holds reports whether l still proves the device: its credential was neither
// replaced nor has it expired, and the device was not deleted.
func (f *Fleet) Holds(l Login) bool {
	d, ok := f.registry.get(l.Device)
	if !ok {
		return false
	}
	_, ok = d.accepts(l.evidence, time.Now())
	return ok
}

// inUse is a device as of the credential that it has: in a grace that is the old
// one, until the new one was used.
func (r *registry) inUse(id DeviceID) (storedDevice, bool) {
	d, ok := r.get(id)
	if ok && d.Old != nil && time.Now().Before(d.Old.Until) && !r.outgrown.has(id) {
		d.Generation = d.Old.Generation
	}
	return d, ok
}

// admits reports whether e is a device's; it notes the first use of a new
// credential. r.mu is held.
func (r *registry) admits(id DeviceID, e evidence) bool {
	d, ok := r.devices[id]
	if !ok {
		return false
	}
	newest, ok := d.accepts(e, time.Now())
	if newest && d.Old != nil {
		r.outgrown.add(id)
	}
	return ok
}

// outgrown are the devices whose new credential was used while the old one still
// worked, until that is stored.
type outgrown struct {
	// more has an element where there may be a new one.
	more chan struct{}
	mu   sync.Mutex
	ids  map[DeviceID]struct{}
}

func newOutgrown() *outgrown {
	return &outgrown{more: make(chan struct{}, 1), ids: make(map[DeviceID]struct{})}
}

func (o *outgrown) add(id DeviceID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids[id] = struct{}{}
	select {
	case o.more <- struct{}{}:
	default:
	}
}

func (o *outgrown) has(id DeviceID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.ids[id]
	return ok
}

func (o *outgrown) remove(id DeviceID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.ids, id)
}

func (o *outgrown) all() []DeviceID {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.ids))
}

// retireEvery is how much longer than its time an expired credential may keep
// an open connection.
const retireEvery = 10 * time.Second

// retireAll ends what rotations left in force, once it is no longer wanted,
// until ctx ends.
func (f *Fleet) retireAll(ctx context.Context) {
	tick := time.NewTicker(retireEvery)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.registry.outgrown.more:
		case <-tick.C:
			now := time.Now()
			old, expired := f.registry.ended(last, now)
			for _, id := range old {
				f.retire(ctx, id, func(d storedDevice) bool { return !now.Before(d.Old.Until) })
			}
			for _, id := range expired {
				f.registry.revoke(id)
			}
			last = now
		}
		for _, id := range f.registry.outgrown.all() {
			f.retire(ctx, id, func(storedDevice) bool { return f.registry.outgrown.has(id) })
		}
	}
}

// retire forgets a device's old credential, if that is still over: the device
// may have been rotated again. Where the store does not take it for the moment,
// the next tick tries again.
func (f *Fleet) retire(ctx context.Context, id DeviceID, over func(storedDevice) bool) {
	err := f.editDevice(ctx, id, AnyVersion, func(d *storedDevice) bool {
		if d.Old == nil || !over(*d) {
			return false
		}
		d.Old = nil
		return true
	})
	switch {
	case err == nil, errors.Is(err, ErrNotFound):
		f.registry.outgrown.remove(id)
	case ctx.Err() == nil && !errors.Is(err, ErrUnavailable):
		f.log.Error("an old credential could not be removed", "device", id, "error", err)
	}
}

// ended are the devices whose old credential has run out, and those whose
// certificate expired after since.
func (r *registry) ended(since, now time.Time) (old, expired []DeviceID) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for id, d := range r.devices {
		if d.Old != nil && !now.Before(d.Old.Until) {
			old = append(old, id)
		}
		if d.Serial != nil && since.Before(d.Expires) && !now.Before(d.Expires) {
			expired = append(expired, id)
		}
	}
	return old, expired
}
