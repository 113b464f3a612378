package web

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/tracker"
)

// desiredJSON is what is desired of a device, and what became of it. Members
// that are null say nothing to the device.
type desiredJSON struct {
	Version uint32       `json:"version"`
	Changed *time.Time   `json:"changed"`
	Moving  *uint32      `json:"moving_s"`
	Resting *uint32      `json:"resting_s"`
	Report  uint32       `json:"report"`
	Seal    *string      `json:"seal"`
	Update  *updateJSON  `json:"update"`
	Applied *appliedJSON `json:"applied"`
}

type updateJSON struct {
	SHA256  string `json:"sha256"`
	Size    uint32 `json:"size"`
	Version string `json:"version"`
	URL     string `json:"url"`
}

// appliedJSON is what the device said of a version as a whole and, where that is
// the newest, what that means for its parts.
type appliedJSON struct {
	Version  uint32            `json:"version"`
	Time     time.Time         `json:"time"`
	Received time.Time         `json:"received"`
	Outcome  string            `json:"outcome"`
	Firmware *string           `json:"firmware"`
	Parts    map[string]string `json:"parts"`
}

const (
	sealArm     = "arm"
	sealRelease = "release"
)

func outcomeName(o firmware.Outcome) string {
	return [...]string{"in_force", "refused", "fetching", "failed"}[min(o, firmware.Failed)]
}

func desiredOf(d tracker.Desired) desiredJSON {
	s := &d.State
	j := desiredJSON{Version: s.Version, Report: s.Report, Applied: appliedOf(&d)}
	if s.Version != 0 {
		j.Changed = new(d.Changed.UTC())
	}
	if s.Moving != 0 {
		j.Moving = new(uint32(s.Moving / time.Second))
	}
	if s.Resting != 0 {
		j.Resting = new(uint32(s.Resting / time.Second))
	}
	switch s.Seal {
	case firmware.SealArm:
		j.Seal = new(sealArm)
	case firmware.SealRelease:
		j.Seal = new(sealRelease)
	}
	if u := s.Update; u != nil {
		j.Update = &updateJSON{hex.EncodeToString(u.SHA256[:]), u.Size, u.Version, u.URL}
	}
	return j
}

func appliedOf(d *tracker.Desired) *appliedJSON {
	a := d.Applied
	if a == nil {
		return nil
	}
	j := &appliedJSON{
		Version: a.Version, Time: a.Time.UTC(), Received: a.Received.UTC(), Outcome: outcomeName(a.Outcome),
		Parts: map[string]string{},
	}
	if a.Firmware != "" {
		j.Firmware = &a.Firmware
	}
	if a.Version == d.State.Version {
		j.Parts = partsOf(&d.State, a.Outcome)
	}
	return j
}

// partsOf is what an outcome means for each part that the state has: a device
// that fetches an update, or failed to, has done the rest.
func partsOf(s *firmware.Desired, o firmware.Outcome) map[string]string {
	rest := o
	if o == firmware.Fetching || o == firmware.Failed {
		rest = firmware.InForce
	}
	parts := make(map[string]string)
	for name, part := range map[string]struct {
		there   bool
		outcome firmware.Outcome
	}{
		"interval": {s.Moving != 0, rest},
		"report":   {s.Report != 0, rest},
		"seal":     {s.Seal != firmware.SealAsItIs, rest},
		"update":   {s.Update != nil, o},
	} {
		if part.there {
			parts[name] = outcomeName(part.outcome)
		}
	}
	return parts
}

func (s *Server) showDesired(w http.ResponseWriter, r *http.Request, _ principal) error {
	d, ok := s.fleet.Desired(tracker.DeviceID(r.PathValue("id")))
	if !ok {
		return noDevice()
	}
	return writeDesired(w, d)
}

func writeDesired(w http.ResponseWriter, d tracker.Desired) error {
	w.Header().Set("ETag", desiredTag(d))
	return writeJSON(w, http.StatusOK, desiredOf(d))
}

// desiredTag names the version: what the device says of it is no part of what
// one may change.
func desiredTag(d tracker.Desired) string { return etag(uint64(d.State.Version)) }

// putDesired replaces what is desired; what is left out says nothing to the
// device from then on.
func (s *Server) putDesired(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.changeDesired(w, r, func(now firmware.Desired) firmware.Desired { return firmware.Desired{Report: now.Report} })
}

// patchDesired changes what is given, as a JSON merge patch (RFC 7396).
func (s *Server) patchDesired(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.changeDesired(w, r, func(now firmware.Desired) firmware.Desired { return now })
}

