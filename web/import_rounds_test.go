package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

// fleetOf makes deliveries of the given references, a vehicle and a depot.
func (s *testSite) fleetOf(references ...string) map[string]string {
	s.t.Helper()
	s.make("/api/v1/depots", `{"id":"north","point":{"type":"Point","coordinates":[8,50]}}`)
	s.make("/api/v1/vehicles", `{"id":"van"}`)
	ids := make(map[string]string)
	for _, reference := range references {
		ids[reference] = s.make("/api/v1/deliveries", fmt.Sprintf(
			`{"customer":{"name":"N. N."},"address":"1 Mill Lane","reference":%q,"point":{"type":"Point","coordinates":[8.5,50.5]}}`, reference)).ID
	}
	return ids
}

// routesOf are the rounds, oldest first, with the references of their stops.
func (s *testSite) routesOf() (rounds []string) {
	for _, r := range s.fleet.Rounds(nil, "", -1) {
		text := fmt.Sprintf("%s %s %s:", r.Name, r.Vehicle, r.Depot)
		for _, id := range r.Stops {
			d, _ := s.fleet.Delivery(id)
			text += " " + d.Reference
		}
		rounds = append(rounds, text)
	}
	slices.Reverse(rounds)
	return rounds
}

func TestImportOfRounds(t *testing.T) {
	for name, c := range map[string]struct{ media, file string }{
		"csv": {"text/csv", "\ufeffround,sequence,reference,delivery,vehicle,depot,start\r\n" +
			"East,2,A,,van,,2026-03-03T07:00:00+01:00\r\nWest,,D,,,,\r\nEast,1,,$B,,north,\r\nEast,10,C,,van,,\r\nWest,,E,,,,\r\n"},
		"semicolons": {"text/csv", "sep=;\nround;sequence;reference;vehicle;depot;start;corridor_m\n" +
			"East;2,5;A;van;north;2026-03-03 07:00+01:00;50,5\nEast;2;B;;;;\nEast;3;C;;;;\nWest;;D;;;;\nWest;;E;;;;\n"},
		"a list": {"application/json", `[{"name":"East","vehicle":"van","depot":"north","start":"2026-03-03T06:00:00Z","stops":[{"delivery":"$B"},{"reference":"A"},"$C"]},
			{"name":"West","stops":[{"reference":"D"},{"reference":"E"}]}]`},
		"an object": {"application/json", `{"rounds":[{"name":"East","vehicle":"van","depot":"north","start":"2026-03-03T06:00:00Z","stops":["$B","$A","$C"]},{"name":"West","stops":["$D","$E"]}]}`},
		"lines": {"application/x-ndjson", `{"name":"East","vehicle":"van","depot":"north","start":"2026-03-03T06:00:00Z","stops":["$B","$A","$C"]}

{"name":"West","stops":["$D","$E"]}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t)
			for reference, id := range s.fleetOf("A", "B", "C", "D", "E") {
				c.file = strings.ReplaceAll(c.file, "$"+reference, id)
			}
			file := withBody(c.media, c.file)
			var result importJSON
			s.api(http.StatusOK, http.MethodPost, "/api/v1/rounds/import?dry_run=true", file).decode(&result)
			if len(result.Faults) != 0 || len(s.routesOf()) != 0 {
				t.Fatalf("a dry run: %+v, %v", result, s.routesOf())
			}
			for range 2 {
				s.api(http.StatusCreated, http.MethodPost, "/api/v1/rounds/import", file, header("Idempotency-Key", "k")).decode(&result)
			}
			if got := strings.Join(s.routesOf(), ", "); got != "East van north: B A C, West  : D E" || result.Created != 2 {
				t.Errorf("%q, %+v", got, result)
			}
			if r := s.fleet.Rounds(nil, "", -1)[1]; !r.AutoStarts() || r.Start.Hour() != 6 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestImportOfWrongRounds(t *testing.T) {
	s := startSite(t)
	ids := s.fleetOf("A", "B", "B2", "C", "D")
	s.make("/api/v1/deliveries", `{"customer":{"name":"N. N."},"address":"1 Mill Lane","reference":"B","point":{"type":"Point","coordinates":[8.5,50.5]}}`)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/"+ids["C"]+"/state", withJSON(`{"state":"cancelled"}`))
	for name, c := range map[string]struct{ media, file, want string }{
		"csv": {"text/csv", "round,reference,delivery,vehicle,driver,start,sequence\n" +
			"East,A,,van,,,1\n" + // line 2
			"East,B,,,,,2\n" + // two have it
			"East,none,,,,,3\n" +
			"East,C,,,,,\n" + // cancelled
			"East,A,,,,,5\n" + // again
			"East,,x,bike,,,\n" + // 7: contradicts
			",A,,,,,\n" +
			"East,A,x,,,,\n" +
			"East,,,,,,\n" +
			"West,,,,,,x\n" + // 11
			"West,,none,lorry,,03.03.2026,\n" +
			"West,,none,lorry,,,\n" +
			"\"We\nst\",B2,,4.01234E+12,,,\n" + // 14, two lines
			"North,B2\n" +
			"South,B2,,,,,1\n" +
			"South,D,,,,,\n",
			"3 reference, 4 reference, 5 reference, 6 stops, 7 vehicle, 8 round, 9 delivery, 10 delivery, 11 sequence, 12 start, 13 vehicle, 13 delivery, 14 vehicle, 16 , 18 sequence"},
		"json": {"application/json", "[\n{\"stops\":[{\"reference\":\"A\"},{\"reference\":\"A\"}]},\n\n{\"colour\":1},\n 7,\n{\"stops\":[8]},\n{\"stops\":{}},{\"stops\":[{}]},\n{\"vehicle\":\"lorry\"},\n{\"start\":\"tomorrow\"}]",
			"2 stops, 4 colour, 5 , 6 , 7 stops, 7 stops, 8 vehicle, 9 start"},
		"lines": {"application/x-ndjson", "{\"name\":\"East\"}\n{\"name\":\n\n{\"vehicle\":\"lorry\"}\n", "2 , 4 vehicle"},
	} {
		for _, status := range []int{http.StatusOK, http.StatusUnprocessableEntity} {
			var result importJSON
			s.api(status, http.MethodPost, fmt.Sprintf("/api/v1/rounds/import?dry_run=%t", status == http.StatusOK), withBody(c.media, c.file)).decode(&result)
			var found []string
			for _, f := range result.Faults {
				found = append(found, fmt.Sprintf("%d %s", f.Line, f.Member))
			}
			if got := strings.Join(found, ", "); got != c.want || result.Created != 0 {
				t.Errorf("%s: faults %q, want %q", name, got, c.want)
			}
		}
	}
	for name, c := range map[string]struct{ media, file, want string }{
		"Latin-1":    {"text/csv", "round,reference\nEast,A\nGr\xfcn,A\n", "Line 3 is not UTF-8"},
		"UTF-16":     {"text/csv", "\xff\xfer\x00", "UTF-16"},
		"no header":  {"text/csv", "", "first line"},
		"an open \"": {"text/csv", "round,reference\nEast,\"A\nB\nC", "begins in line 2"},
		"no list":    {"application/json", `"x"`, "list of objects"},
		"cut off":    {"application/json", "[{},\n{}", "line 2"},
		"no value":   {"application/json", "[{},\n,]", "line 2"},
		"no rounds":  {"application/json", `{"rounds":7}`, "list of objects"},
		"too many":   {"application/x-ndjson", strings.Repeat("{}\n", maxImport+1), "at most 20000"},
	} {
		p := s.api(http.StatusBadRequest, http.MethodPost, "/api/v1/rounds/import", withBody(c.media, c.file)).problem()
		if !strings.Contains(p.Detail, c.want) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	if len(s.routesOf()) != 0 {
		t.Errorf("wrong files made %v", s.routesOf())
	}
}

func TestImportOfDeliveriesInJSON(t *testing.T) {
	s := startSite(t)
	one := `{"customer":{"name":"N. N."},"address":"1 Mill Lane","point":{"type":"Point","coordinates":[8.5,50.5]}}`
	for media, file := range map[string]string{
		"application/json":     "[" + one + ",\n" + one + "]",
		"application/x-ndjson": one + "\r\n" + one,
	} {
		var result importJSON
		s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries/import", withBody(media, file)).decode(&result)
		if result.Created != 2 {
			t.Errorf("%s: %+v", media, result)
		}
	}
	var result importJSON
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/deliveries/import", withJSON(`{"deliveries":[`+one+",\n{\"address\":\"x\"}]}")).decode(&result)
	if len(result.Faults) != 1 || result.Faults[0].Line != 2 || result.Faults[0].Index != 1 || result.Faults[0].Member != "customer" {
		t.Errorf("faults %+v", result.Faults)
	}
	if n := len(s.fleet.Deliveries(tracker.DeliveryFilter{}, "", 10)); n != 4 {
		t.Errorf("%d deliveries", n)
	}
}

// Spreadsheets write decimals with a comma, and make numbers and dates of what
// is neither.
func TestImportFromASpreadsheet(t *testing.T) {
	s := startSite(t)
	head := "customer.name\taddress\tlon\tlat\tcustomer.phone\tparcels\twindow_start\n"
	var result importJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries/import", withBody("text/csv", head+"N. N.\t1 Mill Lane\t8,5\t50,25\t\tP1 P2\t2026-03-03 10:00+01:00\n")).decode(&result)
	if d := s.fleet.Deliveries(tracker.DeliveryFilter{}, "", 10)[0]; d.Point[0] != 8.5 || d.Point[1] != 50.25 || d.WindowStart.Hour() != 9 {
		t.Errorf("%+v", d)
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/deliveries/import", withBody("text/csv", head+
		"N. N.\t1 Mill Lane\t8,5\t50,25\t4,91512E+11\t\t\nN. N.\t1 Mill Lane\t8,5\t50,25\t\tP1 4.01234E+12\t\nN. N.\t1 Mill Lane\t8,5\t50,25\t\t\t03.04.2026 10:00\n"+
		"N. N.\t1 Mill Lane\t8,5\t50,25\t\t\t46084,4167\nN. N.\t1 Mill Lane\t8,5,1\t50,25\t\t\t\n")).decode(&result)
	var members []string
	for _, f := range result.Faults {
		members = append(members, f.Member)
	}
	if got := strings.Join(members, " "); got != "customer.phone parcels window_start window_start lon" {
		t.Errorf("faults of %s", got)
	}
}

func FuzzImportOfRounds(f *testing.F) {
	f.Add([]byte("round,sequence,reference\nEast,1,A\nEast,2,B\n"))
	f.Add([]byte("sep=;\nround;start\n\"a\nb\";2026\n"))
	f.Add([]byte(`[{"name":"East","stops":["a",{"reference":"B"}]},` + "\n,{}]"))
	f.Add([]byte("{\"rounds\":[{}]}"))
	f.Add([]byte("{}\n{\"stops\":[1]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func([]byte) ([]imported[roundRow], error){roundFormat.readCSV, roundFormat.readJSON} {
			rows, err := read(text)
			if err != nil && rows != nil {
				t.Error("rows with an error")
			}
			last := 0
			for i, row := range rows {
				if row.line < last || row.index != i {
					t.Errorf("row %d in line %d follows line %d", row.index, row.line, last)
				}
				last = row.line
			}
			stops := 0
			for _, r := range gather(rows) {
				stops += len(r.stops)
			}
			for _, row := range rows {
				if row.err == nil {
					stops -= len(row.value.stops)
				}
			}
			if stops != 0 {
				t.Errorf("%d stops more than in the file", stops)
			}
		}
	})
}
