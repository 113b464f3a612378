package tracker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// linkKey names the key that the tokens of links derive from, in the bucket
	// of keys.
	linkKey = "delivery-links"
	// linkBytes is the length of a token, 128 bits.
	linkBytes = 16
	// LinkLife is for how long a link outlives its delivery: whoever comes home
	// in the evening can still read where the parcel of the morning is.
	LinkLife = 12 * time.Hour
	// FailedLinkLife is for how long it lives on after an attempt that failed,
	// with which nothing has ended: time to ask for another day.
	FailedLinkLife = 7 * 24 * time.Hour
)

// linkAlphabet is that of base32 (RFC 4648, section 6) in small letters. All
// programs that turn addresses in a text into links take it in whole, which they
// do not with the dashes of base64url.
var linkAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// linkHash is what a token is known by.
type linkHash [sha256.Size]byte

// links finds the delivery that a token is of. Tokens are derived, not kept.
type links struct {
	key   []byte
	clock func() time.Time

	mu     sync.RWMutex
	byHash map[linkHash]DeliveryID
}

func loadLinks(store Store, keys *Keyring, clock func() time.Time) (*links, error) {
	key, err := loadKey(store, keys, linkKey)
	return &links{key: key, clock: clock, byHash: make(map[linkHash]DeliveryID)}, err
}

// token is an HMAC-SHA-256 over generation (8 bytes, big-endian) and id, cut to
// 128 bits.
func (l *links) token(d *Delivery) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write(binary.BigEndian.AppendUint64(nil, d.Links))
	mac.Write([]byte(d.ID))
	return linkAlphabet.EncodeToString(mac.Sum(nil)[:linkBytes])
}

func hashLink(token string) linkHash { return sha256.Sum256([]byte(token)) }

// note keeps the index up with a delivery.
func (l *links) note(before, after *Delivery) {
	if before != nil && before.Links == after.Links && before.Erased == after.Erased {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before != nil {
		delete(l.byHash, hashLink(l.token(before)))
	}
	if !after.Erased {
		l.byHash[hashLink(l.token(after))] = after.ID
	}
}

// lives tells whether a delivery's link still opens anything.
func (l *links) lives(d *Delivery) bool {
	switch {
	case d.Erased:
		return false
	case d.State == DeliveryFailed:
		return l.clock().Before(d.Since.Add(FailedLinkLife))
	}
	return d.State.Open() || l.clock().Before(d.Since.Add(LinkLife))
}

// TrackingToken is what the customer's link to a delivery ends with: 26 letters
// and digits. Whoever has it may see the delivery. ok is false where there is no
// such delivery, and once the link is dead: LinkLife after the delivery ended, and
// when the customer was erased.
func (f *Fleet) TrackingToken(id DeliveryID) (token string, ok bool) {
	d, ok := f.Delivery(id)
	l := f.ledger.links
	if !ok || !l.lives(&d) {
		return "", false
	}
	return l.token(&d), true
}

// DeliveryByToken finds the delivery that a link is of. ok is false for tokens
// that never were any, that a new one has replaced, and that are dead. What is
// looked up is a hash: how long that takes tells nothing about any token.
func (f *Fleet) DeliveryByToken(token string) (d Delivery, ok bool) {
	l := f.ledger.links
	if l == nil {
		return Delivery{}, false
	}
	hash := hashLink(strings.ToLower(token))
	l.mu.RLock()
	id := l.byHash[hash]
	l.mu.RUnlock()
	d, ok = f.Delivery(id)
	if !ok || !l.lives(&d) {
		return Delivery{}, false
	}
	return d, true
}

// RenewLink makes a delivery's link anew and returns its token; whoever has the
// old one sees nothing any more. seen is the version of the delivery that the
// caller knows, or AnyVersion. Errors wrap ErrNotFound, ErrStale, ErrErased, ErrBadInput
// where the link is dead, ErrUnavailable or ctx's.
func (f *Fleet) RenewLink(ctx context.Context, id DeliveryID, seen uint64) (token string, err error) {
	l := f.ledger.links
	d, err := f.changeDelivery(ctx, id, seen, func(d *Delivery) (string, error) {
		if !l.lives(d) {
			return "", &MemberError{"state", fmt.Sprintf("is %s for too long: there is nothing to be shown any more.", d.State)}
		}
		d.Links++
		return "delivery.changed", nil
	})
	if err != nil {
		return "", err
	}
	return l.token(&d), nil
}
