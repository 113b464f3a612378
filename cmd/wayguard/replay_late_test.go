package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

// inForce are the events of a replay after its corrections, without their
// episodes and those about silence, which depends on when a device was heard.
func inForce(t *testing.T, stdout string) (lines []string, corrections int) {
	t.Helper()
	told := make(map[string]string)
	for line := range strings.Lines(stdout) {
		var e tracker.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		var d struct{ Type, Subject, Time string }
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case strings.HasPrefix(e.Type, "device."):
		case e.Type == "event.retracted":
			corrections++
			delete(told, e.Subject)
		case e.Type == "event.revised":
			corrections++
			told[e.Subject] = fmt.Sprintf("%s %s %d", d.Type, d.Subject, e.Time.UnixMilli())
		case told[e.ID] != "":
			t.Errorf("%s is told twice", line)
		default:
			told[e.ID] = fmt.Sprintf("%s %s %d", e.Type, e.Subject, e.Time.UnixMilli())
		}
	}
	for _, line := range told {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, corrections
}

// However late the rows of a trace come, within a day, what holds in the end is
// what holds in order.
func TestReplayLate(t *testing.T) {
	d, handoffs := day(func(d *drive) {
		d.to(metre{1000, -400}, metre{1400, -400}, metre{1400, 0}, metre{1000, 0})
	}, nil, nil, nil)
	yard := planFeature("fence", "yard", metre{1400, -200}.point(), `,"radius_m":150`)
	replayed := func(rows []string) ([]string, int) {
		cmd := replayOf(t, roundPlan(yard), map[string]string{"van.csv": roundHeader + strings.Join(rows, "\n") + "\n"})
		cmd.Raw, cmd.Format = false, "ndjson"
		stdout, _ := runReplay(t, cmd)
		return inForce(t, stdout)
	}
	rows := strings.Split(strings.TrimSpace(d.recording("van", 5, 1, handoffs)), "\n")
	want, corrections := replayed(rows)
	if len(want) < 10 || corrections != 0 {
		t.Fatalf("in order %q, %d corrections", want, corrections)
	}
	random := rand.New(rand.NewPCG(3, 1))
	corrected := 0
	for name, mix := range map[string]func(rows []string){
		"newest first": slices.Reverse[[]string],
		"shuffled":     func(rows []string) { random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] }) },
		"in lots": func(rows []string) {
			for lot := range slices.Chunk(rows, 40) {
				slices.Reverse(lot[len(lot)/2:])
			}
		},
		"a part in the end": func(rows []string) {
			from := 60 + random.IntN(len(rows)/2)
			part := slices.Clone(rows[from : from+50])
			copy(rows[from:], rows[from+50:])
			copy(rows[len(rows)-50:], part)
		},
		"the last first": func(rows []string) {
			last := rows[len(rows)-1]
			copy(rows[1:], rows[:len(rows)-1])
			rows[0] = last
		},
	} {
		mixed := slices.Clone(rows)
		mix(mixed)
		got, corrections := replayed(mixed)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		corrected += corrections
	}
	if corrected == 0 {
		t.Error("nothing was corrected")
	}
}

// A row of a clock that was wrong by days is as if it had not been there.
func TestReplayWrongClock(t *testing.T) {
	d, handoffs := day(nil, nil, nil, nil)
	rows := strings.Split(strings.TrimSpace(d.recording("van", 5, 1, handoffs)), "\n")
	run := func(rows []string) (string, string) {
		cmd := replayOf(t, roundPlan(), map[string]string{"van.csv": roundHeader + strings.Join(rows, "\n") + "\n"})
		cmd.Raw, cmd.Format = false, "ndjson"
		return runReplay(t, cmd)
	}
	want, _ := run(rows)
	leap := "1800300000,50.001,8.001,van,5,,"
	got, notes := run(slices.Insert(slices.Clone(rows), 200, leap, strings.Replace(leap, "300000", "300005", 1)))
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(notes, "2 fixes") {
		t.Errorf("notes: %s", notes)
	}
}
