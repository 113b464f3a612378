package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"

	"wayguard/tracker"
)

// yard is a circle of 100 m at 8 E 50 N.
func yard() string {
	return planFeature("fence", "yard", `{"type":"Point","coordinates":[8,50]}`, `,"radius_m":100`)
}

// There and back again: 8.01 E is 715 m from the yard.
const visit = "time,lat,lon\n0,50,8.01\n60,50,8\n120.5,50,8.01\n"

// replayOf writes a plan and the files and returns the command for them.
func replayOf(t *testing.T, plan string, files map[string]string) replayCmd {
	t.Helper()
	dir := t.TempDir()
	c := replayCmd{Plan: writeFile(t, dir, "plan.geojson", []byte(plan)), Raw: true, Format: "table"}
	for name, text := range files {
		c.Traces = append(c.Traces, writeFile(t, dir, name, []byte(text)))
	}
	slices.Sort(c.Traces)
	return c
}

func TestReplayTable(t *testing.T) {
	c := replayOf(t, planText(yard()), map[string]string{"van.csv": visit, "long name.csv": visit})
	stdout, stderr := runReplay(t, c)
	const want = `TIME                    DEVICE     TYPE            SUBJECT       LON        LAT
1970-01-01T00:01:00Z    long name  geofence.enter  yard     8.000000  50.000000
1970-01-01T00:01:00Z    van        geofence.enter  yard     8.000000  50.000000
1970-01-01T00:02:00.5Z  long name  geofence.exit   yard     8.010000  50.000000
1970-01-01T00:02:00.5Z  van        geofence.exit   yard     8.010000  50.000000
`
	if stdout != want {
		t.Errorf("got\n%swant\n%s", stdout, want)
	}
	if stderr != "" {
		t.Errorf("notes: %s", stderr)
	}
}

func TestReplayDwell(t *testing.T) {
	plan := planText(planFeature("fence", "yard", `{"type":"Point","coordinates":[8,50]}`, `,"radius_m":100,"dwell":"5m"`))
	c := replayOf(t, plan, map[string]string{"van.csv": "time,lat,lon\n0,50,8.01\n60,50,8\n300,50,8\n400,50,8\n500,50,8.01\n560,50,8.01\n"})
	c.Raw = false
	stdout, stderr := runReplay(t, c)
	const want = `TIME                  DEVICE  TYPE            SUBJECT       LON        LAT
1970-01-01T00:01:00Z  van     geofence.enter  yard     8.000000  50.000000
1970-01-01T00:01:00Z  van     stop.begin      van      8.000000  50.000000
1970-01-01T00:06:00Z  van     geofence.dwell  yard     8.000000  50.000000
1970-01-01T00:06:40Z  van     stop.end        van      8.000000  50.000000
1970-01-01T00:08:20Z  van     geofence.exit   yard     8.010000  50.000000
1970-01-01T00:08:20Z  van     stop.begin      van      8.010000  50.000000
`
	if stdout != want || stderr != "" {
		t.Errorf("got\n%s%swant\n%s", stdout, stderr, want)
	}
	c.Format = "ndjson"
	if stdout, _ = runReplay(t, c); !strings.Contains(stdout, `"dwell_s":300}`) {
		t.Errorf("got\n%s", stdout)
	}
}

func TestReplayNDJSON(t *testing.T) {
	c := replayOf(t, planText(yard()), map[string]string{"4716.csv": visit})
	c.Format = "ndjson"
	stdout, _ := runReplay(t, c)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), stdout)
	}
	var exit map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &exit); err != nil {
		t.Fatal(err)
	}
	detail, ok := exit["detail"].(map[string]any)
	if !ok {
		t.Fatalf("detail of %s", lines[1])
	}
	episode, _ := detail["episode"].(float64)
	for name, want := range map[string]any{
		"id":  tracker.EventID("4716", "geofence.exit", "yard", uint64(episode)),
		"seq": 2.0, "type": "geofence.exit", "time": "1970-01-01T00:02:00.5Z", "known_at": "1970-01-01T00:02:00.5Z",
		"device": "4716", "subject": "yard", "lon": 8.01, "lat": 50.0,
	} {
		if exit[name] != want {
			t.Errorf("%s is %v, want %v", name, exit[name], want)
		}
	}
	if len(exit) != 10 {
		t.Errorf("members of %s", lines[1])
	}
}

