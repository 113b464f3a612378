package notify

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"wayguard/tracker"
)

// suppressedBucket holds a record for each address that nothing is sent to.
const suppressedBucket = "suppressed"

// Suppression says why nothing is sent to an address.
type Suppression struct {
	// Reason is for dispatch, such as "bounced (550)" or "asked to stop".
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Asked: its owner does not want any, and only its owner can change that.
	Asked bool `json:"asked,omitempty"`
}

// Suppressed are the addresses that nothing is sent to. It knows them by a keyed
// hash only, so that a wish not to be written to outlives the erasure of whoever
// had it. Its methods may be called from any goroutine.
type Suppressed struct {
	fleet *tracker.Fleet
	mu    sync.RWMutex
	by    map[string]Suppression
}

// OpenSuppressed reads what is stored.
func OpenSuppressed(fleet *tracker.Fleet) (*Suppressed, error) {
	s := &Suppressed{fleet: fleet, by: make(map[string]Suppression)}
	err := fleet.ScanRecords(suppressedBucket, "", func(r tracker.Record) error {
		var why Suppression
		if err := json.Unmarshal(r.Value, &why); err != nil {
			return err
		}
		s.by[r.Key] = why
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the suppressed addresses: %w", err)
	}
	return s, nil
}

func (s *Suppressed) key(channel Channel, address string) string {
	if channel == Email { // No server in use tells mailboxes apart by their case.
		address = strings.ToLower(address)
	}
	print := s.fleet.Fingerprint("suppressed "+string(channel), []byte(address))
	return string(channel) + "/" + hex.EncodeToString(print[:16])
}

// Add notes that nothing is to be sent to an address. What its owner asked for
// stays. When it returns nil that is durable. Errors wrap
// tracker.ErrUnavailable or ctx's.
func (s *Suppressed) Add(ctx context.Context, channel Channel, address string, why Suppression) error {
	return s.put(ctx, s.key(channel, address), why)
}

func (s *Suppressed) put(ctx context.Context, key string, why Suppression) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.by[key]; ok && was.Asked {
		return nil
	}
	value, err := json.Marshal(why)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := s.fleet.PutRecords(ctx, suppressedBucket, tracker.Record{Key: key, Value: value}); err != nil {
		return err
	}
	s.by[key] = why
	return nil
}

// Remove lets messages through again. Errors as of Add.
func (s *Suppressed) Remove(ctx context.Context, channel Channel, address string) error {
	return s.remove(ctx, s.key(channel, address))
}

func (s *Suppressed) remove(ctx context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.by[key]; !ok {
		return nil
	}
	if err := s.fleet.PutRecords(ctx, suppressedBucket, tracker.Record{Key: key}); err != nil {
		return err
	}
	delete(s.by, key)
	return nil
}

// Find tells whether nothing is sent to an address, and why.
func (s *Suppressed) Find(channel Channel, address string) (Suppression, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	why, ok := s.by[s.key(channel, address)]
	return why, ok
}
