package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// maxPhoto is the most bytes of a photo or a signature.
const maxPhoto = 10 << 20

// photoTypes are what browsers can show, known by their first bytes.
var photoTypes = []string{"image/jpeg", "image/png", "image/webp"}

// handOff ends a delivery as the driver says.
func (s *Server) handOff(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := s.checkOwn(who, deliveryID(r)); err != nil {
		return err
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	var h tracker.Handoff
	if err := setMembers(given, handoffSetters(&h)); err != nil {
		return err
	}
	var done tracker.Delivery
	err = change(r, func(ctx context.Context) (err error) {
		done, err = s.fleet.HandOff(ctx, deliveryID(r), seen, h)
		return err
	})
	if _, ok := again(w, err); ok {
		done, err = s.found(deliveryID(r))
	}
	switch {
	case errors.Is(err, tracker.ErrWrongCode):
		return badMember("code", "is not the one that the customer was sent. It counts as a try.")
	case errors.Is(err, tracker.ErrTooManyTries):
		return &problem{status: http.StatusTooManyRequests, detail: "Too many wrong codes were tried: have dispatch make a new one with POST /api/v1/deliveries/{id}/code.", retryAfter: codeRetry}
	case err != nil:
		return deliveryError(err)
	}
	return writeDelivery(w, http.StatusOK, s.presentTo(who, done))
}

// codeRetry is when a new code may have been made: it takes a person.
const codeRetry = 5 * time.Minute

func handoffSetters(h *tracker.Handoff) setters {
	return setters{
		"outcome":   into("outcome", &h.Outcome, "delivered, left, partial, damaged, refused or failed"),
		"time":      intoTime("time", &h.Time),
		"parcels":   into("parcels", &h.Scanned, "a list of barcodes"),
		"code":      into("code", &h.Code, "a string of digits"),
		"photo":     into("photo", &h.Photo, "the id of a photo"),
		"signature": into("signature", &h.Signature, "the id of a photo"),
		"left_with": into("left_with", &h.LeftWith, "a string"),
		"reason":    into("reason", &h.Reason, "a string"),
		"point": func(v rawJSON) error {
			h.Point = new(orb.Point)
			return setPoint(h.Point, v)
		},
	}
}

// createCode makes a new code for the customer, and shows it to dispatch, who
// may have to say it on the phone.
func (s *Server) createCode(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	var code string
	err = change(r, func(ctx context.Context) (err error) {
		code, err = s.fleet.NewCode(ctx, deliveryID(r), seen)
		return err
	})
	if _, ok := again(w, err); ok {
		code, err = s.fleet.Code(deliveryID(r)), nil
	}
	if err != nil {
		return deliveryError(err)
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"code": code})
}

// createPhoto keeps a photo or a signature for a hand-off.
func (s *Server) createPhoto(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := s.checkOwn(who, deliveryID(r)); err != nil {
		return err
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	if !slices.Contains(photoTypes, http.DetectContentType(data)) {
		return &problem{status: http.StatusUnsupportedMediaType, detail: "The body must be a JPEG, PNG or WebP picture."}
	}
	var id tracker.BlobID
	err = change(r, func(context.Context) (err error) {
		id, err = s.fleet.PutBlob(deliveryID(r), data)
		return err
	})
	if _, ok := again(w, err); ok {
		id, err = s.fleet.PutBlob(deliveryID(r), data) // the same data is kept once
	}
	if err != nil {
		return deliveryError(err)
	}
	return writeJSON(w, http.StatusCreated, map[string]any{"id": id})
}

func (s *Server) showPhoto(w http.ResponseWriter, r *http.Request, _ principal) error {
	data, err := s.fleet.Blob(deliveryID(r), tracker.BlobID(r.PathValue("photo")))
	if errors.Is(err, tracker.ErrNotFound) {
		return notFound("The delivery has no photo with this id.")
	}
	if err != nil {
		return deliveryError(err)
	}
	// The type is what the bytes are, and nothing else: a browser must not guess.
	w.Header().Set("Content-Type", http.DetectContentType(data))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data)
	return nil
}
