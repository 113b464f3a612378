package tracker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Errors about enrolment codes.
var (
	// ErrEnrolCode: the code is wrong, was used up, revoked or is too old; which
	// of them is not told to who might be guessing.
	ErrEnrolCode = errors.New("enrolment code does not work")
	// ErrEnrolDevice: the code is for another device.
	ErrEnrolDevice = errors.New("enrolment code is not for this device")
	// ErrBadEnrolCode: a code cannot be made as asked.
	ErrBadEnrolCode = errors.New("bad enrolment code")
)

// EnrolCode is a right to get a credential, held by whoever knows the code.
type EnrolCode struct {
	// ID names it in lists; it is no secret.
	ID string `json:"id"`
	// Device is the one that it is for. If it is registered already, using the
	// code replaces its credential. Else Prefix is what the ids of the devices,
	// all of them new, begin with.
	Device DeviceID `json:"device,omitempty"`
	Prefix string   `json:"prefix,omitempty"`
	// Name and Kind are those of devices that are registered by it.
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"`
	// Uses is how often it can still be used.
	Uses    int       `json:"uses"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	// Version is raised by each use, from 1.
	Version uint64 `json:"version"`
}

// Bounds of enrolment codes.
const (
	// EnrolCodeLife is how long a code can be used unless asked otherwise.
	EnrolCodeLife    = time.Hour
	MaxEnrolCodeLife = 7 * 24 * time.Hour
	MaxEnrolCodeUses = 1000
	// maxEnrolCodes bounds the open codes, which all are compared with.
	maxEnrolCodes = 1000
)

// codeAlphabet is Crockford's base 32: no I, L, O or U. What people type
// instead of the digits is taken for them.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is 50 bits. At the failures that the API allows in an hour, a guess
// of one of a thousand open codes succeeds once in some thousand years.
const codeLength = 10

var misread = strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "")

// newEnrolCode is a code as it is shown, XXXXX-XXXXX.
func newEnrolCode() string {
	c := randomText(codeLength)
	return c[:codeLength/2] + "-" + c[codeLength/2:]
}

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = codeAlphabet[int(b[i])%len(codeAlphabet)] // 256 is a multiple of 32.
	}
	return string(b)
}

// plainCode is what a code is, however it is typed.
func plainCode(typed string) string { return misread.Replace(strings.ToUpper(typed)) }

// hashCode keeps codes and secrets apart.
func (k secretKey) hashCode(typed string) []byte { return k.hash("enrol " + plainCode(typed)) }

const enrolBucket = "enrolment"

// storedCode is a code's record; its key is the code's ID.
type storedCode struct {
	EnrolCode
	// Hash is the keyed hash of the code.
	Hash []byte `json:"hash"`
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,48}(:[A-Za-z0-9_.-]{0,48})?$`)

func (c EnrolCode) check(now time.Time) error {
	bad := func(text string) error { return fmt.Errorf("%w: %s", ErrBadEnrolCode, text) }
	switch {
	case (c.Device == "") == (c.Prefix == ""):
		return bad("name either the device that it is for or what the ids of the devices begin with")
	case c.Prefix != "" && !prefixPattern.MatchString(c.Prefix):
		return bad("the prefix must be the beginning of an id: A-Z a-z 0-9 _ . - and at most one colon, up to 48 characters a part")
	case c.Device != "" && c.Uses != 1:
		return bad("a code for one device can be used once")
	case c.Uses < 1 || c.Uses > MaxEnrolCodeUses:
		return bad(fmt.Sprintf("it can be used 1 to %d times", MaxEnrolCodeUses))
	case !c.Expires.After(now) || c.Expires.Sub(now) > MaxEnrolCodeLife:
		return bad(fmt.Sprintf("it can be valid for at most %d days", int(MaxEnrolCodeLife.Hours()/24)))
	}
	if c.Device != "" {
		_, err := ParseDeviceID(string(c.Device))
		return err
	}
	return nil
}

// CreateEnrolCode makes a code that can be used for valid; zero stands for
// [EnrolCodeLife]. Of c, Device or Prefix, Name, Kind and Uses count, where 0
// stands for 1. The code itself cannot be had again. Errors wrap
// ErrBadEnrolCode, ErrDeviceID, ErrUnavailable or ctx's.
func (f *Fleet) CreateEnrolCode(ctx context.Context, c EnrolCode, valid time.Duration) (code string, made EnrolCode, err error) {
	now := time.Now().UTC().Truncate(time.Second)
	if valid == 0 {
		valid = EnrolCodeLife
	}
	c.ID, c.Uses, c.Created, c.Expires, c.Version = strings.ToLower(randomText(8)), max(c.Uses, 1), now, now.Add(valid), 1
	if err := c.check(now); err != nil {
		return "", EnrolCode{}, err
	}
	code = newEnrolCode()
	stored := storedCode{EnrolCode: c, Hash: f.registry.key.hashCode(code)}
	err = f.registry.editing.take(ctx, func(ctx context.Context) error {
		if len(f.registry.codes.open(now)) >= maxEnrolCodes {
			return fmt.Errorf("%w: there are %d open ones; revoke some first", ErrBadEnrolCode, maxEnrolCodes)
		}
		return f.putEnrolCode(ctx, stored, now)
	})
	if err != nil {
		return "", EnrolCode{}, err
	}
	return code, c, nil
}

// putEnrolCode stores c and drops what has expired.
func (f *Fleet) putEnrolCode(ctx context.Context, c storedCode, now time.Time) error {
	row, err := c.row()
	if err != nil {
		return err
	}
	expired := f.registry.codes.expired(now)
	return f.change(ctx, edit{records: append(deletions(expired), row), apply: func() {
		f.registry.codes.put(c)
		f.registry.codes.remove(expired...)
	}})
}

// row is c's record, a deletion where it is used up.
func (c storedCode) row() (BucketRecord, error) {
	rec := Record{Key: c.ID}
	if c.Uses > 0 {
		value, err := json.Marshal(c)
		if err != nil {
			return BucketRecord{}, fmt.Errorf("encode enrolment code %q: %w", c.ID, err)
		}
		rec.Value = value
	}
	return BucketRecord{Bucket: enrolBucket, Record: rec}, nil
}

// deletions are what removes the records of codes.
func deletions(ids []string) []BucketRecord {
	rows := make([]BucketRecord, len(ids))
	for i, id := range ids {
		rows[i] = BucketRecord{Bucket: enrolBucket, Record: Record{Key: id}}
	}
	return rows
}

// EnrolCodes are those that can be used, the next to expire first.
func (f *Fleet) EnrolCodes() []EnrolCode { return f.registry.codes.open(time.Now()) }

// DeleteEnrolCode revokes a code by its ID. seen is the version that the caller
// knows, or AnyVersion. Errors wrap ErrNotFound, ErrStale, ErrUnavailable or
// ctx's.
func (f *Fleet) DeleteEnrolCode(ctx context.Context, id string, seen uint64) error {
	return f.registry.editing.take(ctx, func(ctx context.Context) error {
		c, ok := f.registry.codes.get(id)
		switch {
		case !ok:
			return fmt.Errorf("enrolment code %q: %w", id, ErrNotFound)
		case seen != AnyVersion && seen != c.Version:
			return fmt.Errorf("enrolment code %q: %w", id, ErrStale)
		}
		return f.change(ctx, edit{
			records: deletions([]string{id}),
			apply:   func() { f.registry.codes.remove(id) },
		})
	})
}
