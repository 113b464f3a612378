package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"wayguard/tracker"
)

// Rounds come as CSV with a row for each stop, or as JSON with an object for
// each round. A stop is named by the id of its delivery or by the sender's
// reference.

// stopRef names a stop.
type stopRef struct {
	delivery, reference string
	// sequence orders the stops of a round: of all of them, or of none, which
	// then keep the file's order.
	sequence    float64
	sequenced   bool
	line, index int
}

// roundRow is a part of a round: of CSV, one stop; of JSON, all of it.
type roundRow struct {
	name  string // of CSV, what tells rounds apart
	given map[string]rawJSON
	stops []stopRef
}

var roundFormat = format[roundRow]{
	member: "rounds",
	columns: columns{
		"round": csvText, "sequence": csvNumber, "delivery": csvText, "reference": csvCode,
		"vehicle": csvCode, "driver": csvText, "depot": csvCode, "start": csvTime, "auto_start": csvBool, "corridor_m": csvNumber,
	},
	cells: csvStop, object: readNewRound,
}

// csvStop reads a row of CSV.
func csvStop(cells map[string]any) (row roundRow, err error) {
	text := func(name string) string { s, _ := cells[name].(string); return s }
	if row.name = text("round"); row.name == "" {
		return row, badMember("round", "must name the round that the stop is on.")
	}
	stop := stopRef{delivery: text("delivery"), reference: text("reference")}
	if stop.sequence, stop.sequenced = cells["sequence"].(float64); (stop.delivery == "") == (stop.reference == "") {
		return row, badMember("delivery", "must be the id of the stop's delivery, or reference the sender's own: one of both.")
	}
	row.stops, row.given = []stopRef{stop}, make(map[string]rawJSON)
	for _, name := range []string{"vehicle", "driver", "depot", "start", "auto_start", "corridor_m"} {
		if cells[name] == nil {
			continue
		}
		if row.given[name], err = json.Marshal(cells[name]); err != nil {
			return row, fmt.Errorf("encode a row: %w", err)
		}
	}
	return row, nil
}

// readNewRound reads a round as POST takes it, but for its stops, which may be
// objects.
func readNewRound(body []byte) (row roundRow, err error) {
	if row.given, err = parseObject(body); err != nil {
		return row, err
	}
	var stops []rawJSON
	if given := row.given["stops"]; given != nil && json.Unmarshal(given, &stops) != nil {
		return row, badMember("stops", "must be a list of deliveries.")
	}
	delete(row.given, "stops")
	for _, given := range stops {
		var stop stopRef
		if json.Unmarshal(given, &stop.delivery) != nil {
			object, err := parseObject(given)
			if err == nil {
				err = setMembers(object, setters{
					"delivery":  into("stops", &stop.delivery, "the id of a delivery"),
					"reference": into("stops", &stop.reference, "the sender's own reference"),
				})
			}
			if err != nil {
				return row, err
			}
		}
		if (stop.delivery == "") == (stop.reference == "") {
			return row, badMember("stops", `must be ids of deliveries, {"delivery":"…"} or {"reference":"…"}.`)
		}
		row.stops = append(row.stops, stop)
	}
	return row, nil
}

// importRounds makes all rounds of a file or, where any row is wrong, none, and
// lists what is wrong. A dry run only does the latter.
func (s *Server) importRounds(w http.ResponseWriter, r *http.Request, who principal) error {
	body, rows, err := roundFormat.read(r)
	if err != nil {
		return err
	}
	return s.importOnce(w, r, who, body, func(w http.ResponseWriter, i importing) error {
		rounds := gather(rows)
		faults := faultsOf(rows, func(*roundRow) error { return nil }, roundError)
		faults = append(faults, s.checkRounds(rounds)...)
		slices.SortStableFunc(faults, func(a, b faultJSON) int { return cmp.Compare(a.Line, b.Line) })
		faults = faults[:min(len(faults), maxFaults)]
		return i.finish(w, importJSON{Rows: len(rows), Faults: faults}, func() (int, error) {
			return s.createRounds(r, i.once, rounds)
		})
	})
}

// createRounds makes them one by one, each once.
func (s *Server) createRounds(r *http.Request, once tracker.Once, rounds []*fileRound) (created int, err error) {
	for i, round := range rounds {
		err := change(r, func(ctx context.Context) error {
			_, _, err := s.fleet.DoOnce(ctx, once.Part(i), func(ctx context.Context) error {
				_, err := s.fleet.CreateRound(ctx, round.made)
				return err
			})
			return err
		})
		if err != nil {
			return created, roundError(err)
		}
		created++
	}
	return created, nil
}

