package tracker

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestWhenADepotWorks(t *testing.T) {
	d := Depot{
		TimeZone: "Europe/Berlin",
		Hours:    []Hours{{Days: []int{1, 2, 3, 4, 5}, From: "06:00", To: "20:00"}, {Days: []int{6}, From: "22:00", To: "02:00"}},
		Closed:   []string{"2026-12-25"},
	}
	for at, works := range map[string]bool{
		"2026-11-23T05:30:00Z": true,  // Monday 06:30
		"2026-11-23T04:59:59Z": false, // 05:59
		"2026-11-23T18:59:59Z": true,
		"2026-11-23T19:00:00Z": false,
		"2026-11-28T23:30:00Z": true,  // Sunday 00:30, of Saturday's hours
		"2026-11-29T01:00:00Z": false, // 02:00
		"2026-12-25T09:00:00Z": false, // a Friday
		"2026-12-24T23:30:00Z": false,
		"2026-07-06T04:30:00Z": true,  // 06:30 in summer
		"2026-07-06T03:30:00Z": false, // 05:30
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if d.Works(when) != works {
			t.Errorf("%s: works %v", at, !works)
		}
	}
	always := Depot{Closed: []string{"2026-12-25"}}
	if !always.Works(time.Date(2026, 12, 24, 3, 0, 0, 0, time.UTC)) || always.Works(time.Date(2026, 12, 25, 3, 0, 0, 0, time.UTC)) {
		t.Error("without hours it works on all days but those on which it is closed")
	}
}

// Today is what clocks show at the depot.
func TestADriversDayIsThatOfTheDepot(t *testing.T) {
	auckland := &Depot{TimeZone: "Pacific/Auckland"}
	evening := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC) // 23:30 there
	midnight := evening.Add(time.Hour)
	if auckland.day(evening) != "2026-11-23" || auckland.day(midnight) != "2026-11-24" {
		t.Errorf("%s and %s", auckland.day(evening), auckland.day(midnight))
	}
	if utc := new(Depot); utc.day(evening) != utc.day(midnight) {
		t.Error("without a depot a day is one in UTC")
	}
}
