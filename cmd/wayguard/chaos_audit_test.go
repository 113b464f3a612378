package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/geofence"
)

// trouble skips a test of a server in trouble where -short asks for little: the
// race detector does not reach into the process.
func trouble(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a while")
	}
}

// long reports whether WAYGUARD_LONG=1 asks for the form of a test that takes
// minutes, and for the figures that need a quiet machine.
func long() bool { return os.Getenv("WAYGUARD_LONG") == "1" }

// times is how often, or for how many seconds: quick, or in the long form the
// other.
func times(quick, inLong int) int {
	if long() {
		return inLong
	}
	return quick
}

// storedFix is a row of a track.
type storedFix struct {
	geofence.Fix
	marks string
}

// evaluated reports whether the engine was or will be given the fix.
func (f storedFix) evaluated() bool {
	return !strings.Contains(f.marks, "clock") && !strings.Contains(f.marks, "unevaluated")
}

// stored is all that is stored of a device, in order of time.
func (p *process) stored(t *testing.T, device string) (fixes []storedFix) {
	t.Helper()
	for _, row := range p.track(t, device, time.Unix(0, 0), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) {
		at, err := time.Parse(time.RFC3339, row[0])
		if err != nil {
			t.Fatal(err)
		}
		f := storedFix{marks: row[8]}
		f.Time = geofence.MillisOf(at)
		f.Point[1], f.Point[0] = number(t, row[1]), number(t, row[2])
		if row[3] != "" {
			f.AccuracyMeters, f.Known = float32(number(t, row[3])), geofence.KnownAccuracy
		}
		fixes = append(fixes, f)
	}
	return fixes
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// audit wants every acknowledged fix stored, none twice, and the event log to
// say what the engine says of what is stored. The keys of the radios' messages
// are the times of their fixes, in seconds. It returns how many fixes were
// acknowledged and how many events are in force.
func (p *process) audit(t *testing.T, radios ...*radio) (acked, events int) {
	t.Helper()
	var want []string
	for _, r := range radios {
		if r.fault != nil {
			t.Errorf("%s: %v", r.id, r.fault)
		}
		fixes := p.stored(t, r.id)
		for i := 1; i < len(fixes); i++ {
			if fixes[i].Time == fixes[i-1].Time {
				t.Errorf("%s: the fix of %v is stored twice", r.id, fixes[i].Time.Time())
			}
		}
		acks := r.got()
		if lost := lost(acks, fixes); len(lost) > 0 {
			t.Errorf("%s: %d of %d acknowledged fixes are lost, one of them is %d", r.id, len(lost), len(acks), lost[0])
		}
		acked += len(acks)
		want = append(want, eventsOver(t, r.id, fixes)...)
	}
	slices.Sort(want)
	got := p.inForce(t, radios)
	// Late fixes are evaluated some seconds after they came.
	for deadline := time.Now().Add(time.Minute); !slices.Equal(got, want) && time.Now().Before(deadline); got = p.inForce(t, radios) {
		time.Sleep(500 * time.Millisecond)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d events are in force, want %d; missing %q, unexpected %q",
			len(got), len(want), firstFew(difference(want, got)), firstFew(difference(got, want)))
	}
	return acked, len(got)
}

// lost are the keys that are acknowledged and not stored.
func lost(acks []ack, fixes []storedFix) (keys []int64) {
	stored := make(map[int64]bool, len(fixes))
	for _, f := range fixes {
		stored[f.Time.Time().Unix()] = true
	}
	for _, a := range acks {
		if !stored[a.key] {
			keys = append(keys, a.key)
		}
	}
	return keys
}

// eventsOver runs the engine over what is stored of a device.
func eventsOver(t *testing.T, device string, fixes []storedFix) (lines []string) {
	t.Helper()
	world, err := geofence.NewWorld(1, geofence.Settings{}, shuttleFences())
	if err != nil {
		t.Fatal(err)
	}
	state := geofence.NewState(geofence.DeviceID(device))
	var events []geofence.Event
	for _, f := range fixes {
		if f.evaluated() {
			events = geofence.Step(world, &state, f.Fix, events)
		}
	}
	for _, e := range events {
		if isSilence(string(e.Type)) {
			continue
		}
		subject := e.Subject
		if subject == "" {
			subject = device
		}
		lines = append(lines, logged{Device: device, Type: string(e.Type), Subject: subject, Time: e.Time.Time()}.String())
	}
	return lines
}

// isSilence: silence does not follow from fixes alone.
func isSilence(eventType string) bool { return strings.HasPrefix(eventType, "device.") }

// inForce are the radios' events that hold once all corrections are applied. On
// the way it wants the log without gaps, no id twice, and nothing corrected that
// was not told.
func (p *process) inForce(t *testing.T, radios []*radio) (lines []string) {
	t.Helper()
	asked := make(map[string]bool)
	for _, r := range radios {
		asked[r.id] = true
	}
	told, ids := make(map[string]string), make(map[string]bool)
	for i, e := range p.events(t) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d of the log has the number %d", i+1, e.Seq)
		}
		if ids[e.ID] {
			t.Errorf("event %s is in the log twice", e.ID)
		}
		ids[e.ID] = true
		if isSilence(e.Type) || !asked[e.Device] {
			continue
		}
		if !strings.HasPrefix(e.Type, "event.") {
			told[e.ID] = e.String()
			continue
		}
		if _, ok := told[e.Subject]; !ok {
			t.Errorf("event %d corrects what was not told", e.Seq)
		}
		told[e.Subject] = e.corrected()
	}
	for _, line := range told {
		if line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// corrected is what the event that e corrects is now, empty if it is retracted.
func (e logged) corrected() string {
	if e.Type == string(geofence.Retracted) {
		return ""
	}
	e.Type, e.Subject = e.Detail.Type, e.Detail.Subject
	return e.String()
}

// difference is what a has and b lacks.
func difference(a, b []string) []string {
	have := make(map[string]int)
	for _, s := range b {
		have[s]++
	}
	var lacking []string
	for _, s := range a {
		if have[s]--; have[s] < 0 {
			lacking = append(lacking, s)
		}
	}
	return lacking
}

func firstFew(lines []string) []string { return lines[:min(len(lines), 5)] }
