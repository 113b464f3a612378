package notify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// long reports whether tests are to take all the time that they need.
func long() bool { return os.Getenv("WAYGUARD_LONG") != "" }

// fullDisk is a real store whose disk can be full.
type fullDisk struct {
	*boltstore.Store
	full atomic.Bool
}

func (s *fullDisk) Commit(t *tracker.Transaction) error {
	if s.full.Load() {
		return fmt.Errorf("commit: %w", syscall.ENOSPC)
	}
	return s.Store.Commit(t)
}

// house is a fleet on a real store with a notifier.
type house struct {
	*Notifier
	t     testing.TB
	dir   string
	fleet *tracker.Fleet
	disk  *fullDisk
	log   *logBuffer
	// registry has the notifier's metrics.
	registry *prometheus.Registry
	stop     func()
	// stopNotifier leaves the fleet running.
	stopNotifier func()
	keys         uint64
	// last is when the visits of a device end.
	last map[string]time.Time
}

// town is a judge that has an opinion on the events of the tests: each
// geofence.enter concerns the device, which is the recipient.
type town struct {
	channels []Channel
	hold     time.Duration
	lasts    time.Duration // an hour unless given
	bundle   string
	// audience is dispatch unless given.
	audience Audience
	mu       sync.Mutex
	untrue   map[string]string
	away     map[Channel]string
}

func (j *town) Notices(e *tracker.Event, _ time.Time) ([]Notice, []Skip) {
	if e.Type != "geofence.enter" {
		return nil, nil
	}
	lasts := j.lasts
	if lasts == 0 {
		lasts = time.Hour
	}
	to := Recipient{ToDispatch, string(e.Device)}
	if j.audience != "" {
		to.Audience = j.audience
	}
	return []Notice{{
		Kind: "enter", To: to, Channels: j.channels, Event: e.ID, Seq: e.Seq, Time: e.Time, Device: e.Device,
		Due: e.KnownAt.Add(j.hold), Expires: e.KnownAt.Add(j.hold + lasts), Bundle: j.bundle,
	}}, nil
}

func (j *town) Holds(n *Notice, _ time.Time) (string, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	why, bad := j.untrue[n.Event]
	return why, !bad
}

func (j *town) deny(event, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.untrue == nil {
		j.untrue = make(map[string]string)
	}
	j.untrue[event] = why
}

func (j *town) Address(to Recipient, c Channel) (Address, string, bool) {
	if why, away := j.away[c]; away {
		return Address{}, why, false
	}
	return Address{Address: addressOf(to, c), Name: "Name of " + to.ID, Language: "en", Zone: time.UTC}, "", true
}

// addressOf is what must be found nowhere in the open.
func addressOf(to Recipient, c Channel) string {
	return "secret-" + to.ID + "@" + string(c) + ".example"
}

func (j *town) Compose(notices []Notice, a Address, c Channel) (Content, error) {
	var events []string
	for _, n := range notices {
		events = append(events, n.Event)
	}
	text := a.Name + ": " + strings.Join(events, " ")
	return Content{Subject: "subject", Text: text, HTML: "<p>" + text, Link: "https://fleet.example/t/secret-token"}, nil
}

// sink is a carrier that keeps what it takes.
type sink struct {
	channel Channel
	// answer is nil for one that takes everything.
	answer func(ctx context.Context, m *Message, attempt int) error
	mu     sync.Mutex
	got    []Message
	at     []time.Time
	tries  map[string]int
}

func (s *sink) Channel() Channel { return s.channel }

func (s *sink) Send(ctx context.Context, m *Message) (string, error) {
	s.mu.Lock()
	if s.tries == nil {
		s.tries = make(map[string]int)
	}
	s.tries[m.ID]++
	attempt := s.tries[m.ID]
	s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(ctx, m, attempt); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.at = append(s.got, *m), append(s.at, time.Now())
	return "receipt-" + m.ID, nil
}

func (s *sink) messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fast has no limits that a test would notice.
var fast = map[Channel]Limit{Email: {16, 1e6}, SMS: {16, 1e6}, Push: {16, 1e6}}

