package traccar

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"wayguard/tracker"
)

// document is the JSON that the apps send from version 9 on.
type document struct {
	Device   string    `json:"device_id"`
	Location *location `json:"location"`
}

type location struct {
	Timestamp string  `json:"timestamp"`
	Coords    *coords `json:"coords"`
	Battery   struct {
		Level *float64 `json:"level"`
	} `json:"battery"`
	Mock  bool   `json:"mock"`
	Event string `json:"event"`
}

func readJSON(payload []byte) (message, *tracker.Refusal) {
	var d document
	if err := json.Unmarshal(payload, &d); err != nil {
		return message{}, badJSON(err)
	}
	if d.Location == nil {
		return message{}, tracker.Refuse(ReasonPosition, "location is missing")
	}
	m := message{device: d.Device, mock: d.Location.Mock, elsewhere: d.Location.Event != ""}
	if m.at, m.timed = parseTime(d.Location.Timestamp); !m.timed {
		return message{}, tracker.Refuse(ReasonTime, "location.timestamp is missing or is not a time such as 2025-03-01T08:00:00Z")
	}
	if level := d.Location.Battery.Level; level != nil {
		m.percent = new(*level * 100)
	}
	if d.Location.Coords != nil {
		m.coords = *d.Location.Coords
	}
	return m, nil
}

// badJSON says where JSON ends to be JSON; the library's own text quotes what
// it found there.
func badJSON(err error) *tracker.Refusal {
	if at := (*jsontext.SyntacticError)(nil); errors.As(err, &at) {
		return tracker.Refuse(ReasonJSON, "the body is not JSON from byte %d on, or has a name twice", at.ByteOffset)
	}
	if at := (*json.SemanticError)(nil); errors.As(err, &at) {
		return tracker.Refuse(ReasonJSON, "the value before byte %d of the body is of the wrong type", at.ByteOffset)
	}
	return tracker.Refuse(ReasonJSON, "the body is not JSON")
}
