package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"wayguard/tracker"
)

func TestImportOfDeliveries(t *testing.T) {
	s := startSite(t)
	var b strings.Builder
	b.WriteString("\ufeffreference;customer.name;customer.phone;address;lon;lat;parcels;window_start;instructions\n")
	for i := range 150 {
		fmt.Fprintf(&b, "R%d;N. N.;+49 151 1234567;\"%d, Mill Lane\";8.5;50.5;P%d Q%d;2026-03-03T10:00:00+01:00;\"ring;\ntwice\"\n", i, i, i, i)
	}
	file := withBody("text/csv; charset=utf-8", b.String())
	var result importJSON
	s.api(http.StatusOK, http.MethodPost, "/api/v1/deliveries/import?dry_run=true", file).decode(&result)
	if result.Rows != 150 || result.Created != 0 || len(result.Faults) != 0 || len(s.fleet.Deliveries(tracker.DeliveryFilter{}, "", 10)) != 0 {
		t.Errorf("dry run %+v", result)
	}
	for range 2 {
		s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries/import", file, header("Idempotency-Key", "k")).decode(&result)
		if result.Created != 150 {
			t.Errorf("created %+v", result)
		}
	}
	all := s.fleet.Deliveries(tracker.DeliveryFilter{}, "", 1000)
	if len(all) != 150 {
		t.Fatalf("%d deliveries", len(all))
	}
	if d := all[0]; d.Reference != "R149" || d.Address != "149, Mill Lane" || len(d.Parcels) != 2 || d.WindowStart.Hour() != 9 || d.Instructions != "ring;\ntwice" {
		t.Errorf("the last one: %+v", d)
	}
}

func TestImportThatIsWrong(t *testing.T) {
	s := startSite(t)
	head := "customer.name,customer.phone,address,lon,lat,service_s,test\n"
	good := "N. N.,,1 Mill Lane,8.5,50.5,60,\n"
	bad := head + good +
		"N. N.,12,1 Mill Lane,8.5,50.5,,\n" + // line 3
		"N. N.,,,8.5,50.5,,\n" +
		"N. N.,,1 Mill Lane,east,50.5,,\n" +
		"N. N.,,1 Mill Lane,,50.5,,\n" +
		"N. N.,,1 Mill Lane,8.5,95,,\n" +
		"N. N.,,1 Mill Lane,8.5,50.5,,perhaps\n" +
		"N. N.,,1 Mill Lane\n"
	for _, status := range []int{http.StatusOK, http.StatusUnprocessableEntity} {
		var result importJSON
		s.api(status, http.MethodPost, fmt.Sprintf("/api/v1/deliveries/import?dry_run=%t", status == http.StatusOK), withBody("text/csv", bad)).decode(&result)
		var found []string
		for _, f := range result.Faults {
			found = append(found, fmt.Sprintf("%d %s", f.Line, f.Member))
		}
		want := "3 customer.phone, 4 address, 5 lon, 6 point, 7 point, 8 test, 9 "
		if got := strings.Join(found, ", "); got != want || result.Rows != 8 || result.Created != 0 {
			t.Errorf("faults %q, want %q", got, want)
		}
	}
	for _, text := range []string{"", head + "\"open,\n", "customer.name,colour\n", "address,address\n"} {
		s.api(http.StatusBadRequest, http.MethodPost, "/api/v1/deliveries/import", withBody("text/csv", text))
	}
	if len(s.fleet.Deliveries(tracker.DeliveryFilter{}, "", 10)) != 0 {
		t.Error("a wrong file made deliveries")
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("customer.name,address,lon,lat\nN. N.,1 Mill Lane,8.5,50.5\n"))
	f.Add([]byte("\ufeffcustomer.name;parcels\n\"a\nb\";\"P1 P2\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := orderFormat.readCSV(text)
		if err != nil && rows != nil {
			t.Error("rows with an error")
		}
		last := 0
		for _, row := range rows {
			if row.line <= last {
				t.Errorf("line %d follows line %d", row.line, last)
			}
			last = row.line
		}
	})
}
