package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// answersOf are the problems that a route of the API can answer with by what it
// is: who may, what it takes, what it changes.
func answersOf(rt route, method, path string, op *openapi3.Operation) (statuses []int) {
	changes := method != http.MethodGet
	body := op.RequestBody != nil
	for status, can := range map[int]bool{
		http.StatusBadRequest:            rt.strict(),
		http.StatusUnauthorized:          rt.role != "",
		http.StatusForbidden:             rt.role != "" && (changes || !rt.partners || ranks[rt.role] > ranks[driver]),
		http.StatusNotFound:              strings.Contains(path, "{"),
		http.StatusConflict:              once(method, path),
		http.StatusPreconditionFailed:    changes,
		http.StatusRequestEntityTooLarge: body || once(method, path),
		http.StatusUnsupportedMediaType:  body,
		http.StatusUnprocessableEntity:   body || once(method, path),
		http.StatusTooManyRequests:       !rt.always,
		http.StatusServiceUnavailable:    changes,
	} {
		if can {
			statuses = append(statuses, status)
		}
	}
	slices.Sort(statuses)
	return statuses
}

// once tells whether an operation honours an Idempotency-Key: all that make or
// move something.
func once(method, path string) bool {
	return method == http.MethodPost && path != "/api/v1/notify/dry-run"
}

func hasParameter(op *openapi3.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == name })
}

// eachOperation are the routes of the API with their descriptions. Those that are
// for everybody, pages among them, describe themselves.
func (s *testSite) eachOperation(do func(rt route, method, path string, op *openapi3.Operation)) {
	s.t.Helper()
	n := 0
	for _, rt := range s.server.routes() {
		method, path, ok := strings.Cut(rt.pattern, " ")
		if ok && rt.strict() && rt.role != "" {
			do(rt, method, path, s.spec.doc.Paths.Value(path).GetOperation(method))
			n++
		}
	}
	if n < 80 {
		s.t.Errorf("only %d operations", n)
	}
}

func TestAnswersThatCanBeAreDescribed(t *testing.T) {
	s := startSite(t)
	s.eachOperation(func(rt route, method, path string, op *openapi3.Operation) {
		for _, status := range answersOf(rt, method, path, op) {
			if op.Responses.Value(strconv.Itoa(status)) == nil {
				t.Errorf("%s: %d is not described", rt.pattern, status)
			}
		}
		if got, want := hasParameter(op, "Idempotency-Key"), once(method, path); got != want {
			t.Errorf("%s: Idempotency-Key is described %v, want %v", rt.pattern, got, want)
		}
	})
}

// Each body has an example of all that a request needs.
func TestTheLeastRequestsAreShown(t *testing.T) {
	s := startSite(t)
	s.eachOperation(func(rt route, method, path string, op *openapi3.Operation) {
		if op.RequestBody == nil {
			return
		}
		for kind, media := range op.RequestBody.Value.Content {
			if media.Schema == nil || !strings.Contains(kind, "json") {
				continue
			}
			if media.Example == nil && len(media.Examples) == 0 { // which are validated with the file
				t.Errorf("%s: no example of %s", rt.pattern, kind)
			}
		}
	})
}