// 93 m from the middle, 7 m inside, one fix of 10 m accuracy does not convince
// the engine, two do: the event is known by the second and happened at neither
// a later time nor before the van was near.
func TestReplayKnownAt(t *testing.T) {
	c := replayOf(t, planText(yard()), map[string]string{
		"van.csv": "time,lat,lon,accuracy_m\n0,50,8.01,10\n60,50.000836,8,10\n70,50.000836,8,10\n80,50.000836,8,10\n",
	})
	c.Raw, c.Format = false, "ndjson"
	stdout, _ := runReplay(t, c)
	var e tracker.Event
	if err := json.Unmarshal([]byte(stdout), &e); err != nil {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	if e.Type != "geofence.enter" || e.KnownAt.Unix() != 70 || e.Time.Unix() <= 0 || e.Time.After(e.KnownAt) {
		t.Errorf("%+v", e)
	}
}

// However a device's rows are spread over files and devices over one file, and
// in whatever order the files are named, the events are the same.
func TestReplayOrderOfFiles(t *testing.T) {
	var all, odd, even []string
	for i := range 200 {
		// Two vans pass through the yard again and again, at unlike paces.
		for device, pace := range []int{7, 11} {
			line := fmt.Sprintf("%d,50,%.4f,van%d", i*10+device, 8+float64(i%pace-pace/2)/1000, device)
			all = append(all, line)
			if i%2 == 0 {
				even = append(even, line)
			} else {
				odd = append(odd, line)
			}
		}
	}
	oneByOne := slices.Clone(all)
	slices.SortStableFunc(oneByOne, func(a, b string) int { return strings.Compare(a[len(a)-4:], b[len(b)-4:]) })
	file := func(lines []string) string {
		return "time,lat,lon,device\n" + strings.Join(lines, "\n") + "\n"
	}
	want, _ := runReplay(t, replayOf(t, planText(yard()), map[string]string{"all.csv": file(all)}))
	if n := strings.Count(want, "geofence.enter"); n < 20 {
		t.Fatalf("%d visits:\n%s", n, want)
	}
	for name, files := range map[string]map[string]string{
		"one device after the other": {"a.csv": file(oneByOne)},
		"turns":                      {"a.csv": file(odd), "b.csv": file(even)},
		"turns the other way":        {"a.csv": file(even), "b.csv": file(odd)},
		"halves, later first":        {"a.csv": file(all[200:]), "b.csv": file(all[:200])},
	} {
		got, notes := runReplay(t, replayOf(t, planText(yard()), files))
		if got != want || notes != "" {
			t.Errorf("%s: notes %q, got\n%swant\n%s", name, notes, got, want)
		}
	}
}

func TestReplayStdin(t *testing.T) {
	c := replayOf(t, planText(yard()), nil)
	c.Traces = []string{"-"}
	var stdout bytes.Buffer
	if err := c.run(t.Context(), strings.NewReader(visit), &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(stdout.String(), "stdin"); n != 2 {
		t.Errorf("%d events:\n%s", n, stdout.String())
	}
	c.Traces = []string{"-", "-"}
	var wrong *inputError
	if err := c.run(t.Context(), strings.NewReader(visit), io.Discard, io.Discard); !errors.As(err, &wrong) {
		t.Errorf("standard input twice: %v", err)
	}
}

func TestReplayNotes(t *testing.T) {
	stop := planFeature("stop", "S", pointGeometry, `,"sequence":1`)
	timed := `<trkpt lat="50" lon="8"><time>2026-01-26T15:57:02Z</time></trkpt>`
	for _, c := range []struct {
		name, plan string
		files      map[string]string
		notes      []string
	}{
		{"nothing to say", planText(yard()), map[string]string{"a.csv": visit}, nil},
		{"a stop", planText(stop), map[string]string{"a.csv": visit}, nil},
		{"empty plan", planText(), map[string]string{"a.csv": visit}, []string{
			"plan.geojson: no fence, route or stop, hence only events of the devices themselves"}},
		{"late", planText(yard()), map[string]string{"a.csv": visit + "5,50,8\n120.4,50,8\n120.5,50,8.01\n121,50,8.01\n"}, []string{
			"a.csv: left out because their device was already somewhere at that time: 1 fix",
			"a.csv: left out for coming more than a day late, or late with --raw: 2 fixes"}},
		{"one late", planText(yard()), map[string]string{"a.csv": visit + "5,50,8\n"}, []string{
			"a.csv: left out for coming more than a day late, or late with --raw: 1 fix"}},
		{"hand-off", planText(yard()), map[string]string{"a.csv": "time,lat,lon,event,ref\n0,50,8,handoff,S\n"}, []string{
			"a.csv: not judged with --raw: 1 hand-off"}},
		{"empty", planText(yard()), map[string]string{"a.csv": "time,lat,lon\n", "b.ndjson": "", "c.gpx": "<gpx/>"}, []string{
			"a.csv: no positions, hence nothing to replay", "b.ndjson: no positions, hence nothing to replay", "c.gpx: no positions, hence nothing to replay"}},
		{"untimed", planText(yard()), map[string]string{"a.gpx": gpxTrack(`<trkpt lat="50" lon="8"/>`, timed), "b.gpx": gpxTrack(`<trkpt lat="50" lon="8"/>`)}, []string{
			"a.gpx: 1 of 2 track points have no time, and were left out", "b.gpx: no track point has a time (1 have none), hence nothing to replay"}},
		{"same name", planText(yard()), map[string]string{"a.csv": visit, "a.gpx": gpxTrack(timed)}, []string{
			`a.gpx: taken as the same device "a" as DIR/a.csv, by the file's name`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := replayOf(t, c.plan, c.files)
			_, stderr := runReplay(t, cmd)
			dir := filepath.Dir(cmd.Plan) + string(filepath.Separator)
			want := ""
			for _, note := range c.notes {
				want += dir + strings.ReplaceAll(note, "DIR/", dir) + "\n"
			}
			if stderr != want {
				t.Errorf("got\n%swant\n%s", stderr, want)
			}
		})
	}
}

// A late fix must not disturb what was decided without it.
func TestReplayLeavesLateFixesOut(t *testing.T) {
	want, _ := runReplay(t, replayOf(t, planText(yard()), map[string]string{"a.csv": visit}))
	got, _ := runReplay(t, replayOf(t, planText(yard()), map[string]string{"a.csv": visit + "5,50,8\n30,50,8.01\n"}))
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, c := range map[string]replayCmd{
		"plan":         replayOf(t, planText(planFeature("zone", "x", pointGeometry, "")), map[string]string{"a.csv": visit}),
		"no plan":      {Plan: filepath.Join(t.TempDir(), "none.geojson"), Traces: []string{"-"}},
		"no trace":     {Plan: replayOf(t, planText(yard()), nil).Plan, Traces: []string{filepath.Join(t.TempDir(), "none.csv")}},
		"header":       replayOf(t, planText(yard()), map[string]string{"a.csv": visit, "b.csv": "time,lat\n"}),
		"a later line": replayOf(t, planText(yard()), map[string]string{"a.csv": visit + "180,95.2,8\n"}),
	} {
		var stdout, stderr bytes.Buffer
		err := c.run(t.Context(), strings.NewReader(""), &stdout, &stderr)
		var wrong *inputError
		if !errors.As(err, &wrong) || stdout.Len() > 0 || stderr.Len() > 0 {
			t.Errorf("%s: %v, and on standard output:\n%s%s", name, err, stdout.String(), stderr.String())
		}
	}
}

// A reader that goes away ends the command quietly, a full disk does not.
func TestReplayWriteErrors(t *testing.T) {
	c := replayOf(t, planText(yard()), map[string]string{"a.csv": visit})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"table", "ndjson"} {
		c.Format = format
		if err := c.run(t.Context(), nil, w, io.Discard); err != nil {
			t.Errorf("%s into a closed pipe: %v", format, err)
		}
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("needs /dev/full")
		}
		defer full.Close()
		var wrong *inputError
		if err := c.run(t.Context(), nil, full, io.Discard); !errors.Is(err, syscall.ENOSPC) || errors.As(err, &wrong) {
			t.Errorf("%s onto a full disk: %v", format, err)
		}
	}
}

