package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// option changes a request before it is sent.
type option func(*http.Request)

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func withToken(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testToken) }

func withBody(contentType, body string) option {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", contentType)
		r.Body = io.NopCloser(strings.NewReader(body))
		r.ContentLength = int64(len(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
	}
}

func withJSON(body string) option { return withBody("application/json", body) }

// answer is a whole response.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%v in %.300s", err, a.body)
	}
}

// problem decodes problem details.
func (a answer) problem() (p problemJSON) {
	a.t.Helper()
	a.decode(&p)
	return p
}

// send sends a request and checks the answer against openapi.yaml.
func (s *testSite) send(method, path string, options ...option) answer {
	s.t.Helper()
	r, a := s.sendUnchecked(method, path, options...)
	s.spec.check(s.t, r, a)
	return a
}

// sendUnchecked is for answers that no route of ours gives.
func (s *testSite) sendUnchecked(method, path string, options ...option) (*http.Request, answer) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range options {
		o(r)
	}
	resp, err := s.client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r, answer{t: s.t, status: resp.StatusCode, header: resp.Header, body: body}
}

func (s *testSite) client() *http.Client {
	return &http.Client{
		Transport:     s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// api sends with the admin token and wants a status.
func (s *testSite) api(status int, method, path string, options ...option) answer {
	s.t.Helper()
	a := s.send(method, path, append([]option{withToken}, options...)...)
	if a.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %.300s", method, path, a.status, status, a.body)
	}
	return a
}
