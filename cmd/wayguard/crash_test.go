package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// shuttle is a device that drives to and fro through two fences, one fix a
// second of its own time.
type shuttle struct {
	id, secret string
	next       int64
	mu         sync.Mutex
	acked      []int64
}

const (
	shuttles    = 5
	shuttleLeg  = 40
	shuttleStep = 0.0005 // degrees of longitude, 56 m at the equator
)

// shuttleStart is the device time of the first fix, long enough ago that the
// shuttles never catch up with the clock.
func shuttleStart() int64 { return time.Now().Add(-24 * time.Hour).Unix() }

// place is where the shuttle is at a time.
func (s *shuttle) place(tst int64) orb.Point {
	leg := tst % (2 * shuttleLeg)
	if leg > shuttleLeg {
		leg = 2*shuttleLeg - leg
	}
	return orb.Point{10 + float64(leg)*shuttleStep, 0}
}

func shuttleFences() []geofence.Fence {
	return []geofence.Fence{
		{ID: "west", Center: orb.Point{10 + 10*shuttleStep, 0}, RadiusMeters: 150},
		{ID: "east", Center: orb.Point{10 + 30*shuttleStep, 0}, RadiusMeters: 200},
	}
}

func circleFeature(f geofence.Fence) map[string]any {
	return map[string]any{
		"type": "Feature", "id": string(f.ID),
		"geometry":   map[string]any{"type": "Point", "coordinates": f.Center},
		"properties": map[string]any{"radius_m": f.RadiusMeters},
	}
}

// publish sends fixes as fast as twenty may be in flight until the connection
// is gone, and notes which were acknowledged.
func (s *shuttle) publish(broker string) {
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + broker).
		SetClientID(s.id).SetUsername(s.id).SetPassword(s.secret).SetAutoReconnect(false))
	if token := client.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		return
	}
	defer client.Disconnect(0)
	inFlight := make(chan struct{}, 20)
	var waiting sync.WaitGroup
	for client.IsConnected() {
		tst := s.next
		s.next++
		at := s.place(tst)
		payload := fmt.Sprintf(`{"_type":"location","tid":"s","tst":%d,"lat":%.7f,"lon":%.7f,"acc":5}`, tst, at[1], at[0])
		inFlight <- struct{}{}
		token := client.Publish("owntracks/"+ownTracksPath(s.id), 1, false, payload)
		waiting.Go(func() {
			if token.WaitTimeout(10*time.Second) && token.Error() == nil {
				s.mu.Lock()
				s.acked = append(s.acked, tst)
				s.mu.Unlock()
			}
			<-inFlight
		})
	}
	waiting.Wait()
}

// TestKill kills the server while devices publish, ten times, and then wants
// every acknowledged position, once, and just the events that follow from what
// is stored.
func TestKill(t *testing.T) {
	const kills, seed = 10, 11
	rng := rand.New(rand.NewPCG(seed, seed))
	p := startServe(t, t.TempDir())
	for _, f := range shuttleFences() {
		p.call(t, http.MethodPost, "/api/v1/fences", circleFeature(f), http.StatusCreated, nil)
	}
	fleet := make([]*shuttle, shuttles)
	for i := range fleet {
		id := fmt.Sprintf("shuttle:%d", i)
		fleet[i] = &shuttle{id: id, secret: p.createDevice(t, id), next: shuttleStart()}
	}
	from := time.Unix(fleet[0].next-1, 0)
	for range kills {
		var publishing sync.WaitGroup
		for _, s := range fleet {
			publishing.Go(func() { s.publish(p.mqtt) })
		}
		time.Sleep(time.Duration(200+rng.IntN(500)) * time.Millisecond)
		p.kill()
		publishing.Wait()
		p.again(t)
	}
	total := 0
	var want []string
	for _, s := range fleet {
		stored := p.stored(t, s, from)
		total += len(s.acked)
		if missing := missing(s.acked, stored); len(missing) > 0 {
			t.Errorf("seed %d: %s: %d of %d acknowledged positions are lost, the first is %d", seed, s.id, len(missing), len(s.acked), missing[0])
		}
		want = append(want, s.eventsOf(t, stored)...)
	}
	t.Logf("%d positions acknowledged over %d kills", total, kills)
	if total < kills*shuttles*20 {
		t.Errorf("only %d positions were acknowledged: the test shows nothing", total)
	}
	p.wantEvents(t, want)
}

