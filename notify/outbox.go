package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"wayguard/tracker"
)

// outbox reads and writes messages in the store.
type outbox struct {
	fleet   *tracker.Fleet
	keys    *tracker.Keyring
	bundles *bundles
}

// loadPage is how many records are read at once.
const loadPage = 512

// openOutbox finds the messages that others may still join: those that cannot
// have been tried.
func openOutbox(fleet *tracker.Fleet, keys *tracker.Keyring) (*outbox, error) {
	o := &outbox{fleet: fleet, keys: keys, bundles: newBundles()}
	if err := keys.Add(houseKey); err != nil {
		return nil, err
	}
	for _, c := range channels {
		after := string(c) + "/" + dueTime(o.now())
		err := o.eachDue(c, after, func(d dueItem) bool {
			if d.Bundle != nil {
				o.bundles.open[*d.Bundle] = d.id
			}
			return true
		})
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
	}
	return o, nil
}

// now is the time as the store keeps it.
func (o *outbox) now() time.Time { return o.fleet.Clock().Now().UTC().Truncate(time.Millisecond) }

// dueItem is a message that waits.
type dueItem struct {
	dueEntry
	key, id string
}

// eachDue calls fn with the messages of a channel behind a key, in the order in
// which they are due, until it returns false.
func (o *outbox) eachDue(c Channel, after string, fn func(dueItem) bool) error {
	for {
		page, err := o.fleet.Records(dueBucket, string(c)+"/", after, loadPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			d := dueItem{key: r.Key}
			if _, d.id, err = parseDueKey(r.Key); err != nil {
				return err
			}
			if json.Unmarshal(r.Value, &d.dueEntry) != nil {
				return fmt.Errorf("message %s: %w", d.id, errDamaged)
			}
			if !fn(d) {
				return nil
			}
		}
		if len(page) < loadPage {
			return nil
		}
		after = page[len(page)-1].Key
	}
}

// load returns a message; the error wraps tracker.ErrNotFound if there is none.
func (o *outbox) load(id string) (*Entry, error) {
	value, err := o.fleet.GetRecord(entryBucket, id)
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", id, err)
	}
	if value == nil {
		return nil, fmt.Errorf("message %q: %w", id, tracker.ErrNotFound)
	}
	return decodeEntry(id, value)
}

func decodeEntry(id string, value []byte) (*Entry, error) {
	e := new(Entry)
	if json.Unmarshal(value, e) != nil || len(e.Notices) == 0 || e.ID != id {
		return nil, fmt.Errorf("message %s: %w", id, errDamaged)
	}
	return e, nil
}
