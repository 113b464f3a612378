package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvRows reads CSV as of RFC 4180 with a header.
type csvRows struct {
	csv     *csv.Reader
	budget  *budgetReader
	columns []string
	// line is where the newest record begins.
	line int
}

// newCSVRows reads the header, which names the columns in any order.
func newCSVRows(r io.Reader) (*csvRows, error) {
	c := &csvRows{budget: &budgetReader{r: r}}
	c.csv = csv.NewReader(c.budget)
	c.csv.ReuseRecord = true
	c.csv.FieldsPerRecord = -1 // read says it with the numbers
	header, err := c.record()
	if err == io.EOF {
		return nil, &lineError{1, fmt.Errorf("no header: the first line must name the columns, at least %s", strings.Join(requiredColumns(), ","))}
	}
	if err != nil {
		return nil, err
	}
	for _, name := range header {
		c.columns = append(c.columns, strings.TrimSpace(name))
	}
	if err := checkHeader(c.columns); err != nil {
		return nil, &lineError{c.line, err}
	}
	return c, nil
}

func checkHeader(columns []string) error {
	for i, name := range columns {
		if !slices.Contains(knownColumns(), name) {
			if len(columns) == 1 && strings.ContainsAny(name, ";\t") {
				return fmt.Errorf("the columns %.60q must be separated by commas", name)
			}
			return errUnknownColumn(name)
		}
		if slices.Contains(columns[:i], name) {
			return fmt.Errorf("column %q is there twice", name)
		}
	}
	for _, name := range requiredColumns() {
		if !slices.Contains(columns, name) {
			return errMissingColumn(name)
		}
	}
	return nil
}

func (c *csvRows) read() (row, error) {
	fields, err := c.record()
	if err != nil {
		return row{}, err
	}
	r := row{line: c.line}
	if len(fields) != len(c.columns) {
		return row{}, &lineError{c.line, fmt.Errorf("%d fields where the header has %d", len(fields), len(c.columns))}
	}
	for i, text := range fields {
		if err := r.set(c.columns[i], text); err != nil {
			return row{}, &lineError{c.line, err}
		}
	}
	if err := r.check(); err != nil {
		return row{}, &lineError{c.line, err}
	}
	return r, nil
}

// record reads one record and keeps its line.
func (c *csvRows) record() ([]string, error) {
	c.budget.refill()
	fields, err := c.csv.Read()
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		at := &lineError{c.line + 1, err}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			at.line, at.err = broken.Line, broken.Err
		}
		return nil, at
	}
	c.line, _ = c.csv.FieldPos(0)
	return fields, nil
}
