package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// csvColumns are the columns that an import may have: how the text of a cell
// becomes a member of an order, or of its customer where the name has a dot. An
// empty cell says nothing.
var csvColumns = map[string]func(string) (any, error){
	"customer.id": csvText, "customer.name": csvText, "customer.phone": csvText, "customer.email": csvText, "customer.language": csvText,
	"consignee": csvText, "address": csvText, "instructions": csvText, "reference": csvText,
	"lon": csvNumber, "lat": csvNumber, "geocode_accuracy_m": csvNumber, "service_s": csvNumber,
	"window_start": csvText, "window_end": csvText,
	"parcels": csvList, "proof": csvList,
	"test": csvBool,
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
func csvList(cell string) (any, error) { return strings.Fields(cell), nil }

// importRow is an order of a file, and the line that it begins in.
type importRow struct {
	line  int
	order tracker.NewDelivery
	err   error
}

// readCSV reads a file with a header. The error is about the file as a whole;
// those of rows stand with them.
func readCSV(text []byte) ([]importRow, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, badRequest("The body must be CSV whose first line names the columns.")
	}
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		if csvColumns[header[i]] == nil || slices.Contains(header[:i], header[i]) {
			return nil, badRequest(fmt.Sprintf("Column %d, %.60q, is unknown or there twice. Known are: %s.", i+1, name, strings.Join(slices.Sorted(maps.Keys(csvColumns)), ", ")))
		}
	}
	var rows []importRow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, badRequest(fmt.Sprintf("Line %d is no CSV: %v.", wrong.Line, wrong.Err))
		}
		if err != nil {
			return nil, badRequest("The body is no CSV.")
		}
		line, _ := r.FieldPos(0)
		row := importRow{line: line}
		row.order, row.err = csvOrder(header, cells)
		rows = append(rows, row)
	}
}

// separator is what stands between the columns of the first line: a semicolon,
// as spreadsheets write it where the comma is for decimals, or a comma.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		return ';'
	}
	return ','
}

// csvOrder reads a row as the same order in JSON is read.
func csvOrder(header, cells []string) (o tracker.NewDelivery, err error) {
	if len(cells) != len(header) {
		return o, badRequest(fmt.Sprintf("It has %d columns, the first line has %d.", len(cells), len(header)))
	}
	order, customer := make(map[string]any), make(map[string]any)
	for i, name := range header {
		cell := strings.TrimSpace(cells[i])
		if cell == "" {
			continue
		}
		value, err := csvColumns[name](cell)
		if err != nil {
			return o, badMember(name, err.Error()+".")
		}
		if member, ok := strings.CutPrefix(name, "customer."); ok {
			customer[member] = value
		} else {
			order[name] = value
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
