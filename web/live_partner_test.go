package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A partner hears of their own deliveries and of nothing else.
func TestPartnersLiveFeed(t *testing.T) {
	s := startSite(t)
	_, anna := s.partner("anna")
	_, ben := s.partner("ben")
	s.device("van-1")
	s.report("van-1", fixAt(time.Now().UTC(), 8, 50))
	order := func(token string) string {
		made := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries", as(token), withJSON(least)).delivery()
		return fmt.Sprintf("%q", made.ID)
	}
	first := order(anna)
	f, refusal := s.dial("?after=0", http.Header{"Authorization": {"Bearer " + anna}})
	if f == nil {
		t.Fatalf("refused: %d %s", refusal.status, refusal.body)
	}
	order(ben)
	order(testToken)
	s.fence("depot", 8, 50, 100)
	s.report("van-1", fixAt(time.Now().UTC(), 8.001, 50))
	last := order(anna)
	var frames []string
	for {
		if err := f.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, frame, err := f.conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, string(frame))
		if strings.Contains(string(frame), last) {
			break
		}
	}
	// The hello frame was read when the connection was made.
	if len(frames) != 2 || !strings.Contains(frames[0], first) {
		t.Errorf("a partner is sent %s", strings.Join(frames, "\n"))
	}
}
