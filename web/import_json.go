package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

func looksLikeJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && (text[0] == '[' || text[0] == '{')
}

// readJSON reads a list of objects, an object that has the list for its only
// member, or an object on each line.
func (f format[T]) readJSON(text []byte) ([]imported[T], error) {
	raws, err := f.split(text)
	if err != nil {
		return nil, err
	}
	rows := make([]imported[T], len(raws))
	for i, raw := range raws {
		rows[i] = imported[T]{line: raw.line, index: i}
		if !json.Valid(raw.text) {
			rows[i].err = badRequest("It is not JSON.")
			continue
		}
		rows[i].value, rows[i].err = f.object(raw.text)
	}
	return rows, nil
}

// rawRow is a value of a text, and the line that it begins in.
type rawRow struct {
	line int
	text []byte
}

func (f format[T]) split(text []byte) ([]rawRow, error) {
	first := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(first) > 0 && first[0] == '[':
		return splitList(text, 0)
	case len(first) > 0 && first[0] == '{':
		if whole := (map[string]json.RawMessage)(nil); json.Unmarshal(text, &whole) == nil && len(whole) == 1 && whole[f.member] != nil {
			return splitList(text, bytes.IndexByte(text, '['))
		}
		return splitLines(text), nil
	}
	return nil, badRequest(fmt.Sprintf(`The body must be a JSON list of objects, {%q:[…]}, or an object on each line.`, f.member))
}

func splitLines(text []byte) (rows []rawRow) {
	line := 0
	for part := range bytes.Lines(text) {
		line++
		if part = bytes.TrimSpace(part); len(part) > 0 && len(rows) <= maxImport {
			rows = append(rows, rawRow{line, part})
		}
	}
	return rows
}

// splitList reads the list that begins at from.
func splitList(text []byte, from int) (rows []rawRow, err error) {
	if from < 0 {
		return nil, badRequest("The body must have a list of objects.")
	}
	dec := json.NewDecoder(bytes.NewReader(text[from:]))
	line, counted := 1, 0
	lineAt := func(offset int) int {
		line += bytes.Count(text[counted:offset], []byte("\n"))
		counted = offset
		return line
	}
	if _, err := dec.Token(); err != nil {
		return nil, badRequest("The body is not JSON.")
	}
	for dec.More() {
		begin := from + int(dec.InputOffset())
		begin += max(0, slices.IndexFunc(text[begin:], func(b byte) bool { return !bytes.ContainsRune([]byte(" \t\r\n,"), rune(b)) }))
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return nil, badRequest(fmt.Sprintf("The value that begins in line %d is not JSON.", lineAt(begin)))
		}
		if rows = append(rows, rawRow{lineAt(begin), raw}); len(rows) > maxImport {
			return rows, nil // too many
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, badRequest(fmt.Sprintf("The list does not end: line %d.", lineAt(len(text))))
	}
	return rows, nil
}
