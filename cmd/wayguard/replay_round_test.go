package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

// metre is a place in metres east and north of 8 E 50 N.
type metre struct{ x, y float64 }

func (m metre) lonLat() (lon, lat float64) {
	const degree = math.Pi / 180 * 6_371_008.8
	return 8 + m.x/(degree*math.Cos(50*math.Pi/180)), 50 + m.y/degree
}

func (m metre) point() string {
	lon, lat := m.lonLat()
	return fmt.Sprintf(`{"type":"Point","coordinates":[%.7f,%.7f]}`, lon, lat)
}

func lineOf(places []metre) string {
	var parts []string
	for _, m := range places {
		lon, lat := m.lonLat()
		parts = append(parts, fmt.Sprintf("[%.7f,%.7f]", lon, lat))
	}
	return `{"type":"LineString","coordinates":[` + strings.Join(parts, ",") + `]}`
}

// drive is a van's day as it was: legs at 10 m/s and rests.
type drive struct {
	at    metre
	now   float64 // seconds
	steps []moment
}

type moment struct {
	metre
	second float64
}

func (d *drive) to(places ...metre) {
	for _, p := range places {
		distance := math.Hypot(p.x-d.at.x, p.y-d.at.y)
		from, start := d.at, d.now
		for t := 1.0; t*10 < distance; t++ {
			share := t * 10 / distance
			d.steps = append(d.steps, moment{metre{from.x + share*(p.x-from.x), from.y + share*(p.y-from.y)}, start + t})
		}
		d.at, d.now = p, start+math.Max(1, math.Round(distance/10))
		d.steps = append(d.steps, moment{p, d.now})
	}
}

func (d *drive) rest(seconds int) {
	for range seconds {
		d.now++
		d.steps = append(d.steps, moment{d.at, d.now})
	}
}

// recording is what a tracker of 5 m accuracy makes of the day: every so many
// seconds a fix, its error a Gauss-Markov process of 100 s.
func (d *drive) recording(device string, every int, seed uint64, handoffs map[float64]string) string {
	const sigma, tau = 5 / 1.51, 100.0
	rng := rand.New(rand.NewPCG(seed, 7))
	keep := math.Exp(-1 / tau)
	var b strings.Builder
	ex, ey := sigma*rng.NormFloat64(), sigma*rng.NormFloat64()
	for i, m := range d.steps {
		ex = keep*ex + math.Sqrt(1-keep*keep)*sigma*rng.NormFloat64()
		ey = keep*ey + math.Sqrt(1-keep*keep)*sigma*rng.NormFloat64()
		stop := handoffs[m.second]
		if i%every != 0 && stop == "" {
			continue
		}
		lon, lat := metre{m.x + ex, m.y + ey}.lonLat()
		event := ","
		if stop != "" {
			event = "handoff," + stop
		}
		fmt.Fprintf(&b, "%.0f,%.7f,%.7f,%s,5,%s\n", 1.8e9+m.second, lat, lon, device, event)
	}
	return b.String()
}

const roundHeader = "time,lat,lon,device,accuracy_m,event,ref\n"

// The round goes about three blocks; stops lie 8 m beside the street.
//
//	    2000 +-------------------+
//	         |         S3        |
//	         |                   S2
//	    800  |         +---------+
//	         |         | S1
//	depot 0  +---------+
//	         0       1000      2200
func blocks() []metre {
	return []metre{{0, 0}, {1000, 0}, {1000, 800}, {2200, 800}, {2200, 2000}, {0, 2000}, {0, 0}}
}

func roundPlan(extra ...string) string {
	window := `,"window_start":1800000000,"window_end":1800007200,"geocode_accuracy_m":3`
	features := []string{
		planFeature("route", "R", lineOf(blocks()), ""),
		planFeature("depot", "D", metre{0, 0}.point(), ""),
		planFeature("stop", "S1", metre{1008, 400}.point(), `,"sequence":1`+window),
		planFeature("stop", "S2", metre{2208, 1400}.point(), `,"sequence":2`+window),
		planFeature("stop", "S3", metre{1000, 1992}.point(), `,"sequence":3`+window),
		planFeature("address", "next to S2", metre{2208, 1440}.point(), ""),
	}
	plan := planText(append(features, extra...)...)
	return strings.TrimSuffix(plan, "}") + `,"devices":[{"id":"van","handover_m":15}]}`
}

