package web

import (
	"encoding/csv"
	"encoding/xml"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// trackRow is a track point in any format, read back.
type trackRow struct {
	time, received                     time.Time
	lon, lat                           float64
	accuracy, speed, heading, altitude string // empty where unknown
	marks                              string
}

// drive stores a track with all kinds of points and returns what every format
// must say.
func (s *testSite) drive(id tracker.DeviceID) (want []trackRow) {
	s.t.Helper()
	s.device(id)
	start := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	full := fixAt(start, 8.1234567, 50.7654321)
	full.AccuracyMeters, full.SpeedMPS, full.HeadingDegrees, full.AltitudeMeters = 4.5, 0, 359.5, -12.5
	full.Known = geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	bare := fixAt(start.Add(2*time.Second+250*time.Millisecond), -179.9999999, -89.5)
	late := fixAt(start.Add(time.Second), 8.5, 50.5)
	for _, f := range []geofence.Fix{full, bare, late} {
		s.report(id, f)
	}
	var got []tracker.TrackPoint
	err := s.fleet.Track(id, start, start.Add(time.Minute), func(p tracker.TrackPoint) bool {
		got = append(got, p)
		return true
	})
	if err != nil || len(got) != 3 {
		s.t.Fatalf("stored %d points, %v", len(got), err)
	}
	ms := func(i int) time.Time { return got[i].Received.UTC().Truncate(time.Millisecond) }
	return []trackRow{
		{full.Time.Time(), ms(0), 8.1234567, 50.7654321, "4.5", "0", "359.5", "-12.5", ""},
		{late.Time.Time(), ms(1), 8.5, 50.5, "", "", "", "", "late"},
		{bare.Time.Time(), ms(2), -179.9999999, -89.5, "", "", "", "", ""},
	}
}

func sameTrack(t *testing.T, got, want []trackRow) {
	t.Helper()
	same := func(a, b trackRow) bool {
		near := math.Abs(a.lon-b.lon) < 1e-7 && math.Abs(a.lat-b.lat) < 1e-7
		a.lon, a.lat = b.lon, b.lat
		return near && a == b
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Error(err)
	}
	return at
}

func number(v *float32) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*v), 'f', -1, 32)
}

func TestTrackAsGeoJSON(t *testing.T) {
	s := startSite(t)
	want := s.drive("alice:phone")
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/alice:phone/track")
	if got := a.header.Get("Content-Type"); got != geoJSON {
		t.Errorf("Content-Type %q", got)
	}
	var collection struct{ Features []trackFeature }
	a.decode(&collection)
	var got []trackRow
	for _, f := range collection.Features {
		p := f.Properties
		got = append(got, trackRow{
			instant(t, p.Time), instant(t, p.Received), f.Geometry.Coordinates[0], f.Geometry.Coordinates[1],
			number(p.AccuracyM), number(p.SpeedMPS), number(p.HeadingD), number(p.AltitudeM), strings.Join(p.Marks, " "),
		})
	}
	sameTrack(t, got, want)
}

func TestTrackAsCSV(t *testing.T) {
	s := startSite(t)
	want := s.drive("alice:phone")
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/alice:phone/track", header("Accept", "text/csv"))
	if got := a.header.Get("Content-Type"); got != "text/csv" {
		t.Errorf("Content-Type %q", got)
	}
	if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=alice-phone-2") || !strings.HasSuffix(got, "Z.csv") {
		t.Errorf("Content-Disposition %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Join(rows[0], ","); got != "time,lat,lon,accuracy_m,speed_mps,heading_deg,altitude_m,received,marks" {
		t.Errorf("header %s", got)
	}
	var got []trackRow
	for _, r := range rows[1:] {
		lat, err1 := strconv.ParseFloat(r[1], 64)
		lon, err2 := strconv.ParseFloat(r[2], 64)
		if err1 != nil || err2 != nil {
			t.Error(err1, err2)
		}
		got = append(got, trackRow{instant(t, r[0]), instant(t, r[7]), lon, lat, r[3], r[4], r[5], r[6], r[8]})
	}
	sameTrack(t, got, want)
	if strings.Contains(rows[1][0], ".") || !strings.HasSuffix(rows[3][0], ".250Z") {
		t.Errorf("milliseconds: %s, %s", rows[1][0], rows[3][0])
	}
}

