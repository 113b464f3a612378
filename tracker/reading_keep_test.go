package tracker_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
	"wayguard/tracker"
)

// said is a report of readings, so many seconds after noon.
func said(device tracker.DeviceID, seconds int, readings ...firmware.Reading) tracker.Report {
	at := noon.Add(time.Duration(seconds) * time.Second)
	return tracker.Report{Device: device, Received: at, Key: tracker.ReportKey(seconds), Readings: readings}
}

func reading(seconds int, kind firmware.Kind, value int64) firmware.Reading {
	return firmware.Reading{Time: firmware.Millis(noon.UnixMilli() + int64(seconds)*1000), Kind: kind, Value: value}
}

func (r *running) readings(t *testing.T, device tracker.DeviceID, kind firmware.Kind, from, to int) (lines []string) {
	t.Helper()
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	err := r.Readings(device, kind, at(from), at(to), func(x firmware.Reading) bool {
		lines = append(lines, line(x))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func line(x firmware.Reading) string {
	return fmt.Sprintf("%s %d %d%s", time.UnixMilli(int64(x.Time)).Sub(noon), x.Kind, x.Value, x.Text)
}

// Readings are all kept, in order, in whatever order they come: in the journal,
// in blocks, after a kill and after a stop.
func TestReadingsAreKept(t *testing.T) {
	const seed = 21
	rng := rand.New(rand.NewPCG(seed, seed))
	r := start(t, newFile(t))
	r.device(t, "box")
	r.device(t, "other")
	var want []firmware.Reading
	check := func(when string, r *running) {
		t.Helper()
		slices.SortStableFunc(want, func(a, b firmware.Reading) int { return cmp.Compare(a.Time, b.Time) })
		for range 5 {
			from, to, kind := rng.IntN(20_000)-5000, rng.IntN(40_000), firmware.Kind(0)
			if rng.IntN(2) == 0 {
				kind = firmware.Battery + firmware.Kind(rng.IntN(3))
			}
			var lines []string
			for _, x := range want {
				at := int(int64(x.Time)-noon.UnixMilli()) / 1000
				if at >= from && at < to && (kind == 0 || kind == x.Kind) {
					lines = append(lines, line(x))
				}
			}
			if got := r.readings(t, "box", kind, from, to); !slices.Equal(got, lines) {
				t.Fatalf("seed %d, %s: kind %d of [%d, %d): %d readings, want %d\n%s\n\n%s", seed, when, kind, from, to,
					len(got), len(lines), strings.Join(got, "\n"), strings.Join(lines, "\n"))
			}
		}
		if got := r.readings(t, "other", 0, 0, 40_000); len(got) != 0 {
			t.Fatalf("another device has %q", got)
		}
	}
	for i := range 200 {
		seconds := i * 100
		var readings []firmware.Reading
		for range rng.IntN(8) {
			late := 0
			if rng.IntN(5) == 0 {
				late = rng.IntN(20_000)
			}
			// No two have one time, whose order would be that of their arrival.
			x := reading(seconds-late, firmware.Battery+firmware.Kind(rng.IntN(3)), int64(rng.IntN(100)))
			x.Time += firmware.Millis(len(want) + len(readings))
			readings = append(readings, x)
		}
		want = append(want, readings...)
		r.accept(t, said("box", seconds, readings...))
		switch {
		case i%50 == 17:
			check("after a kill", r.crash(t))
		case i%50 == 40:
			r.stop()
			r = start(t, r.path)
			check("after a stop", r)
		}
	}
	if len(want) < 400 {
		t.Errorf("only %d readings: the test shows nothing", len(want))
	}
	check("at the end", r)
	for range 3 {
		r.accept(t, said("box", 100, want[0])) // sent again
	}
	check("after repetitions", r)
}

// What readings, answers and a fix's own doubts lead to does not depend on where
// the server was killed.
func TestSensorsAfterKills(t *testing.T) {
	day := func(r *running, step int) {
		t.Helper()
		seconds := step * 60
		rep := said("box", seconds)
		rep.Fixes = report("box", seconds, float64(step)/100).Fixes
		armed := func(version uint32) *tracker.Answer {
			return &tracker.Answer{Time: rep.Fixes[0].Time, Applied: firmware.Applied{Version: version}}
		}
		switch step {
		case 2, 3:
			rep.Answer = armed(1)
		case 4:
			rep.Readings = append(rep.Readings, reading(seconds, firmware.Seal, firmware.SealClosed))
		case 5:
			rep.Readings = append(rep.Readings, reading(seconds, firmware.Battery, 12))
		case 6, 7:
			rep.Readings = append(rep.Readings, reading(seconds, firmware.Seal, firmware.SealOpen))
		case 8:
			rep.Readings = append(rep.Readings, reading(seconds, firmware.Battery, 11), reading(seconds, firmware.Seal, firmware.SealCut))
			rep.Fixes[0].Flags = geofence.FlagMock
		case 9:
			rep.Answer = armed(2)
		case 10:
			rep.Readings = append(rep.Readings, reading(seconds, firmware.Battery, 30))
		case 11:
			rep.Battery = new(uint8(9))
		}
		for range 2 { // each is sent twice
			if err := r.Accept(context.Background(), rep); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := func() *running {
		r := startWith(t, newFile(t), geofence.Settings{})
		r.device(t, "box")
		for _, seal := range []firmware.SealCommand{firmware.SealArm, firmware.SealRelease} {
			_, err := r.ChangeDesired(t.Context(), "box", func(tracker.Desired) (firmware.Desired, error) {
				return firmware.Desired{Seal: seal}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	whole := begin()
	for step := range 12 {
		day(whole, step)
	}
	want := whole.eventLines(t)
	for _, event := range []string{"device.low_battery box 5m0s", "parcel.tamper box 6m0s", "fix.implausible box 8m0s", "device.low_battery box 11m0s"} {
		if !strings.Contains(strings.Join(want, "\n"), event) {
			t.Errorf("no %s in %q", event, want)
		}
	}
	if len(want) != 5 { // and a stop
		t.Errorf("%q", want)
	}
	killed := begin()
	for step := range 12 {
		day(killed, step)
		killed = killed.crash(t)
	}
	if got := killed.eventLines(t); !slices.Equal(got, want) {
		t.Errorf("with kills %q, without %q", got, want)
	}
	if got, want := killed.track(t, "box"), whole.track(t, "box"); !slices.Equal(got, want) {
		t.Errorf("with kills %q, without %q", got, want)
	}
	d, _ := killed.Desired("box")
	if d.Behind() || d.Applied.Outcome != firmware.InForce {
		t.Errorf("applied %+v", d.Applied)
	}
}

// A reading of no believable time counts as of its receipt; one that cannot be
// refuses the report.
func TestOddReadings(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "box")
	never := reading(0, firmware.Light, 5)
	never.Time = 1000
	ahead := reading(10*24*3600, firmware.Light, 6)
	r.accept(t, said("box", 7, never, ahead))
	if got := r.readings(t, "box", 0, -1, 100*24*3600); !slices.Equal(got, []string{"7s 18 5", "7s 18 6"}) {
		t.Errorf("%q", got)
	}
	for name, x := range map[string]firmware.Reading{
		"kind": {Kind: 3}, "value": reading(1, firmware.Battery, 101), "text": {Kind: firmware.Scan}, "seal": reading(1, firmware.Seal, 3),
	} {
		if err := r.Accept(t.Context(), said("box", 8, x)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	want := "# HELP wayguard_readings_total Readings of sensors stored.\n# TYPE wayguard_readings_total counter\nwayguard_readings_total 2\n"
	if err := testutil.GatherAndCompare(r.metrics, strings.NewReader(want), "wayguard_readings_total"); err != nil {
		t.Error(err)
	}
	many := said("box", 9)
	many.Readings = make([]firmware.Reading, tracker.MaxReadings+1)
	if err := r.Accept(t.Context(), many); err == nil {
		t.Error("too many readings are taken")
	}
}
