package web

import (
	"context"
	"mime"
	"net/http"
	"strconv"

	"wayguard/tracker"
)

const (
	// maxImport is the most rows of one file.
	maxImport = 20_000
	// maxFaults is how many wrong rows are listed.
	maxFaults = 1000
)

// importTypes are what a file may be.
var importTypes = []string{"text/csv", "application/json", "application/x-ndjson"}

// imported is a row of a file: of CSV, or a value of JSON.
type imported[T any] struct {
	// line is where it begins, from 1; index is its place among the rows, from 0.
	line, index int
	value       T
	err         error
}

// faultJSON is what is wrong with a row.
type faultJSON struct {
	Line  int `json:"line"`
	Index int `json:"index"`
	problemJSON
}

type importJSON struct {
	Rows    int  `json:"rows"`
	Created int  `json:"created"`
	DryRun  bool `json:"dry_run"`
	// Faults are at most maxFaults.
	Faults []faultJSON `json:"faults"`
}

// format is how a file's rows become values.
type format[T any] struct {
	// member is the one of an object that may hold the list.
	member  string
	columns columns
	cells   func(cells map[string]any) (T, error)
	object  func(raw []byte) (T, error)
}

// read reads a file. The error is about it as a whole; those of rows stand with
// them.
func (f format[T]) read(r *http.Request) (body []byte, rows []imported[T], err error) {
	if body, err = readBody(r, importTypes...); err != nil {
		return nil, nil, err
	}
	text, err := plainText(body)
	if err != nil {
		return nil, nil, err
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media == "text/csv" || media == "" && !looksLikeJSON(text) {
		rows, err = f.readCSV(text)
	} else {
		rows, err = f.readJSON(text)
	}
	if err == nil && len(rows) > maxImport {
		err = badRequest("The file must have at most " + strconv.Itoa(maxImport) + " rows: send it in parts.")
	}
	return body, rows, err
}

// faultsOf lists what is wrong with rows, in their order.
func faultsOf[T any](rows []imported[T], check func(*T) error, fault func(error) error) []faultJSON {
	faults := []faultJSON{}
	for i := range rows {
		if rows[i].err == nil {
			rows[i].err = check(&rows[i].value)
		}
		if rows[i].err == nil || len(faults) == maxFaults {
			continue
		}
		p, _ := problemOf(fault(rows[i].err))
		faults = append(faults, faultJSON{rows[i].line, rows[i].index, *p.json()})
	}
	return faults
}

// importing is an import of a file under way.
type importing struct {
	dryRun bool
	once   tracker.Once
}

// importOnce has do import the file that r brought, unless that was done before.
// What has become of its rows since would make them look wrong.
func (s *Server) importOnce(w http.ResponseWriter, r *http.Request, who principal, body []byte, do func(http.ResponseWriter, importing) error) (err error) {
	var i importing
	if i.dryRun, err = queryOf(r).flag("dry_run", false); err != nil {
		return err
	}
	if i.dryRun {
		return do(w, i)
	}
	if i.once, err = s.onceOf(r, who, body); err != nil {
		return err
	}
	return s.answerAgain(w, r, i.once, func(w http.ResponseWriter) error { return do(w, i) })
}

// finish does what an import is for, unless it is a dry run or anything is
// wrong.
func (i importing) finish(w http.ResponseWriter, result importJSON, create func() (int, error)) (err error) {
	result.DryRun = i.dryRun
	switch {
	case result.DryRun:
		return writeJSON(w, http.StatusOK, result)
	case len(result.Faults) > 0:
		return writeJSON(w, http.StatusUnprocessableEntity, result)
	}
	if result.Created, err = create(); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, result)
}

// importDeliveries makes all deliveries of a file or, where any row is wrong,
// none, and lists what is wrong. A dry run only does the latter.
func (s *Server) importDeliveries(w http.ResponseWriter, r *http.Request, who principal) error {
	body, rows, err := orderFormat.read(r)
	if err != nil {
		return err
	}
	return s.importOnce(w, r, who, body, func(w http.ResponseWriter, i importing) error {
		faults := faultsOf(rows, func(o *tracker.NewDelivery) error { return s.checkNew(who, o) }, deliveryError)
		return i.finish(w, importJSON{Rows: len(rows), Faults: faults}, func() (int, error) {
			return s.createRows(r, i.once, rows)
		})
	})
}

// createRows makes them in chunks, each of which is done once.
func (s *Server) createRows(r *http.Request, once tracker.Once, rows []imported[tracker.NewDelivery]) (created int, err error) {
	for i := 0; i < len(rows); i += manyChunk {
		var orders []tracker.NewDelivery
		for _, row := range rows[i:min(i+manyChunk, len(rows))] {
			orders = append(orders, row.value)
		}
		err := change(r, func(ctx context.Context) error {
			_, _, err := s.fleet.CreateDeliveries(ctx, once.Part(i), orders...)
			return err
		})
		if err != nil {
			return created, deliveryError(err)
		}
		created += len(orders)
	}
	return created, nil
}
