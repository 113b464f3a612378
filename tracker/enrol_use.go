package tracker

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// enrolCodes are the codes of the store, by ID.
type enrolCodes struct {
	mu   sync.RWMutex
	byID map[string]storedCode
}

func loadEnrolCodes(store Store) (*enrolCodes, error) {
	c := &enrolCodes{byID: make(map[string]storedCode)}
	err := eachRecord(store, enrolBucket, "", func(rec Record) error {
		var stored storedCode
		if err := json.Unmarshal(rec.Value, &stored); err != nil {
			return fmt.Errorf("enrolment code %q: %w", rec.Key, err)
		}
		stored.Version = max(stored.Version, 1) // Old ones had none.
		c.byID[rec.Key] = stored
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the enrolment codes: %w", err)
	}
	return c, nil
}

// find compares with every code, so that the time it takes tells nothing.
func (c *enrolCodes) find(hash []byte, now time.Time) (found storedCode, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, stored := range c.byID {
		if equalHash(stored.Hash, hash) && now.Before(stored.Expires) {
			found, ok = stored, true
		}
	}
	return found, ok
}

// put keeps s, unless it is used up.
func (c *enrolCodes) put(s storedCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[s.ID] = s; s.Uses == 0 {
		delete(c.byID, s.ID)
	}
}

func (c *enrolCodes) remove(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		delete(c.byID, id)
	}
}

func (c *enrolCodes) get(id string) (s storedCode, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s, ok = c.byID[id]
	return s, ok
}

func (c *enrolCodes) expired(now time.Time) []string {
	return c.which(func(s storedCode) bool { return !now.Before(s.Expires) })
}

// of are those for one device.
func (c *enrolCodes) of(device DeviceID) []string {
	return c.which(func(s storedCode) bool { return s.Device == device })
}

func (c *enrolCodes) which(meant func(storedCode) bool) (ids []string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for id, stored := range c.byID {
		if meant(stored) {
			ids = append(ids, id)
		}
	}
	return ids
}

// open are those that can be used, the next to expire first.
func (c *enrolCodes) open(now time.Time) []EnrolCode {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make([]EnrolCode, 0, len(c.byID))
	for _, stored := range c.byID {
		if now.Before(stored.Expires) {
			all = append(all, stored.EnrolCode)
		}
	}
	slices.SortFunc(all, func(a, b EnrolCode) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Enrol uses a code, however it is typed, to give a device its credential. id
// may be empty: then it is that of the code, or one that begins with the code's
// prefix. The device, its credential and the use of the code become durable
// together or not at all, so a code never serves twice; where the answer is lost
// on the way, dispatch makes another code. ask.Grace does not count.
//
// Errors wrap ErrEnrolCode, ErrEnrolDevice, ErrExists, ErrDeviceID,
// ErrCertificateRequest, ErrUnavailable or ctx's; all of them leave the code as
// it was, unless ctx has ended.
func (f *Fleet) Enrol(ctx context.Context, code string, id DeviceID, ask Ask) (Credential, error) {
	hash := f.registry.key.hashCode(code)
	ask.Grace = 0
	return f.issuing(ctx, func(ctx context.Context, now time.Time) (Credential, error) {
		c, ok := f.registry.codes.find(hash, now)
		if !ok {
			return Credential{}, ErrEnrolCode
		}
		id, d, err := f.registry.enrols(c, id, now)
		if err != nil {
			return Credential{}, err
		}
		c.Uses, c.Version = c.Uses-1, c.Version+1
		row, err := c.row()
		if err != nil {
			return Credential{}, err
		}
		made, err := f.putCredential(ctx, id, d, ask, now, row)
		if err == nil {
			f.registry.codes.put(c)
		}
		return made, err
	})
}

// enrols is which device a code is used for, and its record before.
func (r *registry) enrols(c storedCode, id DeviceID, now time.Time) (DeviceID, storedDevice, error) {
	fresh := storedDevice{Name: c.Name, Kind: c.Kind, Created: now}
	if c.Device != "" {
		if id != "" && id != c.Device {
			return "", fresh, ErrEnrolDevice
		}
		if d, ok := r.get(c.Device); ok {
			fresh = d
		}
		return c.Device, fresh, nil
	}
	for id == "" {
		id = DeviceID(c.Prefix + strings.ToLower(randomText(6)))
		if _, ok := r.get(id); ok {
			id = ""
		}
	}
	if _, err := ParseDeviceID(string(id)); err != nil {
		return "", fresh, err
	}
	if !strings.HasPrefix(string(id), c.Prefix) {
		return "", fresh, fmt.Errorf("%w: the id must begin with %q", ErrEnrolDevice, c.Prefix)
	}
	if _, ok := r.get(id); ok {
		return "", fresh, fmt.Errorf("device %q %w", id, ErrExists)
	}
	return id, fresh, nil
}
