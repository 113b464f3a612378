package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wayguard/tracker"
)

// readTable reads a CSV file as one map a row.
func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%s: %d records, %v", path, len(records), err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := make(map[string]string)
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// transition is one row of the reference.
type transition struct {
	Vehicle, Fence, Event string
	Unix                  float64
}

func (tr transition) String() string {
	return fmt.Sprintf("%s %s %s at %.3f", tr.Vehicle, tr.Event, tr.Fence, tr.Unix)
}

// readReference returns how often each transition must and may happen.
func readReference(t *testing.T, path string) (must, may map[transition]int) {
	t.Helper()
	must, may = make(map[transition]int), make(map[transition]int)
	for _, row := range readTable(t, path) {
		at, err := strconv.ParseFloat(row["t"], 64)
		if err != nil {
			t.Fatal(err)
		}
		key := transition{row["vehicle"], row["fence"], row["event"], at}
		if row["ambiguous"] == "0" {
			must[key]++
		} else {
			may[key]++
		}
	}
	if len(must) == 0 {
		t.Fatalf("%s requires nothing", path)
	}
	return must, may
}

// runReplay runs the command and returns what it wrote.
func runReplay(t *testing.T, c replayCmd) (stdout, stderr string) {
	t.Helper()
	var out, notes bytes.Buffer
	if err := c.run(t.Context(), strings.NewReader(""), &out, &notes); err != nil {
		t.Fatal(err)
	}
	return out.String(), notes.String()
}

// replayedTransitions checks the form of every event on the way.
func replayedTransitions(t *testing.T, c replayCmd) map[transition]int {
	t.Helper()
	stdout, stderr := runReplay(t, c)
	if stderr != "" {
		t.Errorf("notes:\n%s", stderr)
	}
	got := make(map[transition]int)
	ids := make(map[string]bool)
	var newest tracker.Event
	lines := bufio.NewScanner(strings.NewReader(stdout))
	for lines.Scan() {
		var e tracker.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Seq != newest.Seq+1 || ids[e.ID] || e.Point == nil || !e.KnownAt.Equal(e.Time) || e.Time.Before(newest.Time) {
			t.Errorf("after %d: %s", newest.Seq, lines.Text())
		}
		newest, ids[e.ID] = e, true
		got[transition{string(e.Device), e.Subject, strings.TrimPrefix(e.Type, "geofence."), float64(e.Time.UnixMilli()) / 1000}]++
	}
	return got
}

func compareTransitions(t *testing.T, got map[transition]int, reference string) {
	t.Helper()
	must, may := readReference(t, reference)
	for key, n := range must {
		if got[key] < n {
			t.Errorf("missing: %v (%d of %d)", key, got[key], n)
		}
	}
	for key, n := range got {
		if n > must[key]+may[key] {
			t.Errorf("not in the reference: %v (%d, at most %d)", key, n, must[key]+may[key])
		}
	}
	if len(got) == 0 {
		t.Error("no events at all")
	}
}

// The 36 stops lie by the bus's route; it passes each within 10 m.
func TestReplayRawLimerick(t *testing.T) {
	data := dataDir(t)
	track, err := os.ReadFile(filepath.Join(data, "limerick_bus304", "304_to_UL_2019-02-18_0745.gpx"))
	if err != nil {
		t.Fatal(err)
	}
	stops := readTable(t, filepath.Join(data, "limerick_bus304", "stops.csv"))
	for _, radius := range []int{25, 50} {
		t.Run(strconv.Itoa(radius), func(t *testing.T) {
			dir := t.TempDir()
			var circles []string
			for _, s := range stops {
				circles = append(circles, fmt.Sprintf(`{"type":"Feature","id":%q,"properties":{"kind":"fence","radius_m":%d},"geometry":{"type":"Point","coordinates":[%s,%s]}}`,
					s["stop_name"], radius, s["lon"], s["lat"]))
			}
			got := replayedTransitions(t, replayCmd{
				Plan:   writePlan(t, dir, circles...),
				Traces: []string{writeFile(t, dir, "bus304.gpx", track)},
				Raw:    true, Format: "ndjson",
			})
			compareTransitions(t, got, filepath.Join(data, "reference_events", fmt.Sprintf("limerick_304_x_36stops_R%d.csv", radius)))
		})
	}
}

// Wards share their borders: a bus leaves one and enters the next at once.
func TestReplayRawLiverpool(t *testing.T) {
	data := dataDir(t)
	dir := t.TempDir()
	got := replayedTransitions(t, replayCmd{
		Plan:   writePlan(t, dir, liverpoolWards(t, data)...),
		Traces: []string{writeFile(t, dir, "route14.csv", liverpoolTrace(t, data))},
		Raw:    true, Format: "ndjson",
	})
	compareTransitions(t, got, filepath.Join(data, "reference_events", "liverpool_bus14_x_wards.csv"))
}

func liverpoolWards(t *testing.T, data string) (features []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "liverpool_bus14", "liverpool_wards_E08000012.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var wards struct {
		Features []struct {
			Properties map[string]any  `json:"properties"`
			Geometry   json.RawMessage `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(text, &wards); err != nil || len(wards.Features) != 30 {
		t.Fatalf("%d wards, %v", len(wards.Features), err)
	}
	for i, w := range wards.Features {
		id := fmt.Sprintf("%s#%d", w.Properties["WD13NM"], i)
		features = append(features, fmt.Sprintf(`{"type":"Feature","id":%q,"properties":{"kind":"fence"},"geometry":%s}`, id, w.Geometry))
	}
	return features
}

func liverpoolTrace(t *testing.T, data string) []byte {
	t.Helper()
	rows := readTable(t, filepath.Join(data, "liverpool_bus14", "route14_outbound.csv"))
	slices.SortStableFunc(rows, func(a, b map[string]string) int { return strings.Compare(a["timestamp"], b["timestamp"]) })
	var b bytes.Buffer
	b.WriteString("time,device,lat,lon,heading_deg\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "%sZ,%s/%s,%s,%s,%s\n", r["timestamp"], r["vehicle_id"], r["trip_id"], r["latitude"], r["longitude"], r["bearing"])
	}
	return b.Bytes()
}

// writePlan writes a plan of the features and returns its path.
func writePlan(t *testing.T, dir string, features ...string) string {
	t.Helper()
	return writeFile(t, dir, "plan.geojson", fmt.Appendf(nil, `{"type":"FeatureCollection","features":[%s]}`, strings.Join(features, ",\n")))
}

func writeFile(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
