package traccar

import (
	"github.com/go-json-experiment/json"

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
		return message{}, tracker.RefuseJSON(err)
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
