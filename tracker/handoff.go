package tracker

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Handoff is what a driver says at the door.
type Handoff struct {
	// Outcome is one of the states that a hand-off ends with.
	Outcome DeliveryState
	// Time is when it happened; zero for now.
	Time time.Time
	// Scanned are the barcodes of the parcels that were handed over.
	Scanned []string
	// Code is what the customer said, empty if nothing.
	Code string
	// Photo and Signature are files that PutBlob kept, empty for none.
	Photo, Signature BlobID
	// LeftWith says where or with whom it was left.
	LeftWith string
	Reason   string
	// Point is where the driver's device says it is, nil if it does not.
	Point *orb.Point
}

// HandoffRecord is what was shown of a hand-off.
type HandoffRecord struct {
	Time    time.Time     `json:"time"`
	Outcome DeliveryState `json:"outcome"`
	// Shown are the proofs that were given and are right, Missing those that
	// were asked for and not given.
	Shown   []Proof  `json:"shown"`
	Missing []Proof  `json:"missing"`
	Scanned []string `json:"scanned"`
	// Photo and Signature are empty for none.
	Photo     BlobID `json:"photo,omitempty"`
	Signature BlobID `json:"signature,omitempty"`
	// Asked: the engine was told of it.
	Asked bool `json:"asked"`
	// Position is what the engine says of the place.
	Position PositionVerdict `json:"position"`
	// Probability is how sure that is, 0 where the position is pending or
	// unverifiable.
	Probability float64 `json:"probability"`
	// Why says why the position could not be verified.
	Why string `json:"why,omitempty"`
}

// PositionVerdict says whether it was handed over at the right address.
type PositionVerdict string

// The verdicts.
const (
	PositionPending      PositionVerdict = "pending"
	PositionConfirmed    PositionVerdict = "confirmed"
	PositionWrong        PositionVerdict = "wrong_address"
	PositionUnverifiable PositionVerdict = "unverifiable"
)

// Errors of a hand-off.
var (
	// ErrWrongCode: the code is not the customer's. It counts as a try.
	ErrWrongCode = errors.New("the code is wrong")
	// ErrTooManyTries: nobody can try any more codes for the delivery.
	ErrTooManyTries = errors.New("too many wrong codes: dispatch must make a new one")
)

const (
	// maxTries is how many wrong codes a delivery takes, over all who try: with
	// six digits they guess right once in 200,000 times.
	maxTries = 5
	// codeDigits is the length of a code.
	codeDigits = 6
	// handoffAhead and handoffBack are how far the time of a hand-off may be from
	// now.
	handoffAhead = MaxAhead
	handoffBack  = MaxLate
)

// newCode makes a code of codeDigits digits.
func newCode() string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(codeDigits), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		panic(err) // the system's source of chance does not fail
	}
	return fmt.Sprintf("%0*d", codeDigits, n)
}

// Code is what the customer of a delivery is to tell the driver; empty where no
// code is asked for, and once the customer was erased.
func (f *Fleet) Code(id DeliveryID) string {
	d, _ := f.Delivery(id)
	return d.Hidden.Code
}

// NewCode makes a new code for a delivery, which may be tried afresh. seen is the
// version of the delivery that the caller knows, or AnyVersion. Errors wrap
// ErrNotFound, ErrStale, ErrErased, ErrBadInput, ErrUnavailable or ctx's.
func (f *Fleet) NewCode(ctx context.Context, id DeliveryID, seen uint64) (string, error) {
	d, err := f.changeDelivery(ctx, id, seen, func(d *Delivery) (string, error) {
		if !d.State.Open() {
			return "", &MemberError{"state", "is " + string(d.State) + ": there is nothing to hand over."}
		}
		d.Hidden.Code, d.Tries = newCode(), 0
		return "delivery.changed", nil
	})
	return d.Hidden.Code, err
}

// check refuses what cannot be.
func (h *Handoff) check(now time.Time) error {
	if h.Outcome == "" {
		h.Outcome = DeliveryDelivered
	}
	if h.Time.IsZero() {
		h.Time = now
	}
	h.Time = h.Time.UTC().Truncate(time.Millisecond)
	h.LeftWith, h.Reason, h.Code = strings.TrimSpace(h.LeftWith), strings.TrimSpace(h.Reason), strings.TrimSpace(h.Code)
	switch {
	case !slices.Contains(outcomes, h.Outcome):
		return &MemberError{"outcome", "must be delivered, left, partial, damaged, refused or failed."}
	case h.Time.After(now.Add(handoffAhead)) || h.Time.Before(now.Add(-handoffBack)):
		return &MemberError{"time", "must be within the last 24 hours."}
	case h.Point != nil && !onEarth(*h.Point):
		return &MemberError{"point", "must be a GeoJSON Point: longitude within -180..180, then latitude within -90..90."}
	case len(h.Scanned) > MaxParcels:
		return &MemberError{"parcels", fmt.Sprintf("must be at most %d.", MaxParcels)}
	}
	if err := checkLength("left_with", h.LeftWith, maxReason); err != nil {
		return err
	}
	return checkLength("reason", h.Reason, maxReason)
}

