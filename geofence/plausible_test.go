package geofence

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// anywhere are settings under which a device may be anywhere next.
var anywhere = Settings{Plausibility: PlausibilitySettings{LeapMeters: maxLeap}}

func only(events []Event, types ...EventType) []Event {
	var kept []Event
	for _, e := range events {
		for _, t := range types {
			if e.Type == t {
				kept = append(kept, e)
			}
		}
	}
	return kept
}

// pictured are fixes from a picture of a track: each column is every seconds,
// each row 50 m, the bottom one 0 m inside of field's edge. ! is a fix at 0,0,
// m one that the device calls a mock, j one it calls jammed. Where no row of a
// column has a fix there is none.
func pictured(picture string, every int) []Fix {
	rows := strings.Split(strings.Trim(picture, "\n"), "\n")
	for i := range rows {
		rows[i] = strings.TrimLeft(rows[i], "\t")
	}
	var fixes []Fix
	for column := range len(rows[0]) {
		for i, row := range rows {
			if column >= len(row) || strings.ContainsRune(" .", rune(row[column])) {
				continue
			}
			f := at{1 + column*every, 50 * float64(len(rows)-1-i), 0}.fix()
			switch row[column] {
			case '!':
				f.Point = orb.Point{}
			case 'm':
				f.Flags = FlagMock
			case 'j':
				f.Flags = FlagJamming
			}
			fixes = append(fixes, f)
		}
	}
	return fixes
}

// doubts draws for each fix whether it was trusted, with what was told.
func doubts(w *World, fixes []Fix) (drawn string, told []Event) {
	var s State
	for _, f := range fixes {
		told = Step(w, &s, f, told)
		if s.Doubted() {
			drawn += "x"
		} else {
			drawn += "-"
		}
	}
	return drawn, told
}

func TestDoubts(t *testing.T) {
	w := newWorld(t, Settings{}, Fence{ID: "far", Center: orb.Point{50, 50}, RadiusMeters: 25})
	for _, c := range []struct {
		name    string
		every   int
		picture string
		doubted string
		told    string
	}{
		{"a spike of 150 m in a second", 1, `
	...o......
	..........
	..........
	ooo.oooooo`, "---x------", "speed 4s"},
		{"of 100 m", 1, `
	...o......
	..........
	ooo.oooooo`, "----------", ""},
		{"in five seconds a car may go so far", 5, `
	...o......
	..........
	..........
	ooo.oooooo`, "----------", ""},
		{"two and three in a row, one episode", 1, `
	..oo...ooo...
	.............
	.............
	.............
	oo..ooo...ooo`, "--xx---xxx---", "speed 3s"},
		{"two of them apart", 1, `
	...o......
	..........
	..........
	..........
	..........
	.o...o....
	o.o.o.o.oo
	..........
	..........
	..........
	.......o..`, "---x---x--", "speed 4s"},
		{"two devices under one name", 1, `
	.o.o.o.o.o.o.o
	..............
	..............
	..............
	o.o.o.o.o.o.o.`, "-x-x-x-x-x-x-x", "speed 2s"},
		{"where it goes on, it is", 10, `
	......ooooo
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	...........
	.o.o.o.....
	o.o.o......`, "------xxx--", "speed 61s"},
		{"or was, in a tunnel where the receiver said nothing new", 1, `
	......................ooooooo
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	oooooooooooooooooooooo.......`, "----------------------xxx----", ""},
		{"not where a car cannot have got to in that time", 1, `
	......oooooo
	............
	............
	............
	............
	............
	............
	............
	............
	............
	............
	............
	............
	oooooo......`, "------xxxxxx", "speed 7s"},
		{"a spike on the way out of the tunnel", 1, `
	......................o......
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	.......................oooooo
	.............................
	.............................
	.............................
	.............................
	.............................
	oooooooooooooooooooooo.......`, "----------------------xxxx---", "speed 23s"},
		{"a spike ahead, and the way there", 1, `
	...o...........
	............ooo
	...........o...
	...............
	...............
	ooo............`, "---x----", "speed 4s"},
		{"nor where it comes back", 1, `
	......................ooo....
	.............................
	.............................
	.............................
	.............................
	.............................
	.............................
	oooooooooooooooooooooo...oooo`, "----------------------xxx----", "speed 23s"},
		{"a tunnel", 10, `
	.........ooo
	............
	............
	............
	............
	............
	............
	ooo.........`, "------", ""},
		{"nobody filled them in", 10, `
	oo!oo!!!!!!!!oo`, "--x--xxxxxxxx--", "null_island 21s"},
		{"from the beginning", 10, `
	!!!!!oo`, "xxxxx--", "null_island 1s"},
		{"by its own word", 10, `
	oommoojooo`, "--xx--x---", "mock 21s"},
		{"jammed", 10, `
	oojo`, "--x-", "jamming 21s"},
		{"two hours apart they are two", 600, `
	oojojjo`, "--x-xx-", "jamming 1201s, jamming 2401s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			drawn, events := doubts(w, pictured(c.picture, c.every))
			var told []string
			for _, e := range about("fix.", events) {
				told = append(told, fmt.Sprintf("%s %ds", e.Facts.Text("reason"), e.Time/1000))
			}
			if got := strings.Join(told, ", "); drawn != c.doubted || got != c.told {
				t.Errorf("%s %q, want %s %q", drawn, got, c.doubted, c.told)
			}
		})
	}
}

