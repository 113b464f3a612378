package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wayguard/tracker"
)

// columns are those that a file may have: how the text of a cell becomes a
// value. An empty cell says nothing.
type columns map[string]func(string) (any, error)

// orderFormat is that of deliveries: the members of an order, or of its customer
// where the name has a dot.
var orderFormat = format[tracker.NewDelivery]{
	member: "deliveries",
	columns: columns{
		"customer.id": csvText, "customer.name": csvText, "customer.phone": csvCode, "customer.email": csvText, "customer.language": csvText,
		"consignee": csvText, "address": csvText, "instructions": csvText, "reference": csvCode,
		"lon": csvNumber, "lat": csvNumber, "geocode_accuracy_m": csvNumber, "service_s": csvNumber,
		"window_start": csvTime, "window_end": csvTime,
		"parcels": csvList, "proof": csvList,
		"test": csvBool,
	},
	cells: csvOrder, object: readNewDelivery,
}

func csvText(cell string) (any, error) { return cell, nil }

func csvNumber(cell string) (any, error) {
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || n-n != 0 {
		return nil, errors.New("must be a number such as 52.5")
	}
	return n, nil
}

func csvBool(cell string) (any, error) {
	b, err := strconv.ParseBool(strings.ToLower(cell))
	if err != nil {
		return nil, errors.New("must be true or false")
	}
	return b, nil
}

// csvList reads what is between spaces.
func csvList(cell string) (any, error) {
	for _, code := range strings.Fields(cell) {
		if _, err := csvCode(code); err != nil {
			return nil, err
		}
	}
	return strings.Fields(cell), nil
}

// rounded is what spreadsheets make of long numbers that they take for such.
var rounded = regexp.MustCompile(`^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$`)

// csvCode reads what looks like a number and is none.
func csvCode(cell string) (any, error) {
	if rounded.MatchString(cell) {
		return nil, errors.New("was rounded by a spreadsheet, such as to 4.01234E+12: give its column the format text")
	}
	return cell, nil
}

// csvTime refuses what spreadsheets make of times: 03/04/2026 is in March or in
// April, 46084.42 anywhere on the earth.
func csvTime(cell string) (any, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00"} {
		if t, err := time.Parse(layout, cell); err == nil {
			return t, nil
		}
	}
	return nil, errors.New("must be a time with its zone, such as 2026-03-04T10:00:00+01:00; a spreadsheet's own dates can be read in several ways, so give the column the format text")
}

// plainText is body without a byte order mark, if it is UTF-8.
func plainText(body []byte) ([]byte, error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(body, []byte(mark)) {
			return nil, badRequest("The body is UTF-16: save the file as UTF-8, in a spreadsheet as CSV UTF-8.")
		}
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if utf8.Valid(body) {
		return body, nil
	}
	line, rest := 1, body
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		rest = rest[size:]
	}
	return nil, badRequest(fmt.Sprintf("Line %d is not UTF-8, perhaps Latin-1 or Windows-1252: save the file as UTF-8, in a spreadsheet as CSV UTF-8.", line))
}

// readCSV reads a file with a header.
func (f format[T]) readCSV(text []byte) ([]imported[T], error) {
	comma, text, skipped := separator(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = comma
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, badRequest("The body must be CSV whose first line names the columns.")
	}
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		if f.columns[header[i]] == nil || slices.Contains(header[:i], header[i]) {
			return nil, badRequest(fmt.Sprintf("Column %d, %.60q, is unknown or there twice. Known are: %s.", i+1, name, strings.Join(slices.Sorted(maps.Keys(f.columns)), ", ")))
		}
	}
	var rows []imported[T]
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
			return nil, badRequest(fmt.Sprintf("The row that begins in line %d is no CSV: %v in line %d.", wrong.StartLine+skipped, wrong.Err, wrong.Line+skipped))
		}
		if err != nil {
			return nil, badRequest("The body is no CSV.")
		}
		if len(rows) > maxImport {
			return rows, nil // too many
		}
		line, _ := r.FieldPos(0)
		row := imported[T]{line: line + skipped, index: len(rows)}
		var values map[string]any
		if values, row.err = f.columns.values(header, cells, comma != ','); row.err == nil {
			row.value, row.err = f.cells(values)
		}
		rows = append(rows, row)
	}
}

// separator is what stands between the columns: what a first line such as
// "sep=;" says, which spreadsheets add; or else of the usual ones the one that
// the first line has most of.
func separator(text []byte) (comma rune, rest []byte, skipped int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimSuffix(first, []byte("\r"))
	if said, ok := bytes.CutPrefix(first, []byte("sep=")); ok && len(said) == 1 && bytes.ContainsAny(said, ",;\t") {
		return rune(said[0]), rest, 1
	}
	comma = ','
	for _, c := range ";\t" {
		if bytes.Count(first, []byte(string(c))) > bytes.Count(first, []byte(string(comma))) {
			comma = c
		}
	}
	return comma, text, 0
}

// values are the cells of a row that are not empty. Decimals may have a comma
// where that does not stand between columns.
func (c columns) values(header, cells []string, decimalComma bool) (map[string]any, error) {
	if len(cells) != len(header) {
		return nil, badRequest(fmt.Sprintf("It has %d columns, the first line has %d.", len(cells), len(header)))
	}
	values := make(map[string]any, len(cells))
	for i, name := range header {
		cell := strings.TrimSpace(cells[i])
		if cell == "" {
			continue
		}
		value, err := c[name](cell)
		if err != nil && decimalComma && strings.Count(cell, ",") == 1 {
			value, err = c[name](strings.Replace(cell, ",", ".", 1))
		}
		if err != nil {
			return nil, badMember(name, err.Error()+".")
		}
		values[name] = value
	}
	return values, nil
}

// csvOrder reads a row as the same order in JSON is read.
func csvOrder(order map[string]any) (o tracker.NewDelivery, err error) {
	customer := make(map[string]any)
	for name, value := range order {
		if member, ok := strings.CutPrefix(name, "customer."); ok {
			customer[member] = value
			delete(order, name)
		}
	}
	order["customer"] = customer
	if lon, ok := order["lon"]; ok && order["lat"] != nil {
		order["point"] = map[string]any{"type": "Point", "coordinates": []any{lon, order["lat"]}}
	}
	delete(order, "lon")
	delete(order, "lat")
	body, err := json.Marshal(order)
	if err != nil {
		return o, fmt.Errorf("encode a row: %w", err)
	}
	return readNewDelivery(body)
}
