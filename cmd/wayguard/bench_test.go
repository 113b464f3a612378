package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wayguard/tracker"
	"wayguard/tracker/ingest/native"
	"wayguard/tracker/ingest/owntracks"
)

// measured runs the command in this process.
func measured(t *testing.T, c benchCmd) benchFigures {
	t.Helper()
	t.Setenv(adminTokenVariable, testToken)
	var out bytes.Buffer
	c.Format = "json"
	if err := c.run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var f benchFigures
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	return f
}

func TestBench(t *testing.T) {
	p := startServe(t, t.TempDir())
	at := benchCmd{Broker: &url.URL{Scheme: "tcp", Host: p.mqtt}, API: &url.URL{Scheme: "http", Host: p.http}, Duration: 500 * time.Millisecond}
	for name, load := range map[string]benchLoad{
		"owntracks":         {Devices: 5, InFlight: 4, Batch: 1, Topic: "owntracks"},
		"owntracks batches": {Devices: 5, InFlight: 4, Batch: 3, Topic: "owntracks"},
		"native":            {Devices: 5, InFlight: 4, Batch: 1, Topic: "native"},
		"native batches":    {Devices: 5, InFlight: 4, Batch: 60, Topic: "native"},
		"paced":             {Devices: 5, InFlight: 4, Batch: 2, Topic: "owntracks", Rate: 200},
	} {
		t.Run(name, func(t *testing.T) {
			c := at
			c.Load, c.Live = load, 2
			f := measured(t, c)
			if f.Acknowledged == 0 || f.Server.Stored+float64(f.Devices*f.InFlight) < float64(f.Acknowledged) || f.Server.Duplicate+f.Server.Quarantined > 0 {
				t.Errorf("%d acknowledged, server %+v", f.Acknowledged, *f.Server)
			}
			if load.Rate > 0 && (f.Reports < load.Rate/2 || f.Reports > load.Rate*1.2) {
				t.Errorf("%.0f reports/s, asked for %.0f", f.Reports, load.Rate)
			}
			if !ordered(f.Latency) || !ordered(f.Live.Latency) || f.Live.Positions == 0 || f.Live.Frames > f.Live.Positions {
				t.Errorf("latency %v, live %+v", f.Latency, f.Live)
			}
		})
	}
	if n := p.metric(t, `wayguard_fixes_total{outcome="implausible"}`); n > 0 {
		t.Errorf("the server takes %v fixes for impossible", n)
	}
	var left struct{ Devices []any }
	p.call(t, http.MethodGet, "/api/v1/devices", nil, http.StatusOK, &left)
	if len(left.Devices) > 0 {
		t.Errorf("%d devices are left behind", len(left.Devices))
	}
}

func ordered(l benchLatency) bool {
	return l.P50 > 0 && l.P50 <= l.P90 && l.P90 <= l.P99 && l.P99 <= l.P999 && l.P999 <= l.Max
}

func TestBenchIdle(t *testing.T) {
	p := startServe(t, t.TempDir())
	f := measured(t, benchCmd{
		Broker: &url.URL{Scheme: "tcp", Host: p.mqtt}, API: &url.URL{Scheme: "http", Host: p.http}, Duration: 100 * time.Millisecond,
		Load: benchLoad{Devices: 20, InFlight: 1, Batch: 1, Idle: true},
	})
	if f.Acknowledged > 0 || f.Server.Stored > 0 || f.Server.Memory < 1<<20 {
		t.Errorf("%+v, server %+v", f, *f.Server)
	}
}

// A broker without a server behind it.
func TestBenchPlain(t *testing.T) {
	host := &url.URL{Scheme: "tcp", Host: startMosquitto(t)}
	f := measured(t, benchCmd{Broker: host, Plain: true, Duration: 500 * time.Millisecond,
		Load: benchLoad{Devices: 3, InFlight: 20, Batch: 1, Topic: "owntracks"}})
	if f.Acknowledged == 0 || f.Server != nil || f.Reconnects > 0 {
		t.Errorf("%+v", f)
	}
}

