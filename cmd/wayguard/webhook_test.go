package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// postedIDs is an address that events are posted to; it counts each.
type postedIDs struct {
	*httptest.Server
	mu    sync.Mutex
	times map[string]int
}

func openPosted(t *testing.T) *postedIDs {
	t.Helper()
	p := &postedIDs{times: make(map[string]int)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.times[r.Header.Get("webhook-id")]++
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(p.Close)
	return p
}

// missing counts the ids that were not posted, and how often others came again.
func (p *postedIDs) missing(ids []string) (missing, again int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if p.times[id] == 0 {
			missing++
		}
		again += max(p.times[id]-1, 0)
	}
	return missing, again
}

// orders makes n deliveries in one request.
func (p *process) orders(t *testing.T, n int) {
	t.Helper()
	var list []map[string]any
	for i := range n {
		list = append(list, map[string]any{
			"customer": map[string]any{"name": "A customer"}, "address": fmt.Sprintf("Lane %d", i+1),
			"point": map[string]any{"type": "Point", "coordinates": []float64{15.6, 48.4}},
		})
	}
	p.call(t, http.MethodPost, "/api/v1/deliveries", map[string]any{"deliveries": list}, http.StatusOK, nil)
}

// TestWebhooksKill kills the server while it posts. Every event arrives, and
// each kill repeats no more than the round that it broke off.
func TestWebhooksKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the server again and again")
	}
	const kills, batch, round = 5, 300, 32
	in := openPosted(t)
	dir := t.TempDir()
	allow := []string{"--webhook-allow", "127.0.0.0/8"}
	p := startServe(t, dir, allow...)
	p.call(t, http.MethodPost, "/api/v1/webhooks", map[string]any{"url": in.URL}, http.StatusCreated, nil)
	for i := range kills {
		p.orders(t, batch)
		time.Sleep(time.Duration(10+30*i) * time.Millisecond)
		p.kill()
		p = startServe(t, dir, allow...)
	}
	var ids []string
	for _, e := range p.events(t) {
		ids = append(ids, e.ID)
	}
	if len(ids) != kills*batch {
		t.Fatalf("the log holds %d events, want %d", len(ids), kills*batch)
	}
	eventually(t, "every event is posted", func() bool { missing, _ := in.missing(ids); return missing == 0 })
	_, again := in.missing(ids)
	t.Logf("%d events over %d kills: %d posted again", len(ids), kills, again)
	if again > kills*round {
		t.Errorf("%d events were posted again, at most %d may be", again, kills*round)
	}
}
