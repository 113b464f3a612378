package owntracks

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// message is one object, reduced to what matters. Nothing in it is judged
// until the type is known, which may stand last.
type message struct {
	// kind is _type, data what is encrypted, topic where a request would have
	// gone over MQTT; "" if absent or no string.
	kind, data, topic string
	// seen are the fields that stand there, given those with a value, bad those
	// with a wrong one or more than one.
	seen, given, bad fieldSet
	numbers          [fieldCount]float64
}

// read consumes an object. Errors are those of broken JSON.
func (m *message) read(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		f, ok := fieldOf(name.String())
		if !ok {
			err = dec.SkipValue()
		} else {
			err = m.readField(dec, f)
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (m *message) readField(dec *jsontext.Decoder, f field) error {
	if m.seen.has(f) {
		m.bad.add(f)
	}
	m.seen.add(f)
	if text := m.text(f); text != nil && dec.PeekKind() == '"' {
		v, err := dec.ReadToken()
		if err != nil {
			return err
		}
		m.given.add(f)
		*text = v.String()
		return nil
	}
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	m.set(f, v)
	return nil
}

// text is where a field goes that is a string, nil for the others.
func (m *message) text(f field) *string {
	switch f {
	case fieldType:
		return &m.kind
	case fieldData:
		return &m.data
	case fieldTopic:
		return &m.topic
	}
	return nil
}

func (m *message) set(f field, v jsontext.Value) {
	if v.Kind() == 'n' || f == fieldData || f == fieldTopic {
		return
	}
	// 1e999 is a number by the grammar of JSON and infinite for ParseFloat,
	// which then gives an error.
	x, err := strconv.ParseFloat(string(v), 64)
	if f == fieldType || v.Kind() != '0' || err != nil {
		m.bad.add(f)
		return
	}
	m.given.add(f)
	m.numbers[f] = x
}

// field is a member of a message that matters.
type field uint8

const (
	fieldType field = iota
	fieldTST
	fieldLat
	fieldLon
	fieldAcc
	fieldAlt
	fieldVac
	fieldVel
	fieldCog
	fieldBatt
	fieldData
	fieldTopic
	fieldCount
)

func fieldOf(name string) (field, bool) {
	switch name {
	case "_type":
		return fieldType, true
	case "tst":
		return fieldTST, true
	case "lat":
		return fieldLat, true
	case "lon":
		return fieldLon, true
	case "acc":
		return fieldAcc, true
	case "alt":
		return fieldAlt, true
	case "vac":
		return fieldVac, true
	case "vel":
		return fieldVel, true
	case "cog":
		return fieldCog, true
	case "batt":
		return fieldBatt, true
	case "data":
		return fieldData, true
	case "topic":
		return fieldTopic, true
	}
	return 0, false
}

// fieldSet has one bit for each field.
type fieldSet uint16

func (s fieldSet) has(f field) bool { return s&(1<<f) != 0 }
func (s *fieldSet) add(f field)     { *s |= 1 << f }