// serve drives to a stop, hands over after 90 s and leaves after 150.
func (d *drive) serve(place metre, stop string, handoffs map[float64]string) {
	d.to(place)
	d.rest(90)
	handoffs[d.now] = stop
	d.rest(60)
}

// day is a round with what happens on it.
func day(before1 func(d *drive), at1 func(d *drive, handoffs map[float64]string), at2, after2 func(d *drive)) (*drive, map[float64]string) {
	d, handoffs := &drive{}, map[float64]string{}
	run := func(f func(*drive)) {
		if f != nil {
			f(d)
		}
	}
	d.rest(300)
	d.to(metre{1000, 0})
	run(before1)
	if at1 == nil {
		d.serve(metre{1000, 400}, "S1", handoffs)
	} else {
		at1(d, handoffs)
	}
	d.to(metre{1000, 800}, metre{2200, 800})
	if at2 == nil {
		d.serve(metre{2200, 1400}, "S2", handoffs)
	} else {
		d.serve(metre{2200, 1440}, "S2", handoffs)
	}
	d.to(metre{2200, 2000})
	run(after2)
	d.serve(metre{1000, 2000}, "S3", handoffs)
	d.to(metre{0, 2000}, metre{0, 0})
	d.rest(1200)
	return d, handoffs
}

// told are the events but for the ordinary course of stops, as "type subject".
func told(t *testing.T, stdout string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(stdout) {
		var e tracker.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Type != "stop.begin" && e.Type != "stop.end" && e.Type != "delivery.approaching" {
			line := e.Type + " " + e.Subject
			if e.Type == "drop.wrong_address" {
				var d struct{ Likely string }
				if err := json.Unmarshal(e.Detail, &d); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				line += " left at " + d.Likely
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

func TestReplayRound(t *testing.T) {
	away := func(d *drive) { d.to(metre{1000, -400}, metre{1400, -400}, metre{1400, 0}, metre{1000, 0}) }
	for _, c := range []struct {
		name                 string
		before1, at2, after2 func(*drive)
		at1                  func(*drive, map[float64]string)
		want                 []string
	}{
		{"as planned", nil, nil, nil, nil, []string{"drop.confirmed S1", "drop.confirmed S2", "drop.confirmed S3"}},
		{"a detour", away, nil, nil, nil, []string{"drop.confirmed S1", "drop.confirmed S2", "drop.confirmed S3", "route.back R", "route.off R"}},
		{"the house next door", nil, func(*drive) {}, nil, nil, []string{"drop.confirmed S1", "drop.confirmed S3", "drop.wrong_address S2 left at next to S2"}},
		{"a long rest", nil, nil, func(d *drive) {
			d.to(metre{1800, 2000})
			d.rest(900)
		}, nil, []string{"drop.confirmed S1", "drop.confirmed S2", "drop.confirmed S3", "stop.unplanned van"}},
		{"a dead tracker", nil, nil, func(d *drive) { d.now += 1200 }, nil,
			[]string{"device.back van", "device.silent van", "drop.confirmed S1", "drop.confirmed S2", "drop.confirmed S3"}},
		{"a stop left out", nil, nil, nil, func(*drive, map[float64]string) {},
			[]string{"drop.confirmed S2", "drop.confirmed S3", "route.stop_skipped S1"}},
		{"handed out of the window", nil, nil, nil, func(d *drive, handoffs map[float64]string) {
			d.to(metre{1000, 400})
			d.rest(8)
			handoffs[d.now] = "S1"
			d.rest(7)
		}, []string{"drop.confirmed S2", "drop.confirmed S3", "drop.unverifiable S1"}},
	} {
		for _, every := range []int{1, 5, 15} {
			for seed := range uint64(5) {
				t.Run(fmt.Sprintf("%s/%ds/%d", c.name, every, seed), func(t *testing.T) {
					d, handoffs := day(c.before1, c.at1, c.at2, c.after2)
					cmd := replayOf(t, roundPlan(), map[string]string{"van.csv": roundHeader + d.recording("van", every, seed, handoffs)})
					cmd.Raw, cmd.Format = false, "ndjson"
					stdout, stderr := runReplay(t, cmd)
					if got := told(t, stdout); !slices.Equal(got, c.want) || stderr != "" {
						t.Errorf("got  %q\nwant %q\n%s", got, c.want, stderr)
					}
				})
			}
		}
	}
}
