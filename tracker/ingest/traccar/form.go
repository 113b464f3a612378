package traccar

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// mpsOfKnot is the international knot: 1852 metres an hour.
const mpsOfKnot = 1852.0 / 3600

// form reads fields and remembers the first that is wrong.
type form struct {
	values  url.Values
	refused *tracker.Refusal
}

// readForm reads a query or the fields of a form.
func readForm(query string) (message, *tracker.Refusal) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return message{}, tracker.Refuse(ReasonForm, "the query is not well-formed: encode %% ; and & within values")
	}
	f := form{values: values}
	m := message{
		device:    f.text("id", "deviceid"),
		percent:   f.number("batt"),
		mock:      f.truth("mock", false),
		invalid:   !f.truth("valid", true),
		elsewhere: values.Has("cell") || values.Has("wifi") || values.Has("alarm") || values.Has("event"),
		coords: coords{
			Accuracy: f.number("accuracy"),
			Speed:    f.number("speed"),
			Heading:  f.number("bearing", "heading"),
			Altitude: f.number("altitude"),
		},
	}
	if m.Speed != nil {
		*m.Speed *= mpsOfKnot
	}
	f.position(&m)
	f.time(&m)
	m.elsewhere = m.elsewhere || m.timed
	if f.refused != nil {
		return message{}, f.refused
	}
	return m, nil
}

func (f *form) position(m *message) {
	m.Latitude, m.Longitude = f.number("lat"), f.number("lon")
	both := f.text("location")
	if both == "" {
		return
	}
	lat, lon, _ := strings.Cut(both, ",")
	if m.Latitude != nil || m.Longitude != nil {
		f.refuse(ReasonField, "location stands beside lat and lon: give it once")
	}
	m.Latitude, m.Longitude = f.parse("location", lat), f.parse("location", lon)
}

func (f *form) time(m *message) {
	text := f.text("timestamp")
	if text == "" {
		return
	}
	if m.at, m.timed = parseTime(text); !m.timed {
		f.refuse(ReasonTime, "timestamp must be Unix seconds or milliseconds, or RFC 3339")
	}
}

// text is the one value under these names, empty if there is none.
func (f *form) text(names ...string) string {
	found := ""
	for _, name := range names {
		for _, v := range f.values[name] {
			if v = strings.TrimSpace(v); v == "" {
				continue
			}
			if found != "" {
				f.refuse(ReasonField, "%s must be given only once", name)
			}
			found = v
		}
	}
	return found
}

func (f *form) number(names ...string) *float64 {
	text := f.text(names...)
	if text == "" || text == notANumber && !isPosition(names[0]) {
		return nil
	}
	return f.parse(names[0], text)
}

// notANumber is how apps that do not look write what they do not know.
const notANumber = "NaN"

func isPosition(name string) bool { return name == "lat" || name == "lon" || name == "location" }

func (f *form) parse(name, text string) *float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		reason := ReasonField
		if isPosition(name) {
			reason = ReasonPosition
		}
		f.refuse(reason, "%s must be a number", name)
		return nil
	}
	return &v
}

func (f *form) truth(name string, otherwise bool) bool {
	switch strings.ToLower(f.text(name)) {
	case "":
		return otherwise
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	f.refuse(ReasonField, "%s must be true or false", name)
	return otherwise
}

func (f *form) refuse(reason, format string, args ...any) {
	if f.refused == nil {
		f.refused = tracker.Refuse(reason, format, args...)
	}
}
