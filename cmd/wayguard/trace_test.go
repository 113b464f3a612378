package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// readRows reads text as the file name.
func readRows(name string, text io.Reader) ([]row, *trace, error) {
	t := &trace{name: name, device: deviceOf(name)}
	if err := t.start(text); err != nil {
		return nil, nil, err
	}
	var rows []row
	for {
		r, err := t.next()
		if err == io.EOF {
			return rows, t, nil
		}
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, r)
	}
}

// fixAt is a fix with nothing but a time and a place.
func fixAt(unixMillis int64, lon, lat float64) geofence.Fix {
	return geofence.Fix{Time: geofence.Millis(unixMillis), Point: orb.Point{lon, lat}}
}

// readCase is a text and the rows it holds, or the error it gives.
type readCase struct {
	name, text string
	rows       []row
	err        string
}

// runReadCases reads each text as file.
func runReadCases(t *testing.T, file string, cases []readCase) {
	t.Helper()
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rows, _, err := readRows(file, strings.NewReader(c.text))
			switch {
			case c.err == "" && err != nil:
				t.Error(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want %q", err, c.err)
			case !reflect.DeepEqual(rows, c.rows):
				t.Errorf("got  %+v\nwant %+v", rows, c.rows)
			}
		})
	}
}

func TestParseTime(t *testing.T) {
	day := time.Date(2026, 1, 26, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-26T15:57:02Z":           day.Add(15*time.Hour + 57*time.Minute + 2*time.Second),
		"2026-01-26t15:57:02z":           day.Add(15*time.Hour + 57*time.Minute + 2*time.Second),
		"2026-01-26 15:57:02+00:00":      day.Add(15*time.Hour + 57*time.Minute + 2*time.Second),
		"2026-01-26T15:57:02.5-05:30":    day.Add(21*time.Hour + 27*time.Minute + 2500*time.Millisecond),
		"2026-01-26T00:00:00.0019Z":      day.Add(time.Millisecond),
		"1769385600":                     day,
		"1769385600.001":                 day.Add(time.Millisecond),
		"1769385600.999":                 day.Add(999 * time.Millisecond),
		"1.7693856e9":                    day,
		"-1.5":                           time.UnixMilli(-1500),
		"0":                              time.UnixMilli(0),
		"9999-12-31T23:59:59.999Z":       time.UnixMilli(int64(maxTime)),
		"0001-01-01T00:00:00Z":           time.UnixMilli(int64(minTime)),
		"2016-12-31T23:59:59.123456789Z": time.UnixMilli(1483228799123),
	} {
		got, err := parseTime(text)
		if err != nil || got.Time() != want.UTC() {
			t.Errorf("%s: %v, %v; want %v", text, got.Time(), err, want)
		}
	}
	for text, want := range map[string]string{
		"":                          "is empty",
		"yesterday":                 "neither RFC 3339",
		"2026-01-26":                "neither RFC 3339",
		"2026-02-30T00:00:00Z":      "neither RFC 3339",
		"26/01/2026 15:57":          "neither RFC 3339",
		"2026-01-26T15:57:02":       "no time zone",
		"2026-01-26 15:57:02":       "no time zone",
		"1769385600000":             "milliseconds",
		"1e300":                     "milliseconds",
		"NaN":                       "not a time",
		"-Inf":                      "not a time",
		"0000-06-01T00:00:00Z":      "years 1 to 9999",
		"9999-12-31T23:59:59-01:00": "years 1 to 9999",
	} {
		if got, err := parseTime(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", text, got, err, want)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for _, c := range []struct{ name, head, want string }{
		{"a.gpx", "time,lat,lon", "gpx"},
		{"a.GPX", "", "gpx"},
		{"dir.gpx/a.csv", "<gpx>", "csv"},
		{"a.ndjson", "", "ndjson"},
		{"a.jsonl", "", "ndjson"},
		{"a.json", ` {"time":0}`, "ndjson"},
		{"-", "\r\n\t <?xml", "gpx"},
		{"-", `{"time"`, "ndjson"},
		{"-", "time,lat,lon", "csv"},
		{"a.txt", "", "csv"},
	} {
		if got := formatOf(c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.name, c.head, got, c.want)
		}
	}
}

