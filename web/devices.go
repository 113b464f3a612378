package web

import (
	"context"
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
	// Connected is null where nobody knows.
	Connected *bool                `json:"connected"`
	SignIn    signInJSON           `json:"sign_in"`
	Limits    tracker.DeviceLimits `json:"limits"`
	Version   uint64               `json:"version"`
}

// signInJSON is how a device proves itself.
type signInJSON struct {
	By string `json:"by"` // secret or certificate
	// Expires is the certificate's end.
	Expires *time.Time `json:"expires"`
	// OldUntil is when the credential before stops working at the latest.
	OldUntil *time.Time `json:"old_until"`
}

func signInOf(p tracker.CredentialState) signInJSON {
	j := signInJSON{By: "secret", OldUntil: known(p.OldUntil)}
	if p.Certificate {
		j.By, j.Expires = "certificate", known(p.Expires)
	}
	return j
}

// known is nil for no time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (s *Server) deviceOf(d tracker.Device) deviceJSON {
	j := deviceJSON{ID: d.ID, Name: d.Name, Kind: d.Kind, Created: d.Created.UTC(), SignIn: signInOf(d.Credential), Limits: d.Limits, Version: d.Version}
	if d.Last != nil {
		p := positionOf(*d.Last)
		j.Last = &p
	}
	if s.broker.Connected != nil {
		connected := s.broker.Connected(d.ID)
		j.Connected = &connected
	}
	return j
}

func (s *Server) listDevices(w http.ResponseWriter, r *http.Request, _ principal) error {
	devices, next, err := pageOf(queryOf(r), s.fleet.Devices(), func(d tracker.Device) string { return string(d.ID) })
	if err != nil {
		return err
	}
	list := make([]deviceJSON, len(devices))
	for i, d := range devices {
		list[i] = s.deviceOf(d)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"devices": list, "next": next})
}

// newDeviceJSON is a device with its credential, which is shown this once.
type newDeviceJSON struct {
	deviceJSON
	Secret      string           `json:"secret,omitempty"`
	Certificate *certificateJSON `json:"certificate,omitempty"`
	Setup       setupJSON        `json:"setup"`
}

func (s *Server) createDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ask, err := readDevice(r)
	if err != nil {
		return err
	}
	var made tracker.Credential
	err = change(r, func(ctx context.Context) (err error) {
		made, err = s.fleet.AddDevice(ctx, d, ask)
		return err
	})
	if err != nil {
		return deviceError(err)
	}
	if stored, ok := s.fleet.Device(d.ID); ok {
		d = stored
	}
	setup, err := s.setupOf(r, made)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/devices/"+url.PathEscape(string(d.ID)))
	w.Header().Set("ETag", etag(d.Version))
	return writeJSON(w, http.StatusCreated, newDeviceJSON{s.deviceOf(d), made.Secret, certificateOf(made), setup})
}

func readDevice(r *http.Request) (d tracker.Device, ask tracker.Ask, err error) {
	var id, kind, csr, valid string
	err = readObject(r, append([]member{
		{"id", &id, "a string"},
		{"name", &d.Name, "a string"},
		{"kind", &d.Kind, "a string"},
	}, askMembers(&kind, &csr, &valid)...)...)
	if err != nil {
		return tracker.Device{}, ask, err
	}
	if d.ID, err = tracker.ParseDeviceID(id); err != nil {
		return tracker.Device{}, ask, err
	}
	if err := checkDevice(d.Name, d.Kind); err != nil {
		return tracker.Device{}, ask, err
	}
	ask, err = readAsk(kind, csr, valid)
	return d, ask, err
}

func checkDevice(name, kind string) error {
	if utf8.RuneCountInString(name) > maxDeviceName || strings.ContainsFunc(name, unicode.IsControl) {
		return badMember("name", "must be at most 200 characters, none of them a control character.")
	}
	if !slices.Contains(deviceKinds(), kind) {
		return badMember("kind", "must be one of "+strings.Join(deviceKinds()[1:], ", ")+", or left out.")
	}
	return nil
}

func (s *Server) showDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.Device(tracker.DeviceID(r.PathValue("id")))
	if !ok {
		return noDevice()
	}
	w.Header().Set("ETag", etag(d.Version))
	return writeJSON(w, http.StatusOK, s.deviceDetail(d))
}

// deleteDevice revokes the device. Its track and events can still be read.
func (s *Server) deleteDevice(w http.ResponseWriter, r *http.Request, _ principal) error {
	id := tracker.DeviceID(r.PathValue("id"))
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.DeleteDevice(ctx, id, seen) })
	if err != nil {
		return deviceError(err)
	}
	s.live.feed.forget(id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func noDevice() error {
	return notFound("No device has this id. GET /api/v1/devices lists all of them.")
}
