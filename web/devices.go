package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wayguard/tracker"
)

const maxDeviceName = 200 // characters

// deviceKinds are what a device may be fixed to; empty says nothing.
func deviceKinds() []string {
	return []string{"", "van", "bike", "truck", "drone", "parcel", "phone"}
}

type deviceJSON struct {
	ID      tracker.DeviceID `json:"id"`
	Name    string           `json:"name"`
	Kind    string           `json:"kind"`
	Created time.Time        `json:"created"`
	Last    *positionJSON    `json:"last"`
}

func deviceOf(d tracker.Device) deviceJSON {
	j := deviceJSON{ID: d.ID, Name: d.Name, Kind: d.Kind, Created: d.Created.UTC()}
	if d.Last != nil {
		p := positionOf(*d.Last)
		j.Last = &p
	}
	return j
}

func (s *Server) listDevices(w http.ResponseWriter, _ *http.Request, _ principal) error {
	devices := s.fleet.Devices()
	list := make([]deviceJSON, len(devices))
	for i, d := range devices {
		list[i] = deviceOf(d)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"devices": list})
}

// newDeviceJSON is a device with its secret, which is shown this once.
type newDeviceJSON struct {
	deviceJSON
	Secret string `json:"secret"`
}

func (s *Server) createDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, err := readDevice(r)
	if err != nil {
		return err
	}
	var secret string
	err = change(r, func(ctx context.Context) (err error) {
		secret, err = s.fleet.CreateDevice(ctx, d)
		return err
	})
	if err != nil {
		return err
	}
	if stored, ok := s.fleet.Device(d.ID); ok {
		d = stored
	}
	w.Header().Set("Location", "/api/v1/devices/"+url.PathEscape(string(d.ID)))
	return writeJSON(w, http.StatusCreated, newDeviceJSON{deviceOf(d), secret})
}

func readDevice(r *http.Request) (d tracker.Device, err error) {
	var id string
	err = readObject(r,
		member{"id", &id, "a string"},
		member{"name", &d.Name, "a string"},
		member{"kind", &d.Kind, "a string"})
	if err != nil {
		return tracker.Device{}, err
	}
	if d.ID, err = tracker.ParseDeviceID(id); err != nil {
		return tracker.Device{}, err
	}
	if utf8.RuneCountInString(d.Name) > maxDeviceName || strings.ContainsFunc(d.Name, unicode.IsControl) {
		return tracker.Device{}, badMember("name", "must be at most 200 characters, none of them a control character.")
	}
	if !slices.Contains(deviceKinds(), d.Kind) {
		return tracker.Device{}, badMember("kind", "must be one of "+strings.Join(deviceKinds()[1:], ", ")+", or left out.")
	}
	return d, nil
}

func (s *Server) showDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.Device(tracker.DeviceID(r.PathValue("id")))
	if !ok {
		return noDevice()
	}
	return writeJSON(w, http.StatusOK, s.deviceDetail(d))
}

// deleteDevice revokes the device. Its track and events can still be read.
func (s *Server) deleteDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	id := tracker.DeviceID(r.PathValue("id"))
	err := change(r, func(ctx context.Context) error { return s.fleet.DeleteDevice(ctx, id) })
	if err != nil {
		return deviceError(err)
	}
	s.live.feed.forget(id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) rotateSecret(w http.ResponseWriter, r *http.Request, _ principal) error {
	id := tracker.DeviceID(r.PathValue("id"))
	var secret string
	err := change(r, func(ctx context.Context) (err error) {
		secret, err = s.fleet.RotateSecret(ctx, id)
		return err
	})
	if err != nil {
		return deviceError(err)
	}
	return writeJSON(w, http.StatusOK, map[string]string{"id": string(id), "secret": secret})
}

func deviceError(err error) error {
	if errors.Is(err, tracker.ErrNotFound) {
		return noDevice()
	}
	return err
}

func noDevice() error {
	return notFound("No device has this id. GET /api/v1/devices lists all of them.")
}