// fileRound is a round of a file.
type fileRound struct {
	line, index int // of its first row
	given       map[string]rawJSON
	stops       []stopRef
	made        tracker.NewRound
}

// gather puts the rows of each round together, in the order of their first.
func gather(rows []imported[roundRow]) (rounds []*fileRound) {
	named := make(map[string]*fileRound)
	for i := range rows {
		row := &rows[i]
		if row.err != nil {
			continue
		}
		for j := range row.value.stops {
			row.value.stops[j].line, row.value.stops[j].index = row.line, row.index
		}
		r := named[row.value.name]
		if r == nil || row.value.name == "" {
			r = &fileRound{line: row.line, index: row.index, given: row.value.given}
			rounds = append(rounds, r)
			if named[row.value.name] = r; row.value.name != "" {
				r.given["name"], _ = json.Marshal(row.value.name) // a string can be written
			}
		} else if err := r.merge(row.value.given); err != nil {
			row.err = err
			continue
		}
		r.stops = append(r.stops, row.value.stops...)
	}
	return rounds
}

// merge takes what another row says of the round, which must not contradict.
func (r *fileRound) merge(given map[string]rawJSON) error {
	for name, value := range given {
		if said := r.given[name]; said != nil && string(said) != string(value) {
			return badMember(name, fmt.Sprintf("must be the same in all rows of a round, or empty: line %d has another.", r.line))
		}
		r.given[name] = value
	}
	return nil
}

// checkRounds fills in what the rounds are to be, and lists what is wrong.
func (s *Server) checkRounds(rounds []*fileRound) (faults []faultJSON) {
	add := func(line, index int, err error) {
		p, _ := problemOf(roundError(err))
		faults = append(faults, faultJSON{line, index, *p.json()})
	}
	seen := make(map[tracker.DeliveryID]int)
	for _, r := range rounds {
		r.made.Unhurried = true
		err := setMembers(r.given, roundSetters(&r.made))
		if err == nil {
			err = s.fleet.CheckRound(r.made)
		}
		if err == nil && len(r.stops) > tracker.MaxStops {
			err = badMember("stops", fmt.Sprintf("must be at most %d.", tracker.MaxStops))
		}
		if err != nil {
			add(r.line, r.index, err)
		}
		for i := range r.stops {
			stop := &r.stops[i]
			if err := cmp.Or(s.name(stop, seen), r.follows(i)); err != nil {
				add(stop.line, stop.index, err)
			}
		}
		r.order()
	}
	return faults
}

// name finds the delivery of a stop, which must not have been seen before.
func (s *Server) name(stop *stopRef, seen map[tracker.DeliveryID]int) (err error) {
	id, err := s.stopOf(*stop)
	if err != nil {
		return err
	}
	if line := seen[id]; line > 0 {
		return badMember("stops", fmt.Sprintf("must be on one round, once: line %d has it, too.", line))
	}
	seen[id], stop.delivery = stop.line, string(id)
	return nil
}

// follows tells whether stop i can be put in order with those before it.
func (r *fileRound) follows(i int) error {
	if r.stops[i].sequenced != r.stops[0].sequenced {
		return badMember("sequence", "must be given of all stops of a round, or of none.")
	}
	return nil
}

// order puts the stops in order.
func (r *fileRound) order() {
	slices.SortStableFunc(r.stops, func(a, b stopRef) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, stop := range r.stops {
		r.made.Stops = append(r.made.Stops, tracker.DeliveryID(stop.delivery))
	}
}

// stopOf is the open delivery that a stop names.
func (s *Server) stopOf(stop stopRef) (tracker.DeliveryID, error) {
	if stop.delivery != "" {
		d, ok := s.fleet.Delivery(tracker.DeliveryID(stop.delivery))
		switch {
		case !ok || d.Erased:
			return "", badMember("delivery", "must be the id of a delivery: there is none such.")
		case !d.State.Open():
			return "", badMember("delivery", "must be open: it is "+string(d.State)+".")
		}
		return d.ID, nil
	}
	var open []tracker.DeliveryID
	for _, d := range s.fleet.Deliveries(tracker.DeliveryFilter{Reference: stop.reference}, "", maxDeliveries) {
		if d.State.Open() && !d.Erased {
			open = append(open, d.ID)
		}
	}
	if len(open) != 1 {
		return "", badMember("reference", fmt.Sprintf("must be that of one open delivery: %d have it. Name it by its id.", len(open)))
	}
	return open[0], nil
}
