package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ndjsonRows reads one JSON object a line, with the names of the CSV columns;
// null is as good as absent, empty lines are passed over.
type ndjsonRows struct {
	lines *bufio.Scanner
	line  int
	// required and optional are the columns' names.
	required, optional []string
}

func newNDJSONRows(r io.Reader) *ndjsonRows {
	n := &ndjsonRows{lines: bufio.NewScanner(r), required: requiredColumns(), optional: optionalColumns()}
	n.lines.Buffer(nil, maxRecord)
	return n
}

func (n *ndjsonRows) read() (row, error) {
	for n.lines.Scan() {
		n.line++
		text := n.lines.Bytes()
		if !slices.ContainsFunc(text, func(c byte) bool { return c > ' ' }) {
			continue
		}
		r, err := n.parse(text)
		if err != nil {
			return row{}, &lineError{n.line, err}
		}
		r.line = n.line
		return r, nil
	}
	err := n.lines.Err()
	switch {
	case err == nil:
		return row{}, io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		err = errRecordTooLong
	}
	return row{}, &lineError{n.line + 1, err}
}

func (n *ndjsonRows) parse(text []byte) (row, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return row{}, fmt.Errorf("want one JSON object a line: %w", err)
	}
	var r row
	for _, name := range n.required {
		if raw := members[name]; len(raw) == 0 || string(raw) == "null" {
			return row{}, errMissingColumn(name)
		}
		if err := r.setJSON(name, members[name]); err != nil {
			return row{}, err
		}
		delete(members, name)
	}
	for _, name := range n.optional {
		if err := r.setJSON(name, members[name]); err != nil {
			return row{}, err
		}
		delete(members, name)
	}
	for name := range members {
		return row{}, errUnknownColumn(name)
	}
	return r, r.check()
}

// setJSON hands set the text of a JSON string or number. Names may be numbers,
// as vehicle numbers often are; a measure in quotes is refused.
func (r *row) setJSON(name string, raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	text := string(raw)
	switch {
	case raw[0] == '"' && !isText(name):
		return fmt.Errorf("%s %.60s is a string: write the number without quotes", name, raw)
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	case raw[0] != '-' && (raw[0] < '0' || raw[0] > '9'):
		return fmt.Errorf("%s %.60s is neither a string nor a number", name, raw)
	}
	return r.set(name, text)
}

// isText tells whether the column's values are strings.
func isText(column string) bool {
	switch column {
	case "time", "device", "event", "ref":
		return true
	}
	return false
}
