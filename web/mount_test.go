package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A mounted route is open to anybody, behind the limits of every other.
func TestMount(t *testing.T) {
	var got string
	s := startSite(t, func(o *Options) {
		o.Limits.AnonymousRequests = 1
		o.Mounts = []Mount{{Pattern: "POST /hooks/test", Body: 10, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var tooLong *http.MaxBytesError
			if errors.As(err, &tooLong) {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			got = string(body)
		})}}
	})
	post := func(body string) int {
		t.Helper()
		answer, err := s.client().Post(s.base+"/hooks/test", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error("the answer lacks the headers of every other")
		}
		return answer.StatusCode
	}
	if status := post("0123456789"); status != http.StatusOK || got != "0123456789" {
		t.Errorf("status %d, the handler read %q", status, got)
	}
	if status := post("0123456789a"); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body: status %d", status)
	}
	limited := 0
	for range 20 {
		if post("") == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 10 {
		t.Errorf("%d of 20 requests at once were refused, want nearly all", limited)
	}
	if metrics := s.api(http.StatusOK, http.MethodGet, "/metrics"); !strings.Contains(string(metrics.body), `route="POST /hooks/test"`) {
		t.Error("the route is not in the metrics")
	}
}