// stored are the times of a shuttle's stored fixes; each may be there once.
func (p *process) stored(t *testing.T, s *shuttle, from time.Time) []int64 {
	t.Helper()
	var times []int64
	for _, row := range p.track(t, s.id, from, time.Now()) {
		at, err := time.Parse(time.RFC3339, row[0])
		if err != nil {
			t.Fatal(err)
		}
		lon, err := strconv.ParseFloat(row[2], 64)
		if want := s.place(at.Unix())[0]; err != nil || lon < want-1e-6 || lon > want+1e-6 {
			t.Fatalf("%s is stored at %s for %s, want %f", s.id, row[2], row[0], want)
		}
		times = append(times, at.Unix())
	}
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			t.Errorf("%s: the fix of %d is stored twice or out of order", s.id, times[i])
		}
	}
	return times
}

func missing(acked, stored []int64) []int64 {
	var lost []int64
	for _, tst := range acked {
		if _, found := slices.BinarySearch(stored, tst); !found {
			lost = append(lost, tst)
		}
	}
	return lost
}

// eventsOf runs the engine over what is stored.
func (s *shuttle) eventsOf(t *testing.T, stored []int64) []string {
	t.Helper()
	world, err := geofence.NewWorld(1, geofence.Settings{}, shuttleFences())
	if err != nil {
		t.Fatal(err)
	}
	var state geofence.State
	var events []geofence.Event
	for _, tst := range stored {
		fix := geofence.Fix{Time: geofence.Millis(tst * 1000), Point: s.place(tst), AccuracyMeters: 5, Known: geofence.KnownAccuracy}
		events = geofence.Step(world, &state, fix, events)
	}
	var lines []string
	for _, e := range events {
		lines = append(lines, logged{Device: s.id, Type: string(e.Type), Subject: e.Subject, Time: e.Time.Time()}.String())
	}
	return lines
}

// wantEvents compares the event log, in any order of devices, and checks its
// numbering.
func (p *process) wantEvents(t *testing.T, want []string) {
	t.Helper()
	ids := make(map[string]bool)
	var got []string
	for i, e := range p.events(t) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d of the log has the number %d", i+1, e.Seq)
		}
		if ids[e.ID] {
			t.Errorf("event %s is in the log twice", e.ID)
		}
		ids[e.ID] = true
		got = append(got, e.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		missing, extra := difference(want, got), difference(got, want)
		t.Errorf("%d events, want %d; missing %q, unexpected %q", len(got), len(want), firstFew(missing), firstFew(extra))
	}
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

// TestRestartAfterStop stops the server politely and wants nothing replayed.
func TestRestartAfterStop(t *testing.T) {
	p := startServe(t, t.TempDir())
	s := &shuttle{id: "shuttle:0", secret: p.createDevice(t, "shuttle:0"), next: shuttleStart()}
	from := time.Unix(s.next-1, 0)
	publishing := make(chan struct{})
	go func() {
		defer close(publishing)
		s.publish(p.mqtt)
	}()
	time.Sleep(300 * time.Millisecond)
	p.interrupt(t)
	<-publishing
	p.again(t)
	if lost := missing(s.acked, p.stored(t, s, from)); len(s.acked) == 0 || len(lost) > 0 {
		t.Errorf("%d of %d acknowledged positions are lost", len(lost), len(s.acked))
	}
	if strings.Contains(p.output.String(), "replayed the journal") {
		t.Errorf("a polite stop leaves something to replay:\n%s", p.output)
	}
}