// Whoever is at 0, 0 may say so, if he came there.
func TestNearNullIsland(t *testing.T) {
	near, far := Fix{Point: orb.Point{0.01, 0}}, Fix{Point: orb.Point{0.2, 0}}
	for n, w := range []*World{newWorld(t, Settings{}), newWorld(t, anywhere)} {
		for doubted, f := range map[bool]Fix{false: near, true: far} {
			var s State
			Step(w, &s, f, nil)
			Step(w, &s, Fix{Time: 1, Point: f.Point}, nil)
			if Step(w, &s, Fix{Time: 1_000_000}, nil); s.Doubted() != doubted {
				t.Errorf("world %d: 0, 0 after %v, doubted: %v", n, f.Point, s.Doubted())
			}
		}
	}
}

// What is held is not lost: a fence that the device entered among fixes held
// is entered, at the time of the first of them.
func TestHeldFixesCount(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	var places []at
	for second := range 100 {
		switch {
		case second < 10:
			places = append(places, at{second, -3000, 0})
		case second < 20:
			places = append(places, at{second, -50, 0})
		default:
			places = append(places, at{second, -50 + 15*float64(second-20), 0})
		}
	}
	events := run(w, fixesOf(places))
	if got := brief(events); got != "fix.implausible  10s #1, enter a 25s #2" {
		t.Errorf("%q", got)
	}
}

// Where the very first fix was the wild one, its fence was never left.
func TestFirstFixWild(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	places := []at{{0, 9000, 0}}
	for second := 1; second < 100; second++ {
		places = append(places, at{second, -1000, 0})
	}
	if got := brief(run(w, fixesOf(places))); got != "fix.implausible  1s #2" {
		t.Errorf("%q", got)
	}
	places[1] = at{1, 9010, 0} // it was no single fix
	if got := brief(run(w, fixesOf(places))); got != "fix.implausible  2s #2, exit a 2s #1" {
		t.Errorf("%q", got)
	}
}

func TestSpeedFacts(t *testing.T) {
	w := newWorld(t, noStays(), field("a")).WithDevices(2, []Device{{ID: "bike", MaxSpeedMPS: 15}}, nil)
	s := NewState("bike")
	events := Step(w, &s, at{0, 200, 4}.fix(), nil)
	events = Step(w, &s, at{10, 400, 6}.fix(), events)
	if len(events) != 1 || !s.Doubted() {
		t.Fatalf("%q", brief(events))
	}
	e := events[0]
	for name, want := range map[string]float64{"speed_mps": 19, "max_speed_mps": 15, "distance_m": 200, "uncertainty_m": 10, "gap_s": 10} {
		if got := e.Facts.Number(name); math.Abs(got-want) > 0.01 {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	if last, _ := s.Last(); e.Facts.Text("reason") != "speed" || e.Subject != "" || e.Point == last.Point {
		t.Errorf("%+v", e)
	}
}

// Coordinates that stay the same to the last bit.
func TestFrozen(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	moving := func(f Fix, speed float32) Fix {
		f.SpeedMPS, f.Known = speed, f.Known|KnownSpeed
		return f
	}
	for _, c := range []struct {
		name    string
		every   int
		meters  []float64
		speeds  []float32
		doubted string
		told    string
	}{
		{"moving", 5, []float64{0, 50, 100, 100, 100, 100, 300}, []float32{10, 10, 10, 10, 10, 10, 10}, "----xx-", "frozen 10s"},
		{"at 3 m/s not before 100 m", 20, []float64{0, 0, 0, 0, 0}, []float32{3, 3, 3, 3, 3}, "--xxx", "frozen 0s"},
		{"standing", 20, []float64{0, 0, 0, 0, 0}, []float32{0, 0.5, 1, 2.9, 0}, "-----", ""},
		{"starting from a hold", 5, []float64{0, 0, 0, 20, 60}, []float32{0, 0, 4, 6, 8}, "-----", ""},
		{"one fix says it stands", 10, []float64{0, 0, 0, 0, 0, 0}, []float32{20, 20, 0, 20, 20, 20}, "-----x", "frozen 30s"},
		{"the last decimal changes", 10, []float64{0, 0.01, 0, 0.01, 0}, []float32{20, 20, 20, 20, 20}, "-----", ""},
		{"the way out of a motorway's tunnel", 2, []float64{0, 80, 80, 80, 80, 480, 560, 640, 720}, []float32{40, 40, 40, 40, 40, 40, 40, 40, 40}, "-----xxx-", ""},
	} {
		var fixes []Fix
		for i, meters := range c.meters {
			fixes = append(fixes, moving(at{i * c.every, meters, 0}.fix(), c.speeds[i]))
		}
		drawn, events := doubts(w, fixes)
		var told []string
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %ds", e.Facts.Text("reason"), e.Time/1000))
		}
		if got := strings.Join(told, ", "); drawn != c.doubted || got != c.told {
			t.Errorf("%s: %s %q, want %s %q", c.name, drawn, got, c.doubted, c.told)
		}
	}
}

// A device that is faster than its limit all the way is told of once, and not
// lost: its fixes count, some late.
func TestFasterThanItsLimit(t *testing.T) {
	w := newWorld(t, noStays(), field("a"))
	for _, every := range []int{1, 5, 15} {
		var fixes []Fix
		for second := 0; second < 1200; second += every {
			fixes = append(fixes, at{second, 180*float64(second) - 100_000, 0}.fix())
		}
		events := run(w, fixes)
		if len(only(events, Implausible)) != 1 || len(only(events, Enter)) != 1 {
			t.Errorf("every %d s: %q", every, brief(events))
		}
	}
}
