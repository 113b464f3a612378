package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// member is a name and its value in a JSON object.
type member struct {
	name  string
	value json.RawMessage
	// offset is where value stands in the object's text.
	offset int
}

// members are in the order of the text. Unlike a struct's fields their names
// are told apart by case, and none appears twice.
type members []member

// get returns nil if there is no such member.
func (m members) get(name string) json.RawMessage {
	for _, e := range m {
		if e.name == name {
			return e.value
		}
	}
	return nil
}

func (m members) offset(name string) int {
	for _, e := range m {
		if e.name == name {
			return e.offset
		}
	}
	return 0
}

// splitObject cuts one valid JSON value, which must be an object.
func splitObject(data []byte) (members, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	var m members
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		e := member{name: key.(string)}
		if seen[e.name] {
			return nil, fmt.Errorf("%.60q is given twice", e.name)
		}
		seen[e.name] = true
		if err := d.Decode(&e.value); err != nil {
			return nil, err
		}
		e.offset = int(d.InputOffset()) - len(e.value)
		m = append(m, e)
	}
	return m, nil
}

// elements yields the elements of a valid JSON array with their offsets.
func elements(data []byte) iter.Seq2[json.RawMessage, int] {
	return func(yield func(json.RawMessage, int) bool) {
		d := json.NewDecoder(bytes.NewReader(data))
		if _, err := d.Token(); err != nil {
			return
		}
		for d.More() {
			var raw json.RawMessage
			if d.Decode(&raw) != nil || !yield(raw, int(d.InputOffset())-len(raw)) {
				return
			}
		}
	}
}

// lineCounter turns rising offsets into line numbers.
type lineCounter struct {
	data []byte
	pos  int
	line int
}

func (c *lineCounter) at(offset int) int {
	c.line += bytes.Count(c.data[c.pos:offset], []byte("\n"))
	c.pos = offset
	return c.line
}

// stringOf is the text of a valid JSON string, empty for anything else.
func stringOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func isNumber(raw json.RawMessage) bool {
	return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
}

// without is m less one name.
func (m members) without(name string) members {
	var rest members
	for _, e := range m {
		if e.name != name {
			rest = append(rest, e)
		}
	}
	return rest
}

// object writes m back, without white space; nil if there are none.
func (m members) object() json.RawMessage {
	if len(m) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quoted(e.name))
		b.WriteByte(':')
		if json.Compact(&b, e.value) != nil {
			return nil
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quoted is s as a JSON string, with <, > and & as they are.
func quoted(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}
