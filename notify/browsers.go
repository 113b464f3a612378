package notify

import (
	"cmp"
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"wayguard/tracker"
)

// browserBucket holds, under AUDIENCE/RECIPIENT/ID, a Browser as JSON, sealed.
const browserBucket = "push_browsers"

// maxBrowsers is how many browsers of one recipient are kept; the oldest goes.
const maxBrowsers = 20

// maxEndpoint is the longest address of a push service, in bytes; those in use
// are shorter than 500.
const maxEndpoint = 2000

// staffKey seals the browsers of those who have no key of their own.
const staffKey tracker.KeyID = "70757368-6b65-4173-8000-000000000001"

// Browser is one that shows push messages: a PushSubscription of the Push API.
type Browser struct {
	// Endpoint is the push service's address for it, of https. Whoever has it and
	// the server's key can write to the browser.
	Endpoint string `json:"endpoint"`
	// P256DH and Auth are the keys that messages are encrypted with, in base64url.
	P256DH string `json:"p256dh"`
	Auth   string `json:"auth"`
	// Delivery is the one it hears of: a link to a delivery shows nothing of the
	// customer's others. Empty for staff, who hear of everything that is theirs.
	Delivery tracker.DeliveryID `json:"delivery,omitempty"`
	Since    time.Time          `json:"since"`
}

// check refuses what no push service gives out. Errors are *tracker.MemberError.
func (b *Browser) check() error {
	u, err := url.Parse(b.Endpoint)
	if err != nil || len(b.Endpoint) > maxEndpoint || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return &tracker.MemberError{Member: "endpoint", Detail: "must be the https address that the browser gave."}
	}
	key, err := decodeKey(b.P256DH)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return &tracker.MemberError{Member: "keys.p256dh", Detail: "must be a public key on P-256, in base64url, as the browser gave it."}
	}
	if secret, err := decodeKey(b.Auth); err != nil || len(secret) != 16 {
		return &tracker.MemberError{Member: "keys.auth", Detail: "must be 16 bytes in base64url, as the browser gave them."}
	}
	return nil
}

// decodeKey takes base64url with or without padding.
func decodeKey(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// Browsers are those that show push messages. Its methods may be called from any
// goroutine.
type Browsers struct {
	fleet *tracker.Fleet
	keys  *tracker.Keyring
	vapid *ecdh.PrivateKey

	mu sync.RWMutex
	by map[Recipient]map[string]Browser // by id
	// stale are records of deliveries that are long over. They go with the next
	// change.
	stale []tracker.Record
}

// browserLife is for how long a browser is kept after its delivery has ended:
// longer than any message about it is worth something.
const browserLife = 7 * 24 * time.Hour

// OpenBrowsers reads what is stored. Browsers of those who were erased cannot be
// read any more, and are none.
func OpenBrowsers(fleet *tracker.Fleet, keys *tracker.Keyring) (*Browsers, error) {
	vapid, err := vapidKey(keys)
	if err != nil {
		return nil, err
	}
	if err := keys.Add(staffKey); err != nil {
		return nil, err
	}
	b := &Browsers{fleet: fleet, keys: keys, vapid: vapid, by: make(map[Recipient]map[string]Browser)}
	if err := fleet.ScanRecords(browserBucket, "", b.load); err != nil {
		return nil, fmt.Errorf("read the browsers for push messages: %w", err)
	}
	return b, nil
}

func (b *Browsers) load(r tracker.Record) error {
	parts := strings.Split(r.Key, "/")
	if len(parts) != 3 {
		return fmt.Errorf("the record %q: not a browser", r.Key)
	}
	to := Recipient{Audience: Audience(parts[0]), ID: parts[1]}
	text, err := b.keys.Open(sealer(to), browserBucket+"/"+r.Key, r.Value)
	if errors.Is(err, tracker.ErrErased) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the record %q: %w", r.Key, err)
	}
	var one Browser
	if err := json.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("the record %q: %w", r.Key, err)
	}
	if b.over(&one) {
		b.stale = append(b.stale, tracker.Record{Key: r.Key})
		return nil
	}
	b.keep(to, parts[2], one)
	return nil
}

func (b *Browsers) over(one *Browser) bool {
	if one.Delivery == "" {
		return false
	}
	d, ok := b.fleet.Delivery(one.Delivery)
	return !ok || !d.State.Open() && b.fleet.Clock().Since(d.Since) > browserLife
}

