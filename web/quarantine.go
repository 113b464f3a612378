package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"wayguard/tracker"
)

type refusalJSON struct {
	Device   tracker.DeviceID `json:"device"`
	Received time.Time        `json:"received"`
	Door     string           `json:"door"`
	Reason   string           `json:"reason"`
	Detail   string           `json:"detail"`
	Payload  string           `json:"payload"`
	// Encoding is "base64" where the payload is no text.
	Encoding string `json:"payload_encoding,omitempty"`
}

func refusalOf(r tracker.Refused) refusalJSON {
	j := refusalJSON{
		Device: r.Device, Received: r.Received.UTC(), Door: r.Door,
		Reason: r.Reason, Detail: r.Detail, Payload: string(r.Payload),
	}
	if !utf8.ValidString(j.Payload) || strings.ContainsRune(j.Payload, 0) {
		j.Payload, j.Encoding = base64.StdEncoding.EncodeToString(r.Payload), "base64"
	}
	return j
}

// listQuarantine shows what devices sent that can never be right, newest
// first.
func (s *Server) listQuarantine(w http.ResponseWriter, _ *http.Request, _ principal) error {
	refusals, err := s.fleet.Quarantined()
	if err != nil {
		return err
	}
	list := make([]refusalJSON, len(refusals))
	for i, refusal := range refusals {
		list[i] = refusalOf(refusal)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"quarantine": list})
}
