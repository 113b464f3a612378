package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/tracker"
)

// readingKinds are the kinds of readings, from firmware.Battery on.
var readingKinds = [...]string{"battery", "temperature", "light", "shock", "seal", "ignition", "button", "scan"}

// readingJSON is one reading. Value is a number, a word or true or false, by
// its kind.
type readingJSON struct {
	Time       string `json:"time"`
	Kind       string `json:"kind"`
	Value      any    `json:"value"`
	Millivolts *int64 `json:"millivolts,omitempty"`
}

func readingOf(x firmware.Reading) readingJSON {
	j := readingJSON{Time: trackTime(time.UnixMilli(int64(x.Time))), Kind: readingKinds[x.Kind-firmware.Battery], Value: x.Value}
	switch x.Kind {
	case firmware.Battery:
		if x.More > 0 {
			j.Millivolts = &x.More
		}
	case firmware.Temperature:
		j.Value = float64(x.Value) / 100
	case firmware.Shock:
		j.Value = float64(x.Value) / 1000
	case firmware.Seal:
		j.Value = [...]string{"closed", "open", "cut"}[x.Value]
	case firmware.Ignition:
		j.Value = x.Value == 1
	case firmware.Scan:
		j.Value = x.Text
	}
	return j
}

// deviceDetailJSON is a device with what it last said besides positions.
type deviceDetailJSON struct {
	deviceJSON
	Firmware *string       `json:"firmware"`
	Readings []readingJSON `json:"readings"`
}

func (s *Server) deviceDetail(d tracker.Device) deviceDetailJSON {
	said := s.fleet.Sensed(d.ID)
	j := deviceDetailJSON{deviceJSON: s.deviceOf(d), Readings: []readingJSON{}}
	if said.Firmware != "" {
		j.Firmware = &said.Firmware
	}
	for _, x := range said.Readings {
		j.Readings = append(j.Readings, readingOf(x))
	}
	return j
}

// showReadings writes the readings of [from, to). A device that was deleted
// still has them, as long as they are kept.
func (s *Server) showReadings(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	kind, err := readingKind(q)
	if err != nil {
		return err
	}
	t, err := s.trackSubject(r, q)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(patientWriter{w, http.NewResponseController(w)}, trackBuffer)
	// A failed write shows at Flush.
	_, _ = out.WriteString(`{"readings":[`)
	separator := ""
	err = s.fleet.Readings(t.id, kind, t.from, t.to, func(x firmware.Reading) bool {
		text, _ := json.Marshal(readingOf(x)) // numbers and texts always can be written
		_, err := fmt.Fprintf(out, "%s%s", separator, text)
		separator = ",\n"
		return err == nil
	})
	if err != nil {
		return err
	}
	_, _ = out.WriteString("]}\n")
	return out.Flush()
}

// readingKind is the kind asked for, 0 for all.
func readingKind(q query) (firmware.Kind, error) {
	if !q.has("kind") {
		return 0, nil
	}
	i := slices.Index(readingKinds[:], q.text("kind"))
	if i < 0 {
		return 0, badParameter("kind", "must be one of "+strings.Join(readingKinds[:], ", ")+".")
	}
	return firmware.Battery + firmware.Kind(i), nil
}
