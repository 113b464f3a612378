package geofence

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// road is a route straight to the east, of 60 km.
var road = Route{ID: "road", Line: orb.LineString{onRoad(0), onRoad(60)}}

// onRoad is the place so many kilometres along the road.
func onRoad(km float64) orb.Point {
	return shifted(newSpot(orb.Point{10, 50}), km*1000, 0)
}

// stopAt is a stop on the road, to be served by so many minutes after monday; 0
// for no window.
func stopAt(km, minutes float64) Stop {
	s := Stop{ID: StopID(fmt.Sprintf("km%g", km)), Place: Place{Point: onRoad(km)}, Service: time.Minute}
	if minutes != 0 {
		s.WindowEnd = monday + Millis(minutes*60_000)
	}
	return s
}

// bend is where a van is at a time, in minutes and kilometres; in between it
// drives steadily.
type bend struct{ minute, km float64 }

// fixesAlong are what a van reports every 10 s.
func fixesAlong(bends ...bend) []Fix {
	var fixes []Fix
	for i, to := range bends[1:] {
		from := bends[i]
		for t := from.minute; t < to.minute-1e-9; t += 1.0 / 6 {
			km := from.km + (to.km-from.km)*(t-from.minute)/(to.minute-from.minute)
			fixes = append(fixes, Fix{Time: monday + Millis(math.Round(t*60_000)), Point: onRoad(km)})
		}
	}
	return fixes
}

func roundWorld(t testing.TB, version uint64, r Round) *World {
	t.Helper()
	w, err := newWorld(t, Settings{}).WithRounds(version, []Round{r}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// told are the deliveries' events in short: type, stop, episode and minute.
func told(events []Event) string {
	var all []string
	for _, e := range events {
		if kind, ok := strings.CutPrefix(string(e.Type), "delivery."); ok && kind != "arrived" && kind != "departed" {
			all = append(all, fmt.Sprintf("%s %s %d'", kind, e.Subject, int(secondsBetween(monday, e.Time)/60)))
		}
	}
	return strings.Join(all, ", ")
}

func TestApproaching(t *testing.T) {
	round := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(6, 0), stopAt(12, 0), stopAt(13, 0)}}
	for _, c := range []struct {
		name  string
		start Millis
		bends []bend
		want  []string
	}{
		{"each once, when it is next",
			0, []bend{{0, 0}, {10, 6}, {12, 6}, {22, 12}, {23, 12}, {25, 13}, {28, 13}},
			[]string{"km6", "km12", "km13"}},
		{"not from the depot", 0, []bend{{0, 4}, {600, 4}}, nil},
		{"not before the round begins", monday + 90*60_000,
			[]bend{{0, 0}, {5, 4}, {80, 4}}, nil},
		{"when it leaves the depot", monday + 90*60_000,
			[]bend{{0, 0}, {5, 4}, {100, 4}, {103, 6}, {106, 6}}, []string{"km6"}},
		{"not during a long break", 0, []bend{{0, 0}, {1, 0.5}, {200, 0.5}}, nil},
		{"not of what was driven past", 0, []bend{{0, 0}, {20, 14}, {40, 14}}, []string{"km6", "km12", "km13"}},
	} {
		r := round
		r.Start = c.start
		events := run(roundWorld(t, 2, r), fixesAlong(c.bends...))
		var got []string
		for _, e := range events {
			if e.Type == Approaching {
				got = append(got, e.Subject)
				if in, away := e.Facts.Number("in_p50_s"), e.Facts.Number("stops_away"); in > 600 || away != 1 {
					t.Errorf("%s: %s is told %.0f s and %.0f stops away", c.name, e.Subject, in, away)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: told of %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDelays(t *testing.T) {
	for _, c := range []struct {
		name  string
		stops []Stop
		bends []bend
		want  string // without the minutes
	}{
		{"in time", []Stop{stopAt(20, 120)}, []bend{{0, 0}, {40, 20}, {43, 20}}, ""},
		{"late", []Stop{stopAt(20, 40)}, []bend{{0, 0}, {80, 20}, {83, 20}}, "delayed km20"},
		{"no window", []Stop{stopAt(20, 0)}, []bend{{0, 0}, {200, 20}, {203, 20}}, ""},
		{"made good", []Stop{stopAt(50, 100)}, []bend{{0, 0}, {45, 5}, {80, 47}, {84, 50}, {88, 50}},
			"delayed km50, on_time_again km50"},
		{"late twice", []Stop{stopAt(55, 100)}, []bend{{0, 0}, {45, 5}, {75, 47}, {170, 53}},
			"delayed km55, on_time_again km55, delayed km55"},
		{"the van never comes", []Stop{stopAt(50, 100)}, []bend{{0, 0}, {10, 5}, {180, 5}}, "delayed km50"},
		{"left out", []Stop{stopAt(5, 60), stopAt(20, 0), stopAt(30, 0)},
			[]bend{{0, 0}, {30, 20}, {34, 20}, {50, 30}, {54, 30}, {80, 30}}, "delayed km5"},
	} {
		r := Round{ID: "r", Routes: []Route{road}, Stops: c.stops}
		events := run(roundWorld(t, 2, r), fixesAlong(c.bends...))
		var got []string
		episodes := map[string]uint64{}
		for _, e := range events {
			switch e.Type {
			case Delayed:
				episodes[e.Subject] = e.Episode
			case OnTimeAgain:
				if e.Episode != episodes[e.Subject] {
					t.Errorf("%s: the delay is episode %d, its end %d", c.name, episodes[e.Subject], e.Episode)
				}
			default:
				continue
			}
			got = append(got, strings.TrimPrefix(string(e.Type), "delivery.")+" "+e.Subject)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %q, want %q: %s", c.name, text, c.want, told(events))
		}
	}
}

// Who arrives in the window after all was not late.
func TestArrivalEndsDelay(t *testing.T) {
	r := Round{ID: "r", Routes: []Route{road}, Stops: []Stop{stopAt(20, 44)}}
	events := run(roundWorld(t, 2, r), fixesAlong(bend{0, 0}, bend{30, 4}, bend{42.6, 20}, bend{50, 20}))
	if got := told(events); strings.Count(got, "delayed km20") != 1 || strings.Count(got, "on_time_again km20") != 1 {
		t.Error(got)
	}
}

// Around the end of a window forecasts waver; what is told does not. The ends
// are where the van really arrives, give or take some minutes.
func TestDelaysDoNotFlap(t *testing.T) {
	stops, delays, again, most := 0, 0, 0, 0
	for i := range 40 {
		random, seed := seeded(i)
		c := course{random: random, start: monday, stops: 40, apart: 600, service: 120, sampling: 10}
		d := c.drive(t)
		for j := range d.round.Stops {
			d.round.Stops[j].WindowEnd = d.arrivals[j] + Millis(240_000*random.NormFloat64())
		}
		count := map[string]int{}
		for _, e := range run(d.world(t, Settings{}), d.fixes) {
			switch e.Type {
			case Delayed:
				count[e.Subject]++
				delays++
			case OnTimeAgain:
				again++
			}
		}
		for stop, n := range count {
			if n > 3 {
				t.Errorf("seed %d: %s is delayed %d times", seed, stop, n)
			}
			most = max(most, n)
		}
		stops += len(count)
	}
	if float64(delays) > 1.3*float64(stops) || float64(again) > 0.45*float64(delays) {
		t.Errorf("%d delays of %d stops, of which %d were taken back", delays, stops, again)
	}
	t.Logf("%d stops delayed, %d times, at most %d times each, taken back %d times", stops, delays, most, again)
}
