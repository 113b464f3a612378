package web

import (
	"context"
	"net/http"
	"strconv"

	"wayguard/tracker"
)

const (
	// maxImport is the most orders of one file.
	maxImport = 20_000
	// maxFaults is how many wrong rows are listed.
	maxFaults = 1000
)

// faultJSON is what is wrong with a row.
type faultJSON struct {
	Line int `json:"line"`
	problemJSON
}

type importJSON struct {
	Rows    int  `json:"rows"`
	Created int  `json:"created"`
	DryRun  bool `json:"dry_run"`
	// Faults are at most maxFaults.
	Faults []faultJSON `json:"faults"`
}

// importDeliveries makes all deliveries of a CSV file or, where any row is
// wrong, none, and lists what is wrong. A dry run only does the latter.
func (s *Server) importDeliveries(w http.ResponseWriter, r *http.Request, who principal) error {
	body, err := readBody(r, "text/csv")
	if err != nil {
		return err
	}
	q := queryOf(r)
	dry := false
	if q.has("dry_run") {
		if dry, err = strconv.ParseBool(q.text("dry_run")); err != nil {
			return badParameter("dry_run", "must be true or false.")
		}
	}
	rows, err := readCSV(body)
	if err != nil {
		return err
	}
	if len(rows) > maxImport {
		return badRequest("The file must have at most " + strconv.Itoa(maxImport) + " rows: send it in parts.")
	}
	result := importJSON{Rows: len(rows), DryRun: dry, Faults: s.faultsOf(who, rows)}
	if len(result.Faults) > 0 && !dry {
		return writeJSON(w, http.StatusUnprocessableEntity, result)
	}
	if dry {
		return writeJSON(w, http.StatusOK, result)
	}
	once, err := s.onceOf(r, who, body)
	if err != nil {
		return err
	}
	if result.Created, err = s.createRows(r, once, rows); err != nil {
		return deliveryError(err)
	}
	return writeJSON(w, http.StatusCreated, result)
}

func (s *Server) faultsOf(who principal, rows []importRow) []faultJSON {
	faults := []faultJSON{}
	for i := range rows {
		err := rows[i].err
		if err == nil {
			err = s.checkNew(who, &rows[i].order)
		}
		if err == nil || len(faults) == maxFaults {
			continue
		}
		p, _ := problemOf(deliveryError(err))
		faults = append(faults, faultJSON{rows[i].line, *p.json()})
	}
	return faults
}

// createRows makes them in chunks, each of which is done once.
func (s *Server) createRows(r *http.Request, once tracker.Once, rows []importRow) (created int, err error) {
	for i := 0; i < len(rows); i += manyChunk {
		var orders []tracker.NewDelivery
		for _, row := range rows[i:min(i+manyChunk, len(rows))] {
			orders = append(orders, row.order)
		}
		err := change(r, func(ctx context.Context) error {
			_, _, err := s.fleet.CreateDeliveries(ctx, once.Part(i), orders...)
			return err
		})
		if err != nil {
			return created, err
		}
		created += len(orders)
	}
	return created, nil
}