func (b *Browsers) keep(to Recipient, id string, one Browser) {
	if b.by[to] == nil {
		b.by[to] = make(map[string]Browser)
	}
	b.by[to][id] = one
}

// sealer is whose key seals the browsers of a recipient.
func sealer(to Recipient) tracker.KeyID {
	if to.Audience == ToCustomer || to.Audience == ToDriver {
		return tracker.KeyID(to.ID)
	}
	return staffKey
}

// vapidKey is the server's own for push services (RFC 8292). It derives from the
// master key, so that browsers go on after the data was restored.
func vapidKey(keys *tracker.Keyring) (*ecdh.PrivateKey, error) {
	for i := range byte(8) { // One in 2^32 hashes is no key.
		print := keys.Fingerprint("web push key", []byte{i})
		if key, err := ecdh.P256().NewPrivateKey(print[:]); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("derive the key for push messages: no hash is one")
}

// PublicKey is what browsers are told the server by: the applicationServerKey of
// the Push API, in base64url.
func (b *Browsers) PublicKey() string {
	return base64.RawURLEncoding.EncodeToString(b.vapid.PublicKey().Bytes())
}

// PrivateKey is the other half, for the carrier.
func (b *Browsers) PrivateKey() string { return base64.RawURLEncoding.EncodeToString(b.vapid.Bytes()) }

// Add keeps a browser of a recipient, again or for another delivery too, and
// returns its id. When it returns nil that is durable. Errors are a
// *tracker.MemberError, or wrap tracker.ErrErased, tracker.ErrUnavailable or ctx's.
func (b *Browsers) Add(ctx context.Context, to Recipient, one Browser) (id string, err error) {
	if err := one.check(); err != nil {
		return "", err
	}
	id = b.id(&one)
	key := browserKey(to, id)
	text, err := json.Marshal(one)
	if err != nil {
		return "", fmt.Errorf("encode a browser: %w", err)
	}
	sealed, err := b.keys.Seal(sealer(to), browserBucket+"/"+key, text)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	records := []tracker.Record{{Key: key, Value: sealed}}
	oldest := b.surplus(to, id)
	if oldest != "" {
		records = append(records, tracker.Record{Key: browserKey(to, oldest)})
	}
	if err := b.fleet.PutRecords(ctx, browserBucket, append(records, b.stale...)...); err != nil {
		return "", err
	}
	b.stale = nil
	delete(b.by[to], oldest)
	b.keep(to, id, one)
	return id, nil
}

// id names a browser and what it hears of, without telling its endpoint.
func (b *Browsers) id(one *Browser) string {
	print := b.keys.Fingerprint("push browser", []byte(string(one.Delivery)+" "+one.Endpoint))
	return hex.EncodeToString(print[:16])
}

func browserKey(to Recipient, id string) string { return string(to.Audience) + "/" + to.ID + "/" + id }

// surplus is the browser that goes for a new one, empty for none.
func (b *Browsers) surplus(to Recipient, id string) string {
	known := b.by[to]
	if _, again := known[id]; again || len(known) < maxBrowsers {
		return ""
	}
	ids := slices.Collect(maps.Keys(known))
	return slices.MinFunc(ids, func(x, y string) int {
		return cmp.Or(known[x].Since.Compare(known[y].Since), cmp.Compare(x, y))
	})
}

// Remove forgets a browser; one that is not known is no error. Errors wrap
// tracker.ErrUnavailable or ctx's.
func (b *Browsers) Remove(ctx context.Context, to Recipient, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.by[to][id]; !ok {
		return nil
	}
	if err := b.fleet.PutRecords(ctx, browserBucket, tracker.Record{Key: browserKey(to, id)}); err != nil {
		return err
	}
	delete(b.by[to], id)
	if len(b.by[to]) == 0 {
		delete(b.by, to)
	}
	return nil
}

// Of are a recipient's browsers that hear of a delivery, by id.
func (b *Browsers) Of(to Recipient, delivery tracker.DeliveryID) map[string]Browser {
	b.mu.RLock()
	defer b.mu.RUnlock()
	found := make(map[string]Browser)
	for id, one := range b.by[to] {
		if one.Delivery == "" || one.Delivery == delivery {
			found[id] = one
		}
	}
	return found
}

// Has tells whether a recipient has a browser that hears of a delivery: what
// RulesOptions.Pushed asks.
func (b *Browsers) Has(to Recipient, delivery tracker.DeliveryID) bool {
	return len(b.Of(to, delivery)) > 0
}
