//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// TestSoak does to a server, in any order, what the other tests do one at a
// time: kills, stops, a full disk, edits of fences elsewhere, and meanwhile
// devices that send in order, out of order and twice.
func TestSoak(t *testing.T) {
	if !long() {
		t.Skip("WAYGUARD_LONG=1 runs it")
	}
	const devices, seed = 60, 17
	rng := rand.New(rand.NewPCG(seed, seed))
	p := startServe(t, smallDisk(t, 256<<20))
	p.drawFences(t)
	fleet := p.enrol(t, "soak", devices, 20)
	done := make(chan struct{})
	var driving sync.WaitGroup
	for i, r := range fleet {
		driving.Go(func() { r.stay(p.mqtt, done, soakDrive(done, i)) })
	}
	counts := make(map[string]int)
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); {
		time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
		what := []string{"kill", "kill", "stop", "full disk", "fence"}[rng.IntN(5)]
		counts[what]++
		switch what {
		case "kill":
			p.kill()
			p.again(t)
		case "stop":
			p.interrupt(t)
			p.again(t)
		case "full disk":
			p.fullForAWhile(t, rng)
		case "fence":
			f := geofence.Fence{ID: geofence.FenceID(fmt.Sprint("far-", counts[what])), Center: orb.Point{100, 10}, RadiusMeters: 50}
			p.call(t, http.MethodPost, "/api/v1/fences", circleFeature(f), http.StatusCreated, nil)
		}
	}
	close(done)
	driving.Wait()
	for _, r := range fleet {
		if n := len(r.kept); n > 0 {
			t.Errorf("%s has %d fixes left", r.id, n)
		}
	}
	acked, events := p.audit(t, fleet...)
	t.Logf("seed %d: %v: %d positions acknowledged, %d events in force of %d", seed, counts, acked, events, len(p.events(t)))
}

// fullForAWhile fills the disk, and kills the server now and then meanwhile.
func (p *process) fullForAWhile(t *testing.T, rng *rand.Rand) {
	t.Helper()
	ballast := fill(t, p.dir)
	time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
	if rng.IntN(2) == 0 {
		p.kill()
		p.start(t, "serve", "--data", p.dir, "--http", p.http, "--mqtt", p.mqtt)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.awaitReady(t)
}

// soakDrive is the i-th device's way to send: most in order, some backwards,
// some each minute twice, at a hundred a second.
func soakDrive(done <-chan struct{}, i int) func() (message, bool) {
	drive := shuttle{next: shuttleStart() / 60 * 60, scrambled: i%5 == 1}
	var minute, again []message // of one that sends twice
	return func() (message, bool) {
		select {
		case <-done:
			return message{}, false
		case <-time.After(10 * time.Millisecond):
		}
		if len(again) > 0 {
			m := again[0]
			again = again[1:]
			return m, true
		}
		m, _ := drive.drive()
		if minute = append(minute, m); i%5 == 2 && len(minute) == 60 {
			minute, again = nil, minute
		}
		return m, true
	}
}