// The server is killed in mid-load and comes back.
func TestBenchConnectsAgain(t *testing.T) {
	p := startServe(t, t.TempDir())
	b := newBench(&benchCmd{Broker: &url.URL{Scheme: "tcp", Host: p.mqtt}, Plain: true, Load: benchLoad{Devices: 3, InFlight: 4, Batch: 1, Topic: "owntracks"}})
	for _, d := range b.devices {
		d.secret = p.createDevice(t, d.id)
	}
	if err := b.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, d := range b.devices {
		running.Go(func() {
			if err := d.run(ctx, time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	acknowledged := func() (n int64) {
		for _, d := range b.devices {
			n += d.sent.first.Load()
		}
		return n
	}
	eventually(t, "acknowledgements", func() bool { return acknowledged() > 0 })
	p.kill()
	eventually(t, "all connections lost", func() bool { return b.meter.reconnects.Load() >= 3 })
	before := acknowledged()
	p.again(t)
	eventually(t, "acknowledgements after the restart", func() bool { return acknowledged() > before+100 })
	cancel()
	running.Wait()
}

func TestBenchMistakes(t *testing.T) {
	t.Setenv(adminTokenVariable, testToken)
	nobody := freeAddress(t)
	for _, c := range []struct {
		args   string
		status int
	}{
		{"--broker http://h:1", exitUsage},
		{"--broker tcp://h", exitUsage},
		{"--api ftp://h", exitUsage},
		{"--plain --live 1", exitUsage},
		{"--devices 0", exitUsage},
		{"--in-flight 0", exitUsage},
		{"--in-flight 16385", exitUsage},
		{"--batch 201", exitUsage},
		{"--rate -1", exitUsage},
		{"--duration 0s", exitUsage},
		{"--duration 61m", exitUsage},
		{"--topic sms", exitUsage},
		{"--plain --broker tcp://" + nobody, exitFailure},
		{"--api http://" + nobody, exitFailure},
	} {
		if got := run(append([]string{"bench"}, strings.Fields(c.args)...)); got != c.status {
			t.Errorf("%s: status %d, want %d", c.args, got, c.status)
		}
	}
	if err := os.Unsetenv(adminTokenVariable); err != nil {
		t.Fatal(err)
	}
	if got := run([]string{"bench"}); got != exitUsage {
		t.Errorf("without a token: status %d", got)
	}
}

func TestBenchToldOfAWrongToken(t *testing.T) {
	p := startServe(t, t.TempDir())
	t.Setenv(adminTokenVariable, "another-token-of-32-characters-xx")
	c := benchCmd{Broker: &url.URL{Scheme: "tcp", Host: p.mqtt}, API: &url.URL{Scheme: "http", Host: p.http},
		Duration: time.Second, Load: benchLoad{Devices: 1, InFlight: 1, Batch: 1}}
	err := c.run(context.Background(), new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), adminTokenVariable) || strings.Contains(err.Error(), "another-token") {
		t.Errorf("told %v", err)
	}
}

// Both formats say the same, and a van could drive it.
func TestBenchDrive(t *testing.T) {
	now := time.Now()
	for i := range 50 {
		d := newBenchDrive(i, now)
		var last tracker.Report
		for n := range int64(3 * benchStreet / 60) {
			json, err := owntracks.Decode("a", d.appendOwnTracks(nil, n*60, 60), now)
			if err != nil {
				t.Fatal(err)
			}
			frame, err := d.appendNative(nil, n, n*60, 60)
			if err != nil {
				t.Fatal(err)
			}
			binary, err := native.Decode(nil, "a", frame, now)
			if err != nil {
				t.Fatal(err)
			}
			for k, f := range json.Fixes {
				g := binary.Fixes[k]
				if f.Time != g.Time || math.Abs(f.Point.Lon()-g.Point.Lon())+math.Abs(f.Point.Lat()-g.Point.Lat()) > 2e-6 {
					t.Fatalf("device %d, fix %d: %+v and %+v", i, k, f, g)
				}
				if far := geo.Distance(f.Point, orb.Point{benchLon, benchLat}); far > benchSquare {
					t.Fatalf("device %d is %.0f m off", i, far)
				}
			}
			for k, f := range append(last.Fixes, json.Fixes...)[1:] {
				before := append(last.Fixes, json.Fixes...)[k]
				if step := geo.Distance(before.Point, f.Point); f.Time-before.Time != 1000 || step > benchSpeed*1.01 {
					t.Fatalf("device %d: %.2f m in %d ms", i, step, f.Time-before.Time)
				}
			}
			last = json
			last.Fixes = json.Fixes[len(json.Fixes)-1:]
		}
	}
}

func TestAppendDegrees(t *testing.T) {
	for units, want := range map[int32]string{
		0: "0.0000000", 1: "0.0000001", -1: "-0.0000001", 526634000: "52.6634000", -86254000: "-8.6254000",
		1800000000: "180.0000000", -1799999999: "-179.9999999",
	} {
		if got := string(appendDegrees(nil, units)); got != want {
			t.Errorf("%d: %s, want %s", units, got, want)
		}
	}
}

func FuzzEachPuback(f *testing.F) {
	for _, seed := range []string{"\x40\x02\x00\x01", "\x40\x02\x00\x01\x40\x02\x00", "\xd0\x00\x40\x02\x12\x34", "\x40\x03\x00\x01\x00", "\x40\x80\x01", "\x30"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		acks := 0
		rest, err := eachPuback(b, func(uint16) error { acks++; return nil })
		if !bytes.HasSuffix(b, rest) || 4*acks > len(b)-len(rest) && err == nil {
			t.Errorf("% x: %d acknowledgements, rest % x, %v", b, acks, rest, err)
		}
	})
}

func TestConnectRefusalsAreTold(t *testing.T) {
	for code := range 7 {
		err := readConnack(bytes.NewReader([]byte{mqttConnack, 2, 0, byte(code)}))
		if (err == nil) != (code == 0) {
			t.Errorf("code %d: %v", code, err)
		}
		if err != nil && !strings.Contains(fmt.Sprint(err), "refuses") {
			t.Errorf("code %d: %v", code, err)
		}
	}
}
