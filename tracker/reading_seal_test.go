package tracker

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// sensed plays a day of readings and answers, such as "10 open", in minutes
// since noon, and tells what was found: "10 seal_open". An order has a version
// and the minute that it was written in: "20 release 2 15".
func sensed(t *testing.T, day string) (found []string) {
	t.Helper()
	noon := geofence.Millis(1.7e12)
	minute := func(n int) geofence.Millis { return noon + geofence.Millis(n)*60_000 }
	s := new(senses)
	var o outcome
	for line := range strings.SplitSeq(day, ",") {
		var at, first, second int
		var what string
		if _, err := fmt.Sscan(line, &at, &what); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		_, _ = fmt.Sscan(line, &at, &what, &first, &second)
		x := firmware.Reading{Time: firmware.Millis(minute(at)), Kind: firmware.Seal}
		switch what {
		case "closed":
		case "open":
			x.Value = firmware.SealOpen
		case "cut":
			x.Value = firmware.SealCut
		case "light":
			x.Kind, x.Value = firmware.Light, int64(first)
		case "battery":
			x.Kind, x.Value = firmware.Battery, int64(first)
		case "arm", "release", "say":
			a := &Answer{Time: minute(at), Applied: firmware.Applied{Version: uint32(first)}, since: minute(second)}
			a.order = map[string]firmware.SealCommand{"arm": firmware.SealArm, "release": firmware.SealRelease}[what]
			s.seal.obey(a)
			continue
		default:
			t.Fatalf("%q: what?", line)
		}
		s.take(&x, place{device: "box", known: time.Now()}, &o)
	}
	for _, e := range o.sensed {
		var d struct {
			Cause   string `json:"cause"`
			Percent int    `json:"battery_percent"`
		}
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			t.Fatal(err)
		}
		found = append(found, fmt.Sprintf("%d %s", int(e.Time.Sub(noon.Time()).Minutes()), max(d.Cause, fmt.Sprint(d.Percent))))
	}
	return found
}

func TestSeal(t *testing.T) {
	for name, c := range map[string]struct{ day, want string }{
		"not armed":                          {"0 closed,1 open,2 cut,3 light 500", ""},
		"opened":                             {"0 arm 1,1 closed,5 open,6 open,50 open", "5 seal_open"},
		"opened, of unknown state":           {"0 arm 1,5 open", "5 seal_open"},
		"cut":                                {"0 arm 1,5 cut,60 cut", "5 seal_cut"},
		"opened, then cut":                   {"0 arm 1,5 open,60 cut", "5 seal_open"},
		"open before it was armed":           {"0 open,1 arm 1,2 open,30 closed,60 open", "60 seal_open"},
		"a lid that swings":                  {"0 arm 1,5 open,6 closed,9 open,10 closed", "5 seal_open"},
		"twice":                              {"0 arm 1,5 open,6 closed,60 open", "5 seal_open,60 seal_open"},
		"released":                           {"0 arm 1,10 release 2 9,11 open", ""},
		"released, told with the opening":    {"0 arm 1,12 release 2 9,11 open", ""},
		"opened, then released":              {"0 arm 1,5 open,10 release 2 9,11 open,12 closed,13 open", "5 seal_open"},
		"released, and armed again":          {"0 arm 1,10 release 2 9,11 open,12 closed,20 arm 3,21 open", "21 seal_open"},
		"armed anew while it goes on":        {"0 arm 1,5 open,6 release 2 6,7 closed,8 arm 3,9 open", "5 seal_open,9 seal_open"},
		"another version that says the same": {"0 arm 1,5 open,6 arm 2,7 open", "5 seal_open"},
		"released under two versions":        {"0 arm 1,60 release 3 10,11 open", ""},
		"a version without a word":           {"0 arm 1,5 say 2,6 open", "6 seal_open"},
		"light":                              {"0 arm 1,5 light 1,6 light 400,7 light 300,8 light 2,60 light 500", "6 light,60 light"},
		"dim light":                          {"0 arm 1,5 light 19", ""},
		"light, then the seal":               {"0 arm 1,5 closed,6 light 400,7 open,90 cut", "6 light"},
		"light, seal known to be open":       {"0 open,1 arm 1,6 light 400", ""},
		"wavering light":                     {"0 arm 1,6 light 21,60 light 19,120 light 22", "6 light"},
		"late, while armed":                  {"0 arm 1,60 closed,20 open", "20 seal_open"},
		"late, of an opening that was told":  {"0 arm 1,60 open,55 open,58 open", "60 seal_open"},
		"late, while not armed":              {"0 arm 1,30 release 2 30,60 closed,40 open", ""},
		"late, while it goes on":             {"0 arm 1,60 open,10 open,90 open", "60 seal_open,10 seal_open"},
		"late answer":                        {"60 release 2 50,0 arm 1,20 open", "20 seal_open"},
		"battery":                            {"0 battery 16,1 battery 15,2 battery 14,3 battery 15,4 battery 13,5 battery 24,6 battery 9", "2 14"},
		"battery, charged":                   {"0 battery 14,1 battery 25,2 battery 14,1 battery 3", "0 14,2 14"},
	} {
		if got := strings.Join(sensed(t, c.day), ","); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", name, c.day, got, c.want)
		}
	}
}

// While nobody arms the seal nothing is told, and never more than one event an
// opening, in whatever order it all comes.
func TestSealAtRandom(t *testing.T) {
	const seed = 9
	rng := rand.New(rand.NewPCG(seed, seed))
	told := 0
	for round := range 2000 {
		var day []string
		openings := 0
		for range 1 + rng.IntN(12) {
			words := []string{"open", "cut", "closed", "light 300", "light 0", "release 2 0"}
			word := words[rng.IntN(len(words))]
			if word == "open" || word == "cut" || word == "light 300" {
				openings++
			}
			day = append(day, fmt.Sprintf("%d %s", rng.IntN(600), word))
		}
		if found := sensed(t, strings.Join(day, ",")); len(found) > 0 {
			t.Fatalf("seed %d, round %d: %q gives %q, and is not armed", seed, round, day, found)
		}
		found := sensed(t, strings.Join(append([]string{"0 arm 1"}, day...), ","))
		if len(found) > openings {
			t.Fatalf("seed %d, round %d: %q gives %q", seed, round, day, found)
		}
		slices.Sort(found)
		if len(slices.Compact(found)) != len(found) {
			t.Fatalf("seed %d, round %d: %q gives %q", seed, round, day, found)
		}
		told += len(found)
	}
	if told == 0 {
		t.Error("nothing was ever told")
	}
}
