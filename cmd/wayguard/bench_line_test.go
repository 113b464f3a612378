package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// BenchmarkLine measures a server of this build as a whole: MQTT, the engine
// with 10,000 fences, the store on the disk of TMPDIR, acknowledgements, live
// feeds; clients share the machine with it. Beside the durable rows stands
// Mosquitto with nothing behind it, under the same load, in turn. It takes about
// five minutes:
//
//	go test ./cmd/wayguard -run '^$' -bench Line -timeout 20m
//
// One row by itself: -bench 'Line/acknowledged', 'Line/paced', 'Line/fanout',
// 'Line/idle'.
func BenchmarkLine(b *testing.B) {
	for _, load := range []struct{ topic, devices, inFlight string }{
		{"owntracks", "200", "20"}, {"owntracks", "5000", "4"}, {"native", "200", "20"},
	} {
		b.Run(fmt.Sprintf("acknowledged/%s/%sx%s", load.topic, load.devices, load.inFlight), func(b *testing.B) {
			lineAcknowledged(b, "--topic", load.topic, "--devices", load.devices, "--in-flight", load.inFlight)
		})
	}
	b.Run("paced/1000", linePaced)
	b.Run("fanout/10000", lineFanOut)
	b.Run("idle/10000", lineIdle)
}

// lineRounds is how often both servers have their turn; medians are reported.
const lineRounds = 3

// lineAcknowledged reports durable reports a second, Mosquitto's, and by how
// much they differ, then what a fix takes in the file.
func lineAcknowledged(b *testing.B, load ...string) {
	p, mosquitto := startLine(b), startMosquitto(b)
	load = append(load, "--duration", "5s")
	var ours, theirs, server, generator []float64
	for range lineRounds {
		plain := p.bench(b, append(load, "--plain", "--broker", "tcp://"+mosquitto)...)
		durable := p.bench(b, load...)
		// What was under way at the start was stored before.
		if durable.Server.Stored+float64(durable.Devices*durable.InFlight) < float64(durable.Acknowledged) || durable.Server.Quarantined > 0 {
			b.Errorf("acknowledged %d: %+v", durable.Acknowledged, *durable.Server)
		}
		ours, theirs = append(ours, durable.Reports), append(theirs, plain.Reports)
		server = append(server, durable.Server.Processors/durable.Reports*1e6)
		generator = append(generator, durable.Processors/durable.Reports*1e6)
		b.Logf("%.0f reports/s, p99 %.0f ms, %.2f processors and %.2f for the load, %.0f MiB; Mosquitto %.0f reports/s, p99 %.0f ms, %.2f for the load",
			durable.Reports, durable.Latency.P99, durable.Server.Processors, durable.Processors, durable.Server.Memory/(1<<20),
			plain.Reports, plain.Latency.P99, plain.Processors)
	}
	b.ReportMetric(median(ours), "reports/s")
	b.ReportMetric(median(theirs), "mosquitto/s")
	b.ReportMetric(median(ours)/median(theirs), "ratio")
	b.ReportMetric(median(server), "server-us/report")
	b.ReportMetric(median(generator), "load-us/report")
	fixes := p.metric(b, `wayguard_fixes_total{outcome="evaluated"}`)
	p.interrupt(b)
	b.ReportMetric(trackBytes(b, p.dir)/fixes, "B/fix")
}

// linePaced is a thousand reports a second, as a fleet of thousands gives, with
// a few people who watch.
func linePaced(b *testing.B) {
	p := startLine(b)
	f := p.bench(b, "--devices", "1000", "--rate", "1000", "--live", "3", "--duration", "10s")
	b.Logf("acknowledged after %v", f.Latency)
	b.Logf("shown after %v", f.Live.Latency)
	b.ReportMetric(f.Reports, "reports/s")
	b.ReportMetric(f.Latency.P50, "ack-p50-ms")
	b.ReportMetric(f.Latency.P99, "ack-p99-ms")
	b.ReportMetric(f.Live.Latency.P99, "shown-p99-ms")
}

// lineFanOut has more live feeds than two processors can serve at once.
func lineFanOut(b *testing.B) {
	p := startLine(b)
	f := p.bench(b, "--devices", "200", "--rate", "1000", "--live", "10000", "--duration", "10s")
	b.Logf("shown after %v", f.Live.Latency)
	b.ReportMetric(f.Live.Positions, "positions/s")
	b.ReportMetric(f.Live.Frames, "frames/s")
	b.ReportMetric(f.Latency.P99, "ack-p99-ms")
}

// lineIdle is the memory of a server with connections that say nothing.
func lineIdle(b *testing.B) {
	p := startLine(b)
	f := p.bench(b, "--devices", "10000", "--idle", "--duration", "5s")
	b.ReportMetric(f.Server.Memory/1e6, "MB")
}

// bench runs the command as a process of its own.
func (p *process) bench(b *testing.B, args ...string) benchFigures {
	b.Helper()
	args = append([]string{"bench", "--broker", "tcp://" + p.mqtt, "--api", "http://" + p.http, "--format", "json"}, args...)
	cmd := exec.Command(p.cmd.Path, args...)
	cmd.Env = append(os.Environ(), adminTokenVariable+"="+testToken)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%q: %v\n%s", args, err, &problems)
	}
	var f benchFigures
	if err := json.Unmarshal(out, &f); err != nil {
		b.Fatalf("%v in %s", err, out)
	}
	if f.Refused+f.Reconnects > 0 {
		b.Errorf("%d connections refused, %d lost", f.Refused, f.Reconnects)
	}
	return f
}

// startLine is a server with 10,000 fences where the devices drive.
func startLine(b *testing.B) *process {
	const fences, atOnce = 10_000, 1000
	p := startServe(b, b.TempDir(), "--log-level", "warn")
	random := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < fences; n += atOnce {
		var features []any
		for i := range atOnce {
			features = append(features, lineFence(random, n+i))
		}
		p.call(b, http.MethodPost, "/api/v1/fences", map[string]any{"type": "FeatureCollection", "features": features}, http.StatusOK, nil)
	}
	return p
}

// lineFence is a circle of 50 to 300 m somewhere in the square.
func lineFence(random *rand.Rand, n int) map[string]any {
	metre := 1 / (metersPerDegree * math.Cos(benchLat*math.Pi/180))
	lon := benchLon + (random.Float64()-0.5)*benchSquare*metre
	lat := benchLat + (random.Float64()-0.5)*benchSquare/metersPerDegree
	return map[string]any{
		"type": "Feature", "id": fmt.Sprint("line-", n),
		"properties": map[string]any{"radius_m": 50 + random.IntN(250)},
		"geometry":   map[string]any{"type": "Point", "coordinates": []float64{lon, lat}},
	}
}

// startMosquitto is one that lets in everybody and keeps nothing.
func startMosquitto(t testing.TB) (address string) {
	t.Helper()
	path := needMosquitto(t, "mosquitto")
	address = freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("Mosquitto does not listen")
	return ""
}

// trackBytes is what the blocks of tracks take, keys and pages included. The
// last of each device wait for their block, which is a hundredth here.
func trackBytes(b *testing.B, dir string) (n float64) {
	db, err := bbolt.Open(filepath.Join(dir, dataFile), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		s := tx.Bucket([]byte("track")).Stats()
		n = float64(s.LeafInuse + s.BranchInuse)
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		b.Fatal(err)
	}
	return n
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}
