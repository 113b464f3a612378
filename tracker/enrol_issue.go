package tracker

import (
	"context"
	"fmt"
	"time"
)

// AddDevice registers a device and returns its credential, which cannot be had
// again: only a keyed hash of a secret is stored, and no private key. Of d, what
// is set by the fleet is ignored. Errors wrap ErrDeviceID, ErrExists,
// ErrCertificateRequest, ErrUnavailable or ctx's.
func (f *Fleet) AddDevice(ctx context.Context, d Device, ask Ask) (Credential, error) {
	if _, err := ParseDeviceID(string(d.ID)); err != nil {
		return Credential{}, err
	}
	return f.issuing(ctx, func(ctx context.Context, now time.Time) (Credential, error) {
		if _, ok := f.registry.get(d.ID); ok {
			return Credential{}, fmt.Errorf("device %q %w", d.ID, ErrExists)
		}
		ask.Grace = 0
		stored := storedDevice{Name: d.Name, Kind: d.Kind, Created: now, Limits: d.Limits}
		return f.putCredential(ctx, d.ID, stored, ask, now)
	})
}

// CreateDevice is AddDevice for a device with a secret, which it returns.
func (f *Fleet) CreateDevice(ctx context.Context, d Device) (secret string, err error) {
	made, err := f.AddDevice(ctx, d, Ask{})
	return made.Secret, err
}

// Renew gives a device a new credential in place of the one it has, which goes
// on working only as long as ask.Grace says. Errors wrap ErrNotFound, ErrStale,
// ErrCertificateRequest, ErrUnavailable or ctx's.
func (f *Fleet) Renew(ctx context.Context, id DeviceID, ask Ask) (Credential, error) {
	return f.issuing(ctx, func(ctx context.Context, now time.Time) (Credential, error) {
		d, err := f.registry.asSeen(id, ask.Seen)
		if err != nil {
			return Credential{}, err
		}
		if f.registry.outgrown.has(id) {
			d.Old = nil
		}
		made, err := f.putCredential(ctx, id, d, ask, now)
		if err == nil {
			f.registry.outgrown.remove(id)
		}
		return made, err
	})
}

// RotateSecret is Renew for a secret, which it returns, without grace.
func (f *Fleet) RotateSecret(ctx context.Context, id DeviceID) (secret string, err error) {
	made, err := f.Renew(ctx, id, Ask{})
	return made.Secret, err
}

// issuing has one credential issued at a time. The outcome is only read once
// issue is done.
func (f *Fleet) issuing(ctx context.Context, issue func(context.Context, time.Time) (Credential, error)) (Credential, error) {
	var made Credential
	err := f.registry.editing.take(ctx, func(ctx context.Context) (err error) {
		made, err = issue(ctx, time.Now().UTC().Truncate(time.Millisecond))
		return err
	})
	if err != nil {
		return Credential{}, err
	}
	return made, nil
}

// putCredential makes what is asked for and stores d with it, and more records
// in the same transaction.
func (f *Fleet) putCredential(ctx context.Context, id DeviceID, d storedDevice, ask Ask, now time.Time, more ...BucketRecord) (Credential, error) {
	made, stored, err := f.registry.issue(id, ask, now)
	if err != nil {
		return Credential{}, err
	}
	d = d.renewed(stored, ask.Grace, now)
	if made.FrameSecret, err = f.deriveFrameSecret(id, &d); err != nil {
		return Credential{}, fmt.Errorf("derive the frame secret of device %q: %w", id, err)
	}
	if err := f.storeDevice(ctx, id, d, more...); err != nil {
		return Credential{}, err
	}
	return made, nil
}

func (r *registry) issue(id DeviceID, ask Ask, now time.Time) (Credential, storedCredential, error) {
	if !ask.Certificate {
		secret := newSecret()
		return Credential{Device: id, Secret: secret}, storedCredential{Secret: r.key.hash(secret)}, nil
	}
	c, serial, err := r.authority.issue(id, ask, now)
	if err != nil {
		return Credential{}, storedCredential{}, err
	}
	return Credential{Device: id, Certificate: c}, storedCredential{Serial: serial, Expires: c.Expires}, nil
}
