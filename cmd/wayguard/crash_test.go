package main

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKill kills the server again and again while 200 devices publish, and then
// wants every acknowledged position, once, and just the events that follow from
// what is stored. A device sends again what was not acknowledged. One of ten
// sends its fixes out of order, so that kills also come in the midst of reviews.
func TestKill(t *testing.T) {
	trouble(t)
	const devices, seed = 200, 11
	kills := times(8, 50)
	rng := rand.New(rand.NewPCG(seed, seed))
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	fleet := p.enrol(t, "shuttle", devices, 20)
	drives := make([]shuttle, devices)
	for i := range drives {
		drives[i] = shuttle{next: shuttleStart(), scrambled: i%10 == 0}
	}
	for range kills {
		var publishing sync.WaitGroup
		for i, r := range fleet {
			publishing.Go(func() { _ = r.session(p.mqtt, drives[i].drive) })
		}
		time.Sleep(time.Duration(200+rng.IntN(500)) * time.Millisecond)
		p.kill()
		publishing.Wait()
		p.again(t)
	}
	acked, events := p.audit(t, fleet...)
	t.Logf("seed %d: %d positions acknowledged and %d events in force of %d over %d kills", seed, acked, events, len(p.events(t)), kills)
	if acked < kills*devices*2 || events < devices {
		t.Errorf("only %d positions were acknowledged and %d events told: the test shows nothing", acked, events)
	}
}

// TestRestartAfterStop stops the server politely and wants nothing replayed.
func TestRestartAfterStop(t *testing.T) {
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	r := p.enrol(t, "shuttle", 1, 20)[0]
	drive := shuttle{next: shuttleStart()}
	publishing := make(chan struct{})
	go func() {
		defer close(publishing)
		_ = r.session(p.mqtt, drive.drive)
	}()
	time.Sleep(300 * time.Millisecond)
	p.interrupt(t)
	<-publishing
	p.again(t)
	if acked, _ := p.audit(t, r); acked == 0 {
		t.Error("nothing was acknowledged")
	}
	p.signinLink(t) // all that is written before it is here too
	if strings.Contains(p.output.String(), "replayed the journal") {
		t.Errorf("a polite stop leaves something to replay:\n%s", p.output)
	}
}