// changeDesired applies the body to what start makes of the present state.
func (s *Server) changeDesired(w http.ResponseWriter, r *http.Request, start func(firmware.Desired) firmware.Desired) error {
	body, err := readBody(r, "application/json", "application/merge-patch+json")
	if err != nil {
		return err
	}
	given, err := parseObject(body)
	if err != nil {
		return err
	}
	id, match := tracker.DeviceID(r.PathValue("id")), r.Header.Get("If-Match")
	var d tracker.Desired
	err = change(r, func(ctx context.Context) (err error) {
		d, err = s.fleet.ChangeDesired(ctx, id, func(now tracker.Desired) (firmware.Desired, error) {
			if !matches(match, desiredTag(now)) {
				return firmware.Desired{}, staleError(tracker.ErrStale)
			}
			state := start(now.State)
			return state, readDesired(&state, given)
		})
		return err
	})
	if errors.Is(err, tracker.ErrBadDesired) {
		return &problem{status: http.StatusUnprocessableEntity, detail: err.Error()}
	}
	if err != nil {
		return deviceError(err)
	}
	return writeDesired(w, d)
}

// matches reports whether an If-Match header means what has the tag, which there
// is also before anything was desired.
func matches(given, tag string) bool {
	if given == "" {
		return true
	}
	for one := range strings.SplitSeq(given, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}

// desiredMembers are those that can be given, each with what takes its value; a
// null makes it say nothing.
var desiredMembers = map[string]func(*firmware.Desired, json.RawMessage) error{
	"moving_s": func(d *firmware.Desired, v json.RawMessage) error {
		return readSeconds(&d.Moving, "moving_s", v)
	},
	"resting_s": func(d *firmware.Desired, v json.RawMessage) error {
		return readSeconds(&d.Resting, "resting_s", v)
	},
	"report_now": func(d *firmware.Desired, v json.RawMessage) error {
		if string(v) != "true" {
			return badMember("report_now", "must be true, or left out.")
		}
		d.Report = max(1, d.Report+1)
		return nil
	},
	"seal":   readSeal,
	"update": readUpdate,
}

// readDesired changes d by the members given.
func readDesired(d *firmware.Desired, given map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		read, known := desiredMembers[name]
		if !known {
			return &problem{
				status: http.StatusBadRequest, member: cut(name, 100),
				detail: fmt.Sprintf("The member %.100q cannot be set. Those that can: %s.", name, strings.Join(slices.Sorted(maps.Keys(desiredMembers)), ", ")),
			}
		}
		if err := read(d, given[name]); err != nil {
			return err
		}
	}
	if d.Moving == 0 && d.Resting != 0 {
		return badMember("resting_s", "needs moving_s too.")
	}
	return nil
}

// maxInterval is the longest that devices know, a week, in seconds.
const maxInterval = 7 * 24 * 3600

func readSeconds(to *time.Duration, name string, v json.RawMessage) error {
	var seconds *uint32
	if json.Unmarshal(v, &seconds) != nil || seconds != nil && (*seconds < 1 || *seconds > maxInterval) {
		return badMember(name, fmt.Sprintf("must be a whole number of seconds from 1 to %d, or null.", maxInterval))
	}
	*to = 0
	if seconds != nil {
		*to = time.Duration(*seconds) * time.Second
	}
	return nil
}

func readSeal(d *firmware.Desired, v json.RawMessage) error {
	switch string(v) {
	case `"` + sealArm + `"`:
		d.Seal = firmware.SealArm
	case `"` + sealRelease + `"`:
		d.Seal = firmware.SealRelease
	case "null":
		d.Seal = firmware.SealAsItIs
	default:
		return badMember("seal", "must be arm, release or null.")
	}
	return nil
}

func readUpdate(d *firmware.Desired, v json.RawMessage) error {
	if string(v) == "null" {
		d.Update = nil
		return nil
	}
	bad := badMember("update", "must be null or an object of sha256 (64 hexadecimal digits), size (bytes), version (1 to 128 bytes) and url (1 to 512 bytes).")
	given, err := parseObject(v)
	if err != nil || len(given) != 4 {
		return bad
	}
	var u updateJSON
	for name, to := range map[string]any{"sha256": &u.SHA256, "size": &u.Size, "version": &u.Version, "url": &u.URL} {
		if given[name] == nil || string(given[name]) == "null" || json.Unmarshal(given[name], to) != nil {
			return bad
		}
	}
	sum, err := hex.DecodeString(u.SHA256)
	if err != nil || len(sum) != 32 || u.Size == 0 || len(u.Version) == 0 || len(u.Version) > firmware.MaxText || len(u.URL) == 0 || len(u.URL) > firmware.MaxURL {
		return bad
	}
	d.Update = &firmware.Update{SHA256: [32]byte(sum), Size: u.Size, Version: u.Version, URL: u.URL}
	return nil
}