// startHouse opens the data in dir and runs until the test ends or stop.
func startHouse(t testing.TB, dir string, j judge, carriers ...Carrier) *house {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := tracker.OpenKeyring(filepath.Join(dir, "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: dir, disk: &fullDisk{Store: store}, log: new(logBuffer), last: make(map[string]time.Time), registry: prometheus.NewRegistry()}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.fleet, err = tracker.Open(h.disk, tracker.Options{Settings: geofence.Settings{Raw: true}, Keyring: keyring, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	suppressed, err := OpenSuppressed(h.fleet)
	if err != nil {
		t.Fatal(err)
	}
	h.Notifier, err = Open(Options{Fleet: h.fleet, Keys: keyring, Suppressed: suppressed, Judge: j, Carriers: carriers, Limits: fast, Metrics: h.registry, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	stopFleet := runUntil(t, "fleet", h.fleet.Run)
	h.stopNotifier = runUntil(t, "notifier", h.Notifier.Run)
	h.stop = sync.OnceFunc(func() {
		h.stopNotifier()
		stopFleet()
		if err := store.Close(); err != nil {
			t.Error("close store:", err)
		}
		_ = keyring.Close()
	})
	t.Cleanup(h.stop)
	h.keys = uint64(time.Now().UnixNano())
	return h
}

func runUntil(t testing.TB, name string, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// recipients registers devices and draws the fence that they will enter.
func (h *house) recipients(ids ...string) {
	h.t.Helper()
	fence := tracker.FenceRecord{Fence: geofence.Fence{ID: "depot", Center: orb.Point{8, 50}, RadiusMeters: 100}}
	if err := h.fleet.PutFences(h.t.Context(), fence); err != nil {
		h.t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := h.fleet.CreateDevice(h.t.Context(), tracker.Device{ID: tracker.DeviceID(id)}); err != nil {
			h.t.Fatal(err)
		}
	}
}

// enter has a device go out and in so many times.
func (h *house) enter(id string, times int) error {
	return h.fleet.Accept(context.Background(), h.visits(id, times))
}

// visits are two events each, 2 ms apart, behind those before.
func (h *house) visits(id string, times int) tracker.Report {
	h.keys++
	r := tracker.Report{Device: tracker.DeviceID(id), Received: time.Now().UTC(), Key: tracker.ReportKey(h.keys)}
	start := later(r.Received.Add(-time.Duration(2*times)*time.Millisecond), h.last[id])
	h.last[id] = start.Add(time.Duration(2*times) * time.Millisecond)
	for i := range 2 * times {
		at := start.Add(time.Duration(i) * time.Millisecond)
		r.Fixes = append(r.Fixes, geofence.Fix{Time: geofence.MillisOf(at), Point: orb.Point{8.1 - float64(i%2)/10, 50}})
	}
	return r
}

func (h *house) mustEnter(id string, times int) {
	h.t.Helper()
	if err := h.enter(id, times); err != nil {
		h.t.Fatal(err)
	}
}

// until waits for something, for at most so long.
func until(t testing.TB, what string, most time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(most); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", most, what)
		}
		time.Sleep(max(5*time.Millisecond, most/2000))
	}
}

// entries are all messages, the newest first.
func (h *house) entries(f Filter) (all []*Entry) {
	h.t.Helper()
	for {
		page, next, err := h.List(f, 100)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, page...)
		if next == "" {
			return all
		}
		f.Before = next
	}
}

// settled waits until so many messages are over, and returns them.
func (h *house) settled(most time.Duration, count int) (over []*Entry) {
	h.t.Helper()
	until(h.t, fmt.Sprintf("%d messages to be over", count), most, func() bool {
		over = slices.DeleteFunc(h.entries(Filter{}), func(e *Entry) bool { return !e.State.Over() })
		return len(over) >= count
	})
	return over
}

func trackerRecord(key string) tracker.Record { return tracker.Record{Key: key, Value: []byte("x")} }
