package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"wayguard/geofence"
)

// addTraces seeds f with the files of one extension.
func addTraces(f *testing.F, extension string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "trace", "*"+extension))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no %s files in testdata/trace: %v", extension, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// fuzzTrace checks that what is read of data, written as CSV, as NDJSON and,
// where it has no more than GPX can say, as GPX, reads the same.
func fuzzTrace(t *testing.T, name string, data []byte) {
	rows, _, err := readRows(name, bytes.NewReader(data))
	if err != nil {
		if rows != nil {
			t.Fatalf("%d rows and %v", len(rows), err)
		}
		return
	}
	for _, r := range rows {
		checkRow(t, r)
	}
	rereads(t, "again.csv", writeCSV(t, rows), rows)
	rereads(t, "again.ndjson", writeNDJSON(t, rows), rows)
	if filepath.Ext(name) == ".gpx" {
		rereads(t, name, writeGPX(rows), rows)
	}
}

// checkRow checks what the engine relies on.
func checkRow(t *testing.T, r row) {
	lon, lat := r.fix.Point.Lon(), r.fix.Point.Lat()
	switch {
	case !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90),
		!(r.fix.AccuracyMeters >= 0 && r.fix.SpeedMPS >= 0),
		!(r.fix.HeadingDegrees >= 0 && r.fix.HeadingDegrees < 360),
		r.fix.Time < minTime || r.fix.Time > maxTime,
		checkDevice(r.device) != nil, r.line < 1,
		(r.event == "") != (r.ref == ""):
		t.Fatalf("%+v", r)
	}
}

func rereads(t *testing.T, name string, text []byte, rows []row) {
	again, _, err := readRows(name, bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(withoutLines(again), withoutLines(rows)) {
		t.Fatalf("%s\ngot  %+v\nwant %+v", text, again, rows)
	}
}

func withoutLines(rows []row) []row {
	cut := make([]row, len(rows))
	for i, r := range rows {
		r.line = 0
		cut[i] = r
	}
	return cut
}

// cells are a row's values by column; what is not known is left out.
func (r row) cells() map[string]string {
	fix := r.fix
	cells := map[string]string{
		"time": fix.Time.Time().Format("2006-01-02T15:04:05.000Z07:00"),
		"lat":  strconv.FormatFloat(fix.Point.Lat(), 'g', -1, 64), "lon": strconv.FormatFloat(fix.Point.Lon(), 'g', -1, 64),
		"device": r.device,
	}
	for _, c := range []struct {
		name  string
		known geofence.Known
		value float32
	}{
		{"accuracy_m", geofence.KnownAccuracy, fix.AccuracyMeters},
		{"speed_mps", geofence.KnownSpeed, fix.SpeedMPS},
		{"heading_deg", geofence.KnownHeading, fix.HeadingDegrees},
		{"altitude_m", geofence.KnownAltitude, fix.AltitudeMeters},
	} {
		if fix.Known&c.known != 0 {
			cells[c.name] = strconv.FormatFloat(float64(c.value), 'g', -1, 32)
		}
	}
	if r.event != "" {
		cells["event"], cells["ref"] = r.event, r.ref
	}
	return cells
}

func writeCSV(t *testing.T, rows []row) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	columns := knownColumns()
	records := [][]string{columns}
	for _, r := range rows {
		var record []string
		for _, name := range columns {
			record = append(record, r.cells()[name])
		}
		records = append(records, record)
	}
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeNDJSON(t *testing.T, rows []row) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		object := make(map[string]any)
		for name, text := range r.cells() {
			object[name] = text
			if !isText(name) {
				object[name] = json.Number(text)
			}
		}
		if err := json.NewEncoder(&b).Encode(object); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func writeGPX(rows []row) []byte {
	var points []string
	for _, r := range rows {
		c := r.cells()
		points = append(points, fmt.Sprintf(`<trkpt lat="%s" lon="%s"><ele>%s</ele><time>%s</time><course>%s</course><speed>%s</speed></trkpt>`,
			c["lat"], c["lon"], c["altitude_m"], c["time"], c["heading_deg"], c["speed_mps"]))
	}
	return []byte(gpxTrack(points...))
}

func FuzzCSV(f *testing.F) {
	addTraces(f, ".csv")
	f.Fuzz(func(t *testing.T, data []byte) { fuzzTrace(t, "a.csv", data) })
}

func FuzzNDJSON(f *testing.F) {
	addTraces(f, ".ndjson")
	f.Fuzz(func(t *testing.T, data []byte) { fuzzTrace(t, "a.ndjson", data) })
}

func FuzzGPX(f *testing.F) {
	addTraces(f, ".gpx")
	f.Fuzz(func(t *testing.T, data []byte) { fuzzTrace(t, "a.gpx", data) })
}
