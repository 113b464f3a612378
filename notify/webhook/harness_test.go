package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// office is a real fleet with its webhooks.
type office struct {
	fleet *tracker.Fleet
	hooks *notify.Hooks
	keys  *tracker.Keyring
}

func openOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keys, err := tracker.OpenKeyring(filepath.Join(dir, "keyring"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	fleet, err := tracker.Open(store, tracker.Options{Keyring: keys, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, fleet.Run)
	hooks, err := notify.OpenHooks(fleet, keys)
	if err != nil {
		t.Fatal(err)
	}
	return &office{fleet: fleet, hooks: hooks, keys: keys}
}

// runUntilEnd runs a part until the test ends.
func runUntilEnd(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ends with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// post starts a sender, which may post to this machine if local says so.
func (o *office) post(t *testing.T, local bool) (stop func()) {
	t.Helper()
	opts := Options{Hooks: o.hooks, Fleet: o.fleet, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
	if local {
		opts.Allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return runUntilEnd(t, s.Run)
}

func (o *office) hook(t *testing.T, partner tracker.PartnerID, url string, types ...string) notify.Hook {
	t.Helper()
	h, err := o.hooks.Create(context.Background(), partner, notify.HookEdit{URL: &url, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// order makes n deliveries, each of which is an event.
func (o *office) order(t *testing.T, n int, partner tracker.PartnerID, test bool) []tracker.DeliveryID {
	t.Helper()
	orders := make([]tracker.NewDelivery, n)
	for i := range orders {
		orders[i].Contact.Name = "A customer"
		orders[i].Order.Address, orders[i].Order.Point = fmt.Sprintf("Lane %d", i+1), orb.Point{15.6, 48.4}
		orders[i].Order.Partner, orders[i].Order.Test = partner, test
	}
	made, _, err := o.fleet.CreateDeliveries(context.Background(), tracker.Once{}, orders...)
	if err != nil {
		t.Fatal(err)
	}
	var ids []tracker.DeliveryID
	for _, d := range made {
		ids = append(ids, d.ID)
	}
	return ids
}

// inbox is an HTTP server that keeps what is posted to it.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	posts  []received
	answer func(r received) int
}

type received struct {
	id, body string
	header   http.Header
}

func openInbox(t *testing.T) *inbox {
	t.Helper()
	in := new(inbox)
	in.Server = httptest.NewServer(in)
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	post := received{id: r.Header.Get("webhook-id"), body: string(body), header: r.Header.Clone()}
	in.mu.Lock()
	status := http.StatusNoContent
	if in.answer != nil {
		status = in.answer(post)
	}
	if status == http.StatusNoContent {
		in.posts = append(in.posts, post)
	}
	in.mu.Unlock()
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(status)
}

func (in *inbox) answers(answer func(received) int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answer = answer
}

func (in *inbox) taken() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]received(nil), in.posts...)
}

// await waits until n posts were taken.
func (in *inbox) await(t *testing.T, n int) []received {
	t.Helper()
	err := eventually(func() bool { return len(in.taken()) >= n })
	taken := in.taken()
	if err != nil || len(taken) != n {
		t.Fatalf("%d posts were taken, want %d", len(taken), n)
	}
	return taken
}

func eventually(met func() bool) error {
	for deadline := time.Now().Add(15 * time.Second); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("not within 15 s")
		}
	}
	return nil
}
