package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wayguard/geofence"
)

// maxRecord bounds what one row may take in memory, in bytes: traces are read
// as a stream, however long.
const maxRecord = 1 << 20

var errRecordTooLong = fmt.Errorf("more than %d bytes in one record", maxRecord)

// row is one position of a trace.
type row struct {
	// device is empty where the row names none.
	device string
	fix    geofence.Fix
	// event is empty or "handoff"; then ref is the stop's id.
	event, ref string
	// line is where the row begins in its file, from 1.
	line int
}

// rowReader reads one format.
type rowReader interface {
	// read returns io.EOF after the last row; other errors are a *lineError.
	read() (row, error)
}

// lineError is what is wrong with a trace, and where.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// trace is an open TRACE.
type trace struct {
	// name is the path as given.
	name string
	// device stands in for a row's own.
	device string
	rows   rowReader
	// read counts the rows, unnamed those without a device, again those at a
	// time that their device had a fix of, late those too late to have a part,
	// clock those of a clock that was wrong by days, handoffs those that are not
	// judged.
	read, unnamed, again, late, clock, handoffs int

	closer io.Closer
}

// openTrace opens the file name, or stdin for "-", and finds out its format by
// the file's extension or, where that says nothing, its first bytes.
func openTrace(name string, stdin io.Reader) (*trace, error) {
	t := &trace{name: name, device: "stdin", closer: io.NopCloser(nil)}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		stdin, t.closer = f, f
		t.device = deviceOf(name)
	}
	if err := t.start(stdin); err != nil {
		return nil, errors.Join(err, t.closer.Close())
	}
	return t, nil
}

func (t *trace) start(src io.Reader) error {
	if err := checkDevice(t.device); err != nil {
		return fmt.Errorf("%s: the file's name gives the device's: %w", t.name, err)
	}
	b := bufio.NewReaderSize(src, 64<<10)
	head, err := b.Peek(512)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read trace %s: %w", t.name, err)
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return fmt.Errorf("%s:1: the text is UTF-16: save it as UTF-8", t.name)
	}
	if bom := []byte("\ufeff"); bytes.HasPrefix(head, bom) {
		head = head[len(bom):]
		_, _ = b.Discard(len(bom)) // cannot fail: the bytes were just peeked
	}
	switch formatOf(t.name, head) {
	case "gpx":
		t.rows = newGPXRows(b)
	case "ndjson":
		t.rows = newNDJSONRows(b)
	default:
		t.rows, err = newCSVRows(b)
		return t.locate(err)
	}
	return nil
}

// deviceOf is the file's base name without its extension.
func deviceOf(name string) string {
	base := filepath.Base(name)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		return stem
	}
	return base
}

func formatOf(name string, head []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gpx":
		return "gpx"
	case ".csv":
		return "csv"
	case ".ndjson", ".jsonl":
		return "ndjson"
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("<")):
		return "gpx"
	case bytes.HasPrefix(head, []byte("{")):
		return "ndjson"
	default:
		return "csv"
	}
}

// next returns the next row with its device filled in, and io.EOF at the end.
// Other errors name file and line.
func (t *trace) next() (row, error) {
	r, err := t.rows.read()
	if err != nil {
		return row{}, t.locate(err)
	}
	t.read++
	if r.device == "" {
		r.device = t.device
		t.unnamed++
	}
	return r, nil
}

func (t *trace) locate(err error) error {
	var at *lineError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %w", t.name, at.line, at.err)
	}
	return err
}

func (t *trace) close() error { return t.closer.Close() }

// budgetReader lets a parser that would read any amount for one record read
// only so much: refill before each record.
type budgetReader struct {
	r    io.Reader
	left int
}

func (b *budgetReader) refill() { b.left = maxRecord }

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
