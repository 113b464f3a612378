package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"wayguard/tracker"
)

const apiKeyBucket = "api-keys"

// apiKey lets the programs of a partner or a person in. Of the token only the
// hash is kept.
type apiKey struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Partner is whom it speaks for, empty where it is a person's.
	Partner tracker.PartnerID `json:"partner,omitempty"`
	Person  person            `json:"person,omitzero"`
	Created time.Time         `json:"created"`
	Hash    string            `json:"hash"`
}

// apiKeys are all of them.
type apiKeys struct {
	fleet *tracker.Fleet

	mu     sync.RWMutex
	byHash map[credential]apiKey
}

func loadAPIKeys(fleet *tracker.Fleet) (*apiKeys, error) {
	k := &apiKeys{fleet: fleet, byHash: make(map[credential]apiKey)}
	err := fleet.ScanRecords(apiKeyBucket, "", func(r tracker.Record) error {
		var key apiKey
		if err := json.Unmarshal(r.Value, &key); err != nil {
			return fmt.Errorf("API key %s: %w", r.Key, err)
		}
		hash, err := hex.DecodeString(key.Hash)
		if err != nil || len(hash) != len(credential{}) {
			return fmt.Errorf("API key %s: its hash is damaged", r.Key)
		}
		k.byHash[credential(hash)] = key
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the API keys: %w", err)
	}
	return k, nil
}

// find looks a token up by its hash: how long that takes tells nothing of those
// that there are.
func (k *apiKeys) find(token string) (apiKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.byHash[credentialOf(token)]
	return key, ok
}

// get looks a key up by its id.
func (k *apiKeys) get(id string) (apiKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.byHash {
		if key.ID == id {
			return key, true
		}
	}
	return apiKey{}, false
}

// all are in order of id.
func (k *apiKeys) all() []apiKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.SortedFunc(maps.Values(k.byHash), func(a, b apiKey) int { return strings.Compare(a.ID, b.ID) })
}

// make stores a key and returns its token, which cannot be had again.
func (k *apiKeys) make(ctx context.Context, key apiKey) (made apiKey, token string, err error) {
	token = rand.Text()
	hash := credentialOf(token)
	key.ID, key.Created, key.Hash = hex.EncodeToString(hash[:8]), time.Now().UTC().Truncate(time.Millisecond), hex.EncodeToString(hash[:])
	value, err := json.Marshal(key)
	if err != nil {
		return key, "", fmt.Errorf("encode API key: %w", err)
	}
	if err := k.fleet.PutRecords(ctx, apiKeyBucket, tracker.Record{Key: key.ID, Value: value}); err != nil {
		return key, "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byHash[hash] = key
	return key, token, nil
}

// remove ends a key at once.
func (k *apiKeys) remove(ctx context.Context, id string) error {
	at := slices.IndexFunc(k.all(), func(key apiKey) bool { return key.ID == id })
	if at < 0 {
		return tracker.ErrNotFound
	}
	// First for those who use it, so that a disk that is full keeps nobody in.
	k.mu.Lock()
	maps.DeleteFunc(k.byHash, func(_ credential, key apiKey) bool { return key.ID == id })
	k.mu.Unlock()
	return k.fleet.PutRecords(ctx, apiKeyBucket, tracker.Record{Key: id})
}

// removeOf ends the keys of a person.
func (k *apiKeys) removeOf(ctx context.Context, p person) error {
	for _, key := range k.all() {
		if key.Person != p {
			continue
		}
		if err := k.remove(ctx, key.ID); err != nil {
			return err
		}
	}
	return nil
}

type apiKeyJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role role   `json:"role"`
	// One of these is not null.
	Partner *string   `json:"partner"`
	Staff   *string   `json:"staff"`
	Driver  *string   `json:"driver"`
	Created time.Time `json:"created"`
}

func (s *Server) apiKeyOf(k apiKey) apiKeyJSON {
	who, _ := s.holder(k)
	j := apiKeyJSON{ID: k.ID, Name: k.Name, Role: who.role, Partner: textOrNull(string(k.Partner)), Created: k.Created.UTC()}
	switch k.Person.Kind {
	case kindStaff:
		j.Staff = &k.Person.ID
	case kindDriver:
		j.Driver = &k.Person.ID
	}
	return j
}

// listAPIKeys leaves out keys of people who are gone.
func (s *Server) listAPIKeys(w http.ResponseWriter, r *http.Request, _ principal) error {
	keys, next, err := pageOf(queryOf(r), s.apiKeys.all(), func(k apiKey) string { return k.ID })
	if err != nil {
		return err
	}
	list := []apiKeyJSON{}
	for _, k := range keys {
		if _, ok := s.holder(k); ok {
			list = append(list, s.apiKeyOf(k))
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"api_keys": list, "next": next})
}

var partnerPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

func (s *Server) createAPIKey(w http.ResponseWriter, r *http.Request, _ principal) error {
	var key apiKey
	var given, staff, drives string
	err := readObject(r, member{"name", &key.Name, "a string"}, member{"partner", &given, "a string"},
		member{"staff", &staff, "the id of somebody who works here"}, member{"driver", &drives, "the id of a driver"})
	if err != nil {
		return err
	}
	if len(key.Name) > maxDeviceName {
		return badMember("name", fmt.Sprintf("must be at most %d bytes.", maxDeviceName))
	}
	if key.Person, err = s.readPerson(staff, drives); err != nil {
		return err
	}
	if (key.Person != person{}) == (given != "") {
		return badMember("partner", "must be given, or else staff or driver: whom the key is for.")
	}
	if given != "" && !partnerPattern.MatchString(given) {
		return badMember("partner", "must be 1 to 64 of A-Z a-z 0-9 _ . -: whose deliveries the key is for.")
	}
	key.Partner = tracker.PartnerID(given)
	var token string
	err = change(r, func(ctx context.Context) (err error) {
		key, token, err = s.apiKeys.make(ctx, key)
		return err
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, struct {
		apiKeyJSON
		Token string `json:"token"`
	}{s.apiKeyOf(key), token})
}

func (s *Server) deleteAPIKey(w http.ResponseWriter, r *http.Request, _ principal) error {
	err := change(r, func(ctx context.Context) error { return s.apiKeys.remove(ctx, r.PathValue("id")) })
	if errors.Is(err, tracker.ErrNotFound) {
		return notFound("No API key has this id. GET /api/v1/api-keys lists all of them.")
	}
	s.live.end(func(who principal) bool { return who.key == r.PathValue("id") })
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
