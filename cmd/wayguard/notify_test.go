package main

import (
	"net/http"
	"testing"
	"time"
)

// written is what the test reads of one.
type written struct {
	ID       string   `json:"id"`
	State    string   `json:"state"`
	Channel  string   `json:"channel"`
	Kind     string   `json:"kind"`
	Delivery string   `json:"delivery"`
	Events   []string `json:"events"`
	Receipt  string   `json:"receipt"`
}

func (p *process) messages(t *testing.T) []written {
	t.Helper()
	var page struct{ Messages []written }
	p.call(t, http.MethodGet, "/api/v1/messages?limit=500", nil, http.StatusOK, &page)
	return page.Messages
}

// orderOne makes a delivery whose customer can be written to.
func (p *process) orderOne(t *testing.T) {
	t.Helper()
	p.call(t, http.MethodPost, "/api/v1/deliveries", map[string]any{
		"customer": map[string]any{"name": "A customer", "email": "customer@example.com"}, "address": "Lane 1",
		"point": map[string]any{"type": "Point", "coordinates": []float64{15.6, 48.4}},
	}, http.StatusCreated, nil)
}

// TestMessagesKill kills the server right after it has taken orders. Each
// customer is written to, and none twice.
func TestMessagesKill(t *testing.T) {
	const kills, orders = 4, 5
	dir := t.TempDir()
	p := startServe(t, dir)
	for i := range kills {
		for range orders {
			p.orderOne(t)
		}
		time.Sleep(time.Duration(20*i) * time.Millisecond)
		p.kill()
		p = startServe(t, dir)
	}
	eventually(t, "a message for each order", func() bool { return len(p.messages(t)) == kills*orders })
	time.Sleep(300 * time.Millisecond)
	deliveries := make(map[string]bool)
	for _, m := range p.messages(t) {
		deliveries[m.Delivery] = true
		if m.Kind != "ordered" || m.Channel != "email" || len(m.Events) != 1 {
			t.Errorf("message %+v", m)
		}
	}
	if len(deliveries) != kills*orders {
		t.Errorf("messages about %d deliveries, want %d", len(deliveries), kills*orders)
	}
}

func TestRatesThatCannotBe(t *testing.T) {
	if _, err := (messaging{SMSRate: -1}).limits(); err == nil {
		t.Error("a negative rate is taken")
	}
}
