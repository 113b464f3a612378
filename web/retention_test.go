package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// startAged starts a site on a file of which the first events and the fixes
// from before since have been dropped for their age. The device v is in it.
func startAged(t *testing.T, since time.Time) *testSite {
	t.Helper()
	young := startSite(t)
	young.device("v")
	young.fence("depot", 8, 50, 100)
	young.report("v", fixAt(since.Add(-time.Minute), 8.1, 50))
	young.visit("v", since, 6)
	tx := tracker.Transaction{Records: []tracker.BucketRecord{{Bucket: "retention", Record: tracker.Record{
		Key: "tracks", Value: strconv.AppendInt(nil, since.UnixMilli(), 10),
	}}}}
	for seq := range uint64(5) {
		tx.EventCuts = append(tx.EventCuts, tracker.LogEntry{Seq: seq + 1, Subject: "depot", Device: "v"})
	}
	if err := young.disk.Commit(&tx); err != nil {
		t.Fatal(err)
	}
	return startSite(t, func(o *Options) { o.Fleet, _ = startFleet(t, young.disk, discardLog()) })
}

func TestEventsNoLongerKept(t *testing.T) {
	s := startAged(t, time.Now().UTC().Truncate(time.Second).Add(-time.Hour))
	for query, want := range map[string]int{
		"?after=0": http.StatusGone, "?after=4": http.StatusGone, "?after=5": http.StatusOK, "?after=12": http.StatusOK,
		"?after=3&subject=depot": http.StatusGone, "": http.StatusOK, "?last=12": http.StatusOK,
	} {
		a := s.api(want, http.MethodGet, "/api/v1/events"+query)
		var problem struct {
			Parameter string
			Earliest  uint64
		}
		var page eventsJSON
		if want == http.StatusGone {
			if err := json.Unmarshal(a.body, &problem); err != nil || problem.Parameter != "after" || problem.Earliest != 5 {
				t.Errorf("%q: %s", query, a.body)
			}
		} else if a.decode(&page); query != "?after=12" && (len(page.Events) != 7 || page.Events[0].Seq != 6) {
			t.Errorf("%q: %v", query, seqsOf(page))
		}
	}
	if _, a := s.dial("?after=2", http.Header{"Authorization": {"Bearer " + testToken}}); a.status != http.StatusGone {
		t.Errorf("the live feed: %d %s", a.status, a.body)
	}
	feed := s.live("?after=5")
	for kind := ""; kind != "event"; {
		var err error
		if kind, err = feed.next(); err != nil {
			t.Fatal(err)
		}
	}
	if feed.seqs[0] != 6 {
		t.Errorf("the live feed goes on with %d", feed.seqs[0])
	}
}

func TestTrackNoLongerKept(t *testing.T) {
	since := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	s := startAged(t, since)
	at := func(d time.Duration) string { return geofence.MillisOf(since.Add(d)).Time().UTC().Format(time.RFC3339) }
	for query, want := range map[string]int{
		"?from=0":                                http.StatusGone,
		"?from=" + at(-time.Second):              http.StatusGone,
		"?to=" + at(-time.Second):                http.StatusGone,
		"?from=" + at(0):                         http.StatusOK,
		"?from=" + at(0) + "&to=" + at(5):        http.StatusOK,
		"":                                       http.StatusOK,
		"?from=0&to=" + at(0) + "&format=csv":    http.StatusGone,
		"?from=" + at(time.Hour) + "&format=gpx": http.StatusOK,
	} {
		a := s.api(want, http.MethodGet, "/api/v1/devices/v/track"+query)
		var problem struct{ Earliest string }
		if want == http.StatusGone {
			if err := json.Unmarshal(a.body, &problem); err != nil || !instant(t, problem.Earliest).Equal(since) {
				t.Errorf("%q: %s", query, a.body)
			}
		}
	}
	var track struct{ Features []trackFeature }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v/track").decode(&track)
	if len(track.Features) != 12 {
		t.Errorf("without a beginning there are %d fixes, want those of the visits", len(track.Features))
	}
}
