package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// What a process that is to be killed is told by its environment.
const (
	victimDir  = "WAYGUARD_TEST_VICTIM_DIR"
	victimSink = "WAYGUARD_TEST_VICTIM_SINK"
	victimEnds = "WAYGUARD_TEST_VICTIM_ENDS"
)

const victimDevices = 8

// post is a carrier that hands messages to another process over HTTP.
type post struct{ url string }

func (post) Channel() Channel { return Email }

func (p post) Send(ctx context.Context, m *Message) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/"+m.ID, strings.NewReader(m.Text))
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return "", err
}

// TestVictim is the process that TestKilledWhileSending kills: it makes events
// without end, or with victimEnds none, and ends once all messages are sent.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimDir)
	if dir == "" {
		t.Skip("only as a process of TestKilledWhileSending")
	}
	h := startHouse(t, dir, &town{channels: []Channel{Email}}, post{os.Getenv(victimSink)})
	if os.Getenv(victimEnds) != "" {
		until(t, "all to be sent", 2*time.Minute, func() bool {
			left, err := h.fleet.Records(dueBucket, "", "", 1)
			return err == nil && len(left) == 0 && h.reader.behind() == 0
		})
		return
	}
	for i := 0; ; i++ {
		id := tracker.DeviceID(fmt.Sprint("van-", i%victimDevices))
		if _, err := h.fleet.CreateDevice(t.Context(), tracker.Device{ID: id}); err != nil && !errors.Is(err, tracker.ErrExists) {
			t.Fatal(err)
		}
		if i == 0 {
			h.recipients()
			fmt.Println("ready")
		}
		h.mustEnter(string(id), 20)
		time.Sleep(10 * time.Millisecond)
	}
}

// arrivals is what came at the sink.
type arrivals struct {
	mu sync.Mutex
	// at are the times of each id, event the event that it told of.
	at    map[string][]time.Time
	event map[string]string
}

func (a *arrivals) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // its sender was killed: not taken over
	}
	words := strings.Fields(string(body))
	a.mu.Lock()
	defer a.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/")
	a.at[id] = append(a.at[id], time.Now())
	a.event[id] = words[len(words)-1]
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

// victim starts the process and waits until it makes events.
func victim(t *testing.T, dir, sink string, ends string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimDir+"="+dir, victimSink+"="+sink, victimEnds+"="+ends)
	out := new(bytes.Buffer)
	ready := make(chan struct{})
	w := &readyWriter{out: out, ready: ready}
	cmd.Stdout, cmd.Stderr = w, w // one writer: one goroutine
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if ends == "" {
		select {
		case <-ready:
		case <-time.After(30 * time.Second):
			t.Fatal("the process does not start")
		}
	}
	return cmd, out
}

type readyWriter struct {
	out   *bytes.Buffer
	once  sync.Once
	ready chan struct{}
}

func (w *readyWriter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("ready")) {
		w.once.Do(func() { close(w.ready) })
	}
	return w.out.Write(b)
}

// TestKilledWhileSending kills a server again and again while it makes and sends
// messages. None is lost, and one comes again only where a kill came between
// the carrier's having taken it and our having noted that, with the same id.
func TestKilledWhileSending(t *testing.T) {
	kills, least := 5, 500
	if long() {
		kills, least = 50, 10_000
	}
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	dir := t.TempDir()
	sink := &arrivals{at: make(map[string][]time.Time), event: make(map[string]string)}
	server := httptest.NewServer(sink)
	defer server.Close()
	var killed []time.Time
	for len(killed) < kills || sink.count() < least {
		cmd, _ := victim(t, dir, server.URL, "")
		time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		killed = append(killed, time.Now())
		_ = cmd.Wait()
	}
	cmd, out := victim(t, dir, server.URL, "yes")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	events := enterEvents(t, dir)
	again := sink.audit(t, events, killed)
	t.Logf("seed %d: %d messages over %d kills, none lost, %d times one came again", seed, len(sink.at), len(killed), again)
	if len(events) < least {
		t.Errorf("only %d events: the test shows nothing", len(events))
	}
}

// audit wants each event told, in one message.
func (a *arrivals) audit(t *testing.T, events map[string]bool, killed []time.Time) (again int) {
	t.Helper()
	told := make(map[string]string)
	for id, event := range a.event {
		if other, ok := told[event]; ok {
			t.Errorf("event %s is told by %s and %s", event, id, other)
		}
		told[event] = id
		if !events[event] {
			t.Errorf("message %s tells of an event that is not in the log", id)
		}
		times := a.at[id]
		for i := range times[1:] {
			again++
			if !killedWithin(killed, times[i], times[i+1]) {
				t.Errorf("message %s came at %v, with no kill between", id, times)
			}
		}
	}
	for event := range events {
		if told[event] == "" {
			t.Errorf("nobody was told of event %s", event)
		}
	}
	return again
}

// killedWithin tells whether a kill came between, and soon after the first: the
// time that a transaction takes on a busy machine. What a process had sent may
// be taken a moment after its end.
func killedWithin(killed []time.Time, first, second time.Time) bool {
	for _, at := range killed {
		if at.After(first.Add(-200*time.Millisecond)) && at.Before(second) && at.Sub(first) < 2*time.Second {
			return true
		}
	}
	return false
}

// enterEvents are the ids of what is to be told, from the log itself.
func enterEvents(t *testing.T, dir string) map[string]bool {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	keyring, err := tracker.OpenKeyring(filepath.Join(dir, "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	defer keyring.Close()
	fleet, err := tracker.Open(store, tracker.Options{Settings: geofence.Settings{Raw: true}, Keyring: keyring})
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for after := uint64(0); ; {
		events, next, err := fleet.Events(after, 1000, tracker.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if next == after {
			return ids
		}
		for _, e := range events {
			if e.Type == "geofence.enter" {
				ids[e.ID] = true
			}
		}
		after = next
	}
}
