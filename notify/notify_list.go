package notify

import (
	"fmt"
	"strings"

	"wayguard/tracker"
)

// Filter selects messages; zero fields select all.
type Filter struct {
	State    State
	Channel  Channel
	Delivery tracker.DeliveryID
	// Before is the id that the page before ended with; empty for the newest.
	Before string
}

// listReads is how many messages are looked at for one page: a filter that few
// match must not read a month of them at once.
const listReads = 4096

func (f *Filter) matches(e *Entry) bool {
	return (f.State == "" || f.State == e.State) && (f.Channel == "" || f.Channel == e.Channel)
}

// index is where the ids of what may match are, and what stands before them.
func (f *Filter) index() (bucket, prefix string) {
	switch {
	case f.Delivery != "":
		return deliveryIndex, string(f.Delivery) + "/"
	case f.State == Dead:
		return deadBucket, ""
	}
	return entryBucket, ""
}

// List returns up to limit messages, the newest first, by the time of what they
// tell of. next is the Before of the next page, empty where there is none; a
// page before it may be short, or empty.
func (n *Notifier) List(f Filter, limit int) (found []*Entry, next string, err error) {
	bucket, prefix := f.index()
	after := ""
	if f.Before != "" {
		after = prefix + f.Before
	}
	for read := 0; read < listReads; {
		page, err := n.outbox.fleet.Records(bucket, prefix, after, min(loadPage, listReads-read))
		if err != nil {
			return nil, "", fmt.Errorf("list messages: %w", err)
		}
		for _, r := range page {
			id := strings.TrimPrefix(r.Key, prefix)
			e, err := n.outbox.listed(bucket, id, r.Value)
			if err != nil {
				return nil, "", err
			}
			if e != nil && f.matches(e) {
				found = append(found, e)
			}
			next, after, read = id, r.Key, read+1
			if len(found) == limit {
				return found, next, nil
			}
		}
		if len(page) == 0 {
			return found, "", nil
		}
	}
	return found, next, nil
}

// listed is a message as an index names it; nil where it has gone meanwhile.
func (o *outbox) listed(bucket, id string, value []byte) (*Entry, error) {
	if bucket == entryBucket {
		return decodeEntry(id, value)
	}
	value, err := o.fleet.GetRecord(entryBucket, id)
	if err != nil || value == nil {
		return nil, err
	}
	return decodeEntry(id, value)
}

// Find returns a message and what it said; sight is nil where nothing was
// composed yet, or somebody whom it concerns was erased. Errors wrap
// tracker.ErrNotFound.
func (n *Notifier) Find(id string) (e *Entry, sight *Sight, err error) {
	if e, err = n.outbox.load(id); err != nil {
		return nil, nil, err
	}
	sight = new(Sight)
	ok, err := n.outbox.open(e.Sealed, e.ID, entryBucket, sight)
	if err != nil || !ok {
		return e, nil, err
	}
	sight.HTML, err = n.recorder.mailbox.html(n.outbox, id)
	return e, sight, err
}