func TestOpenTraceDevice(t *testing.T) {
	dir := t.TempDir()
	const text = "time,lat,lon,device\n0,50,8,\n1,50,8,4716/1091\n"
	for name, want := range map[string]string{"van 7.csv": "van 7", "a.b.csv": "a.b", ".csv": ".csv", "plain": "plain"} {
		tr, err := openTrace(writeFile(t, dir, name, []byte(text)), nil)
		if err != nil {
			t.Fatal(err)
		}
		first, err1 := tr.next()
		second, err2 := tr.next()
		if first.device != want || second.device != "4716/1091" || tr.unnamed != 1 {
			t.Errorf("%s: %q (%v), %q (%v), %d unnamed", name, first.device, err1, second.device, err2, tr.unnamed)
		}
		if err := tr.close(); err != nil {
			t.Error(err)
		}
	}
	piped, err := openTrace("-", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := piped.next(); r.device != "stdin" {
		t.Errorf("standard input: %q, %v", r.device, err)
	}
}

func TestOpenTraceRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"utf16.csv": "\xff\xfet\x00i\x00m\x00e\x00",
		"a\nb.csv":  "time,lat,lon\n",
	} {
		if tr, err := openTrace(writeFile(t, dir, name, []byte(text)), nil); err == nil {
			t.Errorf("%q: %+v", name, tr)
		}
	}
	if _, err := openTrace(filepath.Join(dir, "none.csv"), nil); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := openTrace(dir, nil); err == nil {
		t.Error("a folder was opened as a trace")
	}
}

// endless repeats a text for ever, as a file far larger than memory would.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[(e.read+i)%len(e.text)]
	}
	e.read += len(p)
	return len(p), nil
}

// A record without end must not be gathered in memory.
func TestReadersBoundRecords(t *testing.T) {
	const gpx = `<gpx><trk><trkseg><trkpt lat="50" lon="8">`
	for _, c := range []struct{ file, start, repeated, at string }{
		{"a.csv", "time,lat,lon\n0,50,", "8", "a.csv:2: more than"},
		{"a.csv", "time,lat,lon\n0,50,\"", "8\n", "a.csv:2: more than"},
		{"a.csv", "", "x", "a.csv:1: more than"},
		{"a.ndjson", "{", " ", "a.ndjson:1: more than"},
		{"a.gpx", gpx + "<name>", "x", "a.gpx:1: more than"},
		{"a.gpx", gpx + "\n<name a='", "x", "a.gpx:2: more than"},
		{"a.gpx", gpx + "\n<!--", "x", "a.gpx:2: more than"},
		{"a.gpx", gpx + "\n", "<a>", "a.gpx:2: elements nested more than"},
	} {
		tail := &endless{text: c.repeated}
		_, _, err := readRows(c.file, io.MultiReader(strings.NewReader(c.start), tail))
		if err == nil || !strings.HasPrefix(err.Error(), c.at) {
			t.Errorf("%s %q: %v, want %q", c.file, c.start, err, c.at)
		}
		if tail.read > 2*maxRecord {
			t.Errorf("%s %q: read %d bytes", c.file, c.start, tail.read)
		}
	}
}

// failing is a disk that fails after a while.
type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrNoProgress
	}
	return n, err
}

func TestReadersReportReadErrors(t *testing.T) {
	const point = `<trkpt lat="50" lon="8"><time>2026-01-26T15:57:02Z</time></trkpt>`
	for name, text := range map[string]string{
		"a.csv":    "time,lat,lon\n" + strings.Repeat("0,50,8\n", 200),
		"a.ndjson": strings.Repeat(`{"time":0,"lat":50,"lon":8}`+"\n", 50),
		"a.gpx":    `<gpx><trk><trkseg>` + strings.Repeat(point, 20),
		"short":    "t",
	} {
		if rows, _, err := readRows(name, failing{bytes.NewReader([]byte(text))}); err == nil || !strings.Contains(err.Error(), io.ErrNoProgress.Error()) {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}