// HandOff ends a delivery as the driver says, if all is shown that must be. The
// position is judged by where the vehicle stood; the delivery tells of that once
// it is known. Errors are a *TransitionError, or wrap ErrBadInput, ErrWrongCode,
// ErrTooManyTries, ErrNotFound, ErrStale, ErrErased, ErrUnavailable or ctx's.
func (f *Fleet) HandOff(ctx context.Context, id DeliveryID, seen uint64, h Handoff) (Delivery, error) {
	if err := h.check(f.clock.Now()); err != nil {
		return Delivery{}, err
	}
	wrong := false
	d, err := f.changeDelivery(ctx, id, seen, func(d *Delivery) (string, error) {
		if err := d.checkCode(&h); errors.Is(err, ErrWrongCode) {
			wrong = true
			forgoReceipt(ctx)                 // nothing was handed over
			return "security.wrong_code", nil // the try must be kept
		} else if err != nil {
			return "", err
		}
		if err := d.handOff(&h); err != nil {
			return "", err
		}
		return eventType(h.Outcome), nil
	})
	if err == nil && wrong {
		return Delivery{}, fmt.Errorf("delivery %s: %w", id, ErrWrongCode)
	}
	return d, err
}

// checkCode counts a wrong code.
func (d *Delivery) checkCode(h *Handoff) error {
	switch {
	case h.Code == "" || d.Hidden.Code == "":
		return nil
	case d.Tries >= maxTries:
		return fmt.Errorf("delivery %s: %w", d.ID, ErrTooManyTries)
	case subtle.ConstantTimeCompare([]byte(h.Code), []byte(d.Hidden.Code)) != 1:
		d.Tries++
		return ErrWrongCode
	}
	return nil
}

// handOff moves d as h says.
func (d *Delivery) handOff(h *Handoff) error {
	record, err := d.proofOf(h)
	if err != nil {
		return err
	}
	if err := d.move(h.Outcome, h.Time, h.Reason); err != nil {
		return err
	}
	d.Handoff, d.Hidden.LeftWith, d.Hidden.HandoffPoint = record, h.LeftWith, h.Point
	return nil
}

// proofOf is what h shows. An attempt that failed, and one that was refused,
// need a reason only; where nobody is at home, a photo stands for the code and
// the signature.
func (d *Delivery) proofOf(h *Handoff) (*HandoffRecord, error) {
	for _, code := range h.Scanned {
		if !slices.Contains(d.Parcels, code) {
			return nil, &MemberError{"parcels", fmt.Sprintf("must be parcels of this delivery: %.64q is of another one.", code)}
		}
	}
	r := &HandoffRecord{
		Time: h.Time, Outcome: h.Outcome, Scanned: h.Scanned, Photo: h.Photo, Signature: h.Signature,
		Position: PositionPending, Shown: []Proof{}, Missing: []Proof{},
	}
	whole := len(d.Parcels) > 0 && !slices.ContainsFunc(d.Parcels, func(code string) bool { return !slices.Contains(h.Scanned, code) })
	for _, p := range []struct {
		proof Proof
		shown bool
	}{
		{ProofCode, h.Code != "" && d.Hidden.Code != ""}, {ProofScan, whole || h.Outcome == DeliveryPartial && len(h.Scanned) > 0},
		{ProofPhoto, h.Photo != ""}, {ProofSignature, h.Signature != ""},
	} {
		if p.shown {
			r.Shown = append(r.Shown, p.proof)
		} else if slices.Contains(d.Proof, p.proof) {
			r.Missing = append(r.Missing, p.proof)
		}
	}
	return r, d.checkMissing(h, r)
}

func (d *Delivery) checkMissing(h *Handoff, r *HandoffRecord) error {
	if h.Outcome == DeliveryFailed || h.Outcome == DeliveryRefused {
		if h.Reason == "" && h.Photo == "" {
			return &MemberError{"reason", "must say why, or a photo must show it."}
		}
		return nil
	}
	for _, p := range r.Missing {
		alone := h.Outcome == DeliveryLeft && h.Photo != "" && (p == ProofCode || p == ProofSignature)
		if !alone {
			return &MemberError{string(p), "is asked for by the sender: give it, or say that it was left and show a photo."}
		}
	}
	return nil
}

// PutBlob keeps a photo or a signature for a delivery. Errors wrap ErrNotFound,
// ErrErased, ErrNoKeyring or ErrUnavailable.
func (f *Fleet) PutBlob(id DeliveryID, data []byte) (BlobID, error) {
	d, ok := f.Delivery(id)
	switch {
	case f.blobs == nil:
		return "", ErrNoKeyring
	case !ok:
		return "", fmt.Errorf("delivery %q: %w", id, ErrNotFound)
	}
	return f.blobs.Put(KeyID(d.Customer), data)
}

// Blob returns what PutBlob kept. Errors wrap ErrNotFound or ErrErased.
func (f *Fleet) Blob(id DeliveryID, blob BlobID) ([]byte, error) {
	d, ok := f.Delivery(id)
	if f.blobs == nil || !ok {
		return nil, fmt.Errorf("delivery %q: %w", id, ErrNotFound)
	}
	return f.blobs.Get(KeyID(d.Customer), blob)
}
