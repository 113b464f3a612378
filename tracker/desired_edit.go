package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	firmware "wayguard/firmware-protocol"
)

// ChangeDesired replaces what is desired of a device by what edit makes of it,
// under the next version; Version, Issue and Time are not edit's to set. Edits of
// one device come one after the other; one that changes nothing makes no version.
// When it returns nil the new state is durable, and will be sent until the
// device has answered it, across restarts. Errors: that of edit, or one that
// wraps ErrNotFound, ErrBadDesired, ErrUnavailable or ctx's.
func (f *Fleet) ChangeDesired(ctx context.Context, id DeviceID, edit func(Desired) (firmware.Desired, error)) (Desired, error) {
	err := f.desires.turns[shardOf(id)].take(ctx, func(ctx context.Context) error {
		d, ok := f.Desired(id)
		if !ok {
			return fmt.Errorf("device %q: %w", id, ErrNotFound)
		}
		state, err := edit(d)
		if err != nil {
			return err
		}
		state.Version, state.Issue, state.Time = d.State.Version, d.State.Issue, d.State.Time
		if sameState(&state, &d.State) {
			return nil
		}
		return f.writeVersion(ctx, id, &d, state)
	})
	d, _ := f.Desired(id)
	return d, err
}

func sameState(a, b *firmware.Desired) bool {
	x, y := *a, *b
	x.Update, y.Update = nil, nil
	return x == y && (a.Update == nil) == (b.Update == nil) && (a.Update == nil || *a.Update == *b.Update)
}

// writeVersion stores state as the version after d and after all that the device
// has answered.
func (f *Fleet) writeVersion(ctx context.Context, id DeviceID, d *Desired, state firmware.Desired) error {
	last := d.State.Version
	if d.Applied != nil {
		last = max(last, d.Applied.Version)
	}
	if last >= lastVersion {
		return fmt.Errorf("%w: the device says that it has the last version there can be; register it anew", ErrBadDesired)
	}
	state.Version, state.Issue, state.Time = last+1, 0, 0
	now := f.clock.Now().UTC().Truncate(time.Millisecond)
	device, _ := f.registry.get(id)
	return f.putDesired(ctx, id, f.desires.of(id, &device).with(state, device.Created, now), true)
}

// putDesired stores s, and tells of it if it is news.
func (f *Fleet) putDesired(ctx context.Context, id DeviceID, s *storedDesired, news bool) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadDesired, err)
	}
	return f.change(ctx, edit{
		records: []BucketRecord{{Bucket: desiredBucket, Record: Record{Key: string(id), Value: value}}},
		apply: func() {
			if _, known := f.registry.get(id); !known {
				return
			}
			f.desires.put(id, s)
			if news {
				f.desires.announce(id)
			}
		},
	})
}

// IssueDesired writes what is desired of a device anew, to be sent to it: in the
// form that it speaks, and sealed if it seals. payload is nil if there is nothing
// to send, as the device has answered the newest version. When it returns nil
// the number of the issue is durable, so that no two payloads ever share version
// and issue. Errors wrap ErrNotFound, ErrUnavailable or ctx's.
func (f *Fleet) IssueDesired(ctx context.Context, id DeviceID) (payload []byte, err error) {
	var made []byte // the edit's alone until it is done
	err = f.desires.turns[shardOf(id)].take(ctx, func(ctx context.Context) (err error) {
		d, ok := f.Desired(id)
		if !ok {
			return fmt.Errorf("device %q: %w", id, ErrNotFound)
		}
		if !d.Behind() {
			return nil
		}
		if d.Applied != nil && d.Applied.Version > d.State.Version || d.State.Issue == lastVersion {
			// The device would take it for an old one.
			if err := f.writeVersion(ctx, id, &d, d.State); err != nil {
				return err
			}
		}
		made, err = f.nextIssue(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// nextIssue makes the number of the next issue durable and writes that.
func (f *Fleet) nextIssue(ctx context.Context, id DeviceID) ([]byte, error) {
	device, _ := f.registry.get(id)
	s := f.desires.of(id, &device)
	if s == nil {
		return nil, fmt.Errorf("device %q: %w", id, ErrNotFound)
	}
	next := *s
	next.State.Issue++
	if err := f.putDesired(ctx, id, &next, false); err != nil {
		return nil, err
	}
	state := s.State
	state.Time = firmware.Millis(f.clock.Now().UnixMilli())
	return f.frame(id, &state)
}

// frame is a desired state as the device reads it.
func (f *Fleet) frame(id DeviceID, state *firmware.Desired) ([]byte, error) {
	json := false
	f.withSenses(id, func(s *senses) { json = s.standing.json })
	key, err := f.downKey(id)
	switch {
	case err != nil:
		return nil, err
	case key != nil:
		return state.Append(nil, key, firmware.Authenticated)
	case json:
		return state.MarshalJSON()
	}
	return state.Append(nil, nil, firmware.Plain)
}

// dropDesired is what deletes what is desired of a device.
func dropDesired(id DeviceID) BucketRecord {
	return BucketRecord{Bucket: desiredBucket, Record: Record{Key: string(id)}}
}