func TestReplayInterrupted(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	stop(why)
	c := replayOf(t, planText(yard()), map[string]string{"a.csv": visit})
	var stdout bytes.Buffer
	var wrong *inputError
	if err := c.run(ctx, nil, &stdout, io.Discard); !errors.Is(err, why) || errors.As(err, &wrong) || stdout.Len() > 0 {
		t.Errorf("%v, and on standard output:\n%s", err, stdout.String())
	}
}

func TestReplayCommandLine(t *testing.T) {
	parse := func(args ...string) (replayCmd, error) {
		var cli struct {
			Replay replayCmd `cmd:""`
		}
		parser, err := kong.New(&cli, kong.DefaultEnvars("WAYGUARD"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		return cli.Replay, err
	}
	for _, args := range [][]string{
		{"replay", "a.csv"},
		{"replay", "--plan", "p"},
		{"replay", "--plan", "p", "--format", "xml", "a.csv"},
	} {
		if c, err := parse(args...); err == nil {
			t.Errorf("%q: %+v", args, c)
		}
	}
	c, err := parse("replay", "--plan", "p", "--raw", "--format", "ndjson", "a.csv", "-")
	if err != nil || c.Plan != "p" || !c.Raw || c.Format != "ndjson" || !slices.Equal(c.Traces, []string{"a.csv", "-"}) {
		t.Errorf("%+v, %v", c, err)
	}
	t.Setenv("WAYGUARD_PLAN", "q")
	if c, err := parse("replay", "a.csv"); err != nil || c.Plan != "q" || c.Raw || c.Format != "table" {
		t.Errorf("%+v, %v", c, err)
	}
}
