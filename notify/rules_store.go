package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"wayguard/tracker"
)

// The settings are one record. Whom they name is sealed under a key of that
// record alone, so that with the next one nobody can read it any more.
const (
	settingsBucket = "notify"
	settingsKey    = "settings"
	settingsSeal   = settingsBucket + "/" + settingsKey
)

// storedSettings is the record.
type storedSettings struct {
	Version uint64    `json:"version"`
	Updated time.Time `json:"updated"`
	// Key sealed it; Previous sealed the record before, and may still be there.
	Key      tracker.KeyID `json:"key"`
	Previous tracker.KeyID `json:"previous,omitempty"`
	Plain    Settings      `json:"plain"`
	Sealed   []byte        `json:"sealed"`
}

// named is what is personal in settings.
type named struct {
	Contacts []StaffContact   `json:"contacts"`
	Partners []PartnerContact `json:"partners"`
}

// inForce is settings with their place among all that were.
type inForce struct {
	Settings
	version uint64
	key     tracker.KeyID
}

// firstVersion is that of the defaults.
const firstVersion = 1

// load reads the settings, the defaults where none are stored.
func (r *Rules) load() error {
	r.settings.Store(&inForce{version: firstVersion})
	value, err := r.fleet.GetRecord(settingsBucket, settingsKey)
	if err != nil || value == nil {
		return err
	}
	var s storedSettings
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	if r.keys == nil {
		return tracker.ErrNoKeyring
	}
	plain, err := r.keys.Open(s.Key, settingsSeal, s.Sealed)
	if err != nil {
		return err
	}
	var who named
	if err := json.Unmarshal(plain, &who); err != nil {
		return err
	}
	s.Plain.Contacts, s.Plain.Partners = who.Contacts, who.Partners
	r.settings.Store(&inForce{s.Plain, s.Version, s.Key})
	return r.forget(s.Previous)
}

func (r *Rules) forget(key tracker.KeyID) error {
	if key == "" {
		return nil
	}
	return r.keys.Remove(key)
}

// Settings returns what is in force, and its version. Its slices and maps are
// shared: do not change them.
func (r *Rules) Settings() (Settings, uint64) {
	s := r.settings.Load()
	return s.Settings, s.version
}

// Change puts settings in force, and returns them as they are kept, with their
// version. seen is the version that they build on, or tracker.AnyVersion. When
// it returns nil they are durable. Errors are a *tracker.MemberError, or wrap
// tracker.ErrStale, tracker.ErrNoKeyring, tracker.ErrUnavailable or ctx's.
func (r *Rules) Change(ctx context.Context, seen uint64, s Settings) (Settings, uint64, error) {
	if err := s.normalize(); err != nil {
		return Settings{}, 0, err
	}
	if r.keys == nil {
		return Settings{}, 0, tracker.ErrNoKeyring
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	before := r.settings.Load()
	if seen != tracker.AnyVersion && seen != before.version {
		return Settings{}, 0, fmt.Errorf("settings of notifications: %w", tracker.ErrStale)
	}
	version, err := r.replace(ctx, before, s)
	if err != nil {
		return Settings{}, 0, err
	}
	return s, version, nil
}

// Introduce adds a contact, unless there is one by its id. Errors as of Change,
// but tracker.ErrStale.
func (r *Rules) Introduce(ctx context.Context, c StaffContact) error {
	if r.keys == nil {
		return tracker.ErrNoKeyring
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	before := r.settings.Load()
	s := before.Settings
	if _, known := s.contact(c.ID); known {
		return nil
	}
	s.Contacts = append(slices.Clone(s.Contacts), c)
	if err := s.normalize(); err != nil {
		return err
	}
	_, err := r.replace(ctx, before, s)
	return err
}

// replace puts settings that are right in force; changing is held.
func (r *Rules) replace(ctx context.Context, before *inForce, s Settings) (version uint64, err error) {
	next := &inForce{s, before.version + 1, tracker.KeyID(uuid.NewString())}
	if err := r.keep(ctx, next, before.key); err != nil {
		return 0, err
	}
	r.settings.Store(next)
	return next.version, nil
}

// keep makes settings durable, then destroys the key of those before. A key
// that cannot be destroyed now is at the next start.
func (r *Rules) keep(ctx context.Context, s *inForce, previous tracker.KeyID) error {
	if err := r.keys.Add(s.key); err != nil {
		return err
	}
	record := storedSettings{Version: s.version, Updated: r.now().UTC(), Key: s.key, Previous: previous, Plain: s.Settings}
	record.Plain.Contacts, record.Plain.Partners = nil, nil
	who, err := json.Marshal(named{s.Contacts, s.Partners})
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	if record.Sealed, err = r.keys.Seal(s.key, settingsSeal, who); err != nil {
		return err
	}
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	if err := r.fleet.PutRecords(ctx, settingsBucket, tracker.Record{Key: settingsKey, Value: value}); err != nil {
		// It may be stored all the same, so its key stays.
		return err
	}
	if err := r.forget(previous); err != nil {
		r.log.Error("the contacts of earlier settings can still be read until the next start", "error", err)
	}
	return nil
}
