package web

import (
	"encoding/base64"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"wayguard/tracker"
)

type refusalJSON struct {
	Number   uint64           `json:"number"`
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
		Number: r.Number, Device: r.Device, Received: r.Received.UTC(), Door: r.Door,
		Reason: r.Reason, Detail: r.Detail, Payload: string(r.Payload),
	}
	if !utf8.ValidString(j.Payload) || strings.ContainsRune(j.Payload, 0) {
		j.Payload, j.Encoding = base64.StdEncoding.EncodeToString(r.Payload), "base64"
	}
	return j
}

// listQuarantine shows what devices sent that can never be right, newest
// first.
func (s *Server) listQuarantine(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxEntries, tracker.MaxQuarantined)
	if err != nil {
		return err
	}
	before, err := q.count("before", 0, math.MaxInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	refusals, err := s.fleet.Quarantined()
	if err != nil {
		return err
	}
	list := []refusalJSON{}
	var next *uint64
	for _, refusal := range refusals {
		if refusal.Number >= before {
			continue
		}
		if uint64(len(list)) == limit {
			next = &list[len(list)-1].Number
			break
		}
		list = append(list, refusalOf(refusal))
	}
	return writeJSON(w, http.StatusOK, map[string]any{"quarantine": list, "next": next})
}