func TestTrackAsGPX(t *testing.T) {
	s := startSite(t)
	want := s.drive("alice:phone")
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/alice:phone/track?format=gpx")
	if got := a.header.Get("Content-Type"); got != "application/gpx+xml" {
		t.Errorf("Content-Type %q", got)
	}
	var gpx struct {
		XMLName xml.Name `xml:"http://www.topografix.com/GPX/1/1 gpx"`
		Version string   `xml:"version,attr"`
		Creator string   `xml:"creator,attr"`
		Name    string   `xml:"http://www.topografix.com/GPX/1/1 trk>name"`
		Points  []struct {
			Lat       float64 `xml:"lat,attr"`
			Lon       float64 `xml:"lon,attr"`
			Elevation string  `xml:"http://www.topografix.com/GPX/1/1 ele"`
			Time      string  `xml:"http://www.topografix.com/GPX/1/1 time"`
			Motion    struct {
				Speed  string `xml:"http://www.garmin.com/xmlschemas/TrackPointExtension/v2 speed"`
				Course string `xml:"http://www.garmin.com/xmlschemas/TrackPointExtension/v2 course"`
			} `xml:"extensions>TrackPointExtension"`
			Accuracy string `xml:"extensions>accuracy_m"`
			Received string `xml:"extensions>received"`
			Marks    string `xml:"extensions>marks"`
		} `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal(a.body, &gpx); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	if gpx.Version != "1.1" || gpx.Creator != "Wayguard" || gpx.Name != "alice:phone" {
		t.Errorf("head %s %s %s", gpx.Version, gpx.Creator, gpx.Name)
	}
	var got []trackRow
	for _, p := range gpx.Points {
		got = append(got, trackRow{
			instant(t, p.Time), instant(t, p.Received), p.Lon, p.Lat,
			p.Accuracy, p.Motion.Speed, p.Motion.Course, p.Elevation, p.Marks,
		})
	}
	sameTrack(t, got, want)
}

func TestNamesAreEscapedInGPX(t *testing.T) {
	s := startSite(t)
	if _, err := s.fleet.CreateDevice(t.Context(), tracker.Device{ID: "v", Name: `A & B <"x">`}); err != nil {
		t.Fatal(err)
	}
	var gpx struct {
		Name string `xml:"trk>name"`
	}
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v/track?format=gpx")
	if err := xml.Unmarshal(a.body, &gpx); err != nil || gpx.Name != `A & B <"x">` {
		t.Errorf("name %q, %v", gpx.Name, err)
	}
}

func TestTrackRange(t *testing.T) {
	s := startSite(t)
	s.device("v")
	start := time.Now().UTC().Truncate(time.Second).Add(-30*time.Hour + time.Minute)
	for i := range 30 {
		s.report("v", fixAt(start.Add(time.Duration(i)*time.Hour), 8, 50))
	}
	for query, want := range map[string]int{
		"":                             24,
		"?to=" + unix(start):           0,
		"?to=" + unix(start) + ".001":  1,
		"?from=" + unix(start):         30,
		"?from=" + unix(start) + ".5":  29,
		"?from=" + rfc(start, 2):       28,
		"?to=" + rfc(start, 2):         2,
		"?from=0&to=" + rfc(start, 10): 10,
		"?from=" + rfc(start, 5) + "&to=" + rfc(start, 5): 0,
		"?from=2020-01-01T01:00:00%2B01:00":               30,
	} {
		var c struct{ Features []trackFeature }
		s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v/track"+query).decode(&c)
		if len(c.Features) != want {
			t.Errorf("%q: %d points, want %d", query, len(c.Features), want)
		}
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func rfc(start time.Time, hours int) string {
	return start.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
}

func TestBadTrackRequests(t *testing.T) {
	s := startSite(t)
	s.device("v")
	for _, tt := range []struct {
		query, parameter, says string
	}{
		{"?from=yesterday", "from", "RFC 3339 or"},
		{"?to=NaN", "to", "such as"},
		{"?to=Inf", "to", "such as"},
		{"?to=1e300", "to", "such as"},
		{"?from=", "from", "such as"},
		{"?from=2025-02-30T00:00:00Z", "from", "such as"},
		{"?from=2025-01-01T00:00:00+01:00", "from", "%2B"},
		{"?from=200&to=100", "from", "must not be after to"},
		{"?format=kml", "format", "geojson, gpx or csv"},
		{"?form=2025", "form", "from, to, format"},
		{"?to=1&to=2", "to", "only once"},
		{"?to=%zz", "", "well-formed"},
	} {
		p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/devices/v/track"+tt.query).problem()
		says := strings.TrimPrefix(tt.says, "RFC 3339 or")
		if p.Parameter != tt.parameter || !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %+v", tt.query, p)
		}
	}
	a := s.api(http.StatusNotAcceptable, http.MethodGet, "/api/v1/devices/v/track", header("Accept", "text/html"))
	if !strings.Contains(a.problem().Detail, "application/gpx+xml") {
		t.Errorf("detail %q", a.problem().Detail)
	}
}

func TestTrackOfDeletedDeviceStays(t *testing.T) {
	s := startSite(t)
	want := s.drive("v")
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/devices/v")
	rows := strings.Count(string(s.api(http.StatusOK, http.MethodGet, "/api/v1/devices/v/track?format=csv").body), "\n")
	if rows != len(want)+1 {
		t.Errorf("%d rows", rows)
	}
}

func TestTrackIsCompressedOnRequest(t *testing.T) {
	s := startSite(t)
	s.device("v")
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	for i := range 5 {
		var fixes []geofence.Fix
		for j := range 1000 {
			fixes = append(fixes, fixAt(at.Add(time.Duration(1000*i+j)*time.Millisecond), 8, 50))
		}
		s.report("v", fixes...)
	}
	const path = "/api/v1/devices/v/track?format=csv"
	small := s.api(http.StatusOK, http.MethodGet, path, header("Accept-Encoding", "gzip"))
	whole := s.api(http.StatusOK, http.MethodGet, path)
	if string(plain(t, small)) != string(whole.body) {
		t.Error("not the same")
	}
	if strings.Count(string(whole.body), "\n") != 5001 || len(small.body) > len(whole.body)/4 {
		t.Errorf("%d bytes for %d", len(small.body), len(whole.body))
	}
	for _, a := range []answer{small, whole} {
		if got := a.header.Get("Vary"); !strings.Contains(got, "Accept-Encoding") {
			t.Errorf("Vary %q", got)
		}
	}
}
