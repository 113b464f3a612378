package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

func TestMain(m *testing.M) {
	openapi3filter.RegisterBodyDecoder(geoJSON, openapi3filter.JSONBodyDecoder)
	os.Exit(m.Run())
}

// spec is openapi.yaml, ready to check answers against.
type spec struct {
	doc    *openapi3.T
	router routers.Router
}

func loadSpec(t testing.TB) *spec {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &spec{doc, router}
}

// check fails t where an answer is not what the description says: an unknown
// route, status, header or body.
func (s *spec) check(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	route, parameters, err := s.router.FindRoute(requestForRoute(r))
	if err != nil {
		s.checkUndescribed(t, r, a)
		return
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, RejectWhenRequestBodyNotSpecified: true},
	}
	s.checkRequest(t, input, a)
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 a.status,
		Header:                 a.header,
		Body:                   io.NopCloser(bytes.NewReader(plain(t, a))),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), output); err != nil {
		t.Errorf("%s %s answers %d, not as described: %v", r.Method, r.URL.Path, a.status, err)
	}
}

// requestForRoute has HEAD looked up as GET, which answers it.
func requestForRoute(r *http.Request) *http.Request {
	if r.Method != http.MethodHead {
		return r
	}
	get := r.Clone(context.Background())
	get.Method = http.MethodGet
	return get
}

// checkRequest wants requests that were granted to be as described too.
func (s *spec) checkRequest(t testing.TB, input *openapi3filter.RequestValidationInput, a answer) {
	t.Helper()
	r := input.Request
	if a.status >= 300 {
		return
	}
	if r.GetBody != nil {
		r.Body, _ = r.GetBody()
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		t.Errorf("%s %s was granted but is not described: %v", r.Method, r.URL, err)
	}
}

// checkUndescribed allows files of the page, and problems about addresses and
// methods that do not exist.
func (s *spec) checkUndescribed(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	isFile := !strings.HasPrefix(r.URL.Path, "/api/") && slices.Contains([]int{200, 206, 304}, a.status)
	isRedirect := a.status == http.StatusMovedPermanently || a.status == http.StatusTemporaryRedirect
	if isFile || isRedirect || r.Method == http.MethodHead {
		return
	}
	if !slices.Contains([]int{401, 404, 405, 429}, a.status) {
		t.Errorf("%s %s answers %d, but is not described", r.Method, r.URL.Path, a.status)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: Content-Type %q", r.Method, r.URL.Path, got)
	}
	s.checkValue(t, "Problem", a.body)
}

// checkValue wants JSON to be as the schema of that name says.
func (s *spec) checkValue(t testing.TB, schema string, value []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		t.Errorf("%v in %.300s", err, value)
		return
	}
	ref := s.doc.Components.Schemas[schema]
	if ref == nil {
		t.Fatalf("no schema %s", schema)
	}
	if err := s.doc.ValidateSchemaJSON(ref.Value, v); err != nil {
		t.Errorf("not a %s: %v in %.300s", schema, err, value)
	}
}

func TestEveryRouteIsDescribedAndEveryDescriptionServed(t *testing.T) {
	s := startSite(t)
	var served, described []string
	for _, rt := range s.server.routes() {
		if rt.pattern != apiRest && rt.pattern != siteRest {
			served = append(served, rt.pattern)
		}
	}
	for path, item := range s.spec.doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served:\n%s\ndescribed:\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

// The checks above must be able to fail.
func TestSpecRefusesWhatItDoesNotDescribe(t *testing.T) {
	s := loadSpec(t)
	r, err := http.NewRequest(http.MethodGet, "http://localhost/api/v1/session", nil)
	if err != nil {
		t.Fatal(err)
	}
	route, parameters, err := s.router.FindRoute(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		status int
		body   string
	}{
		"status":  {http.StatusTeapot, `{"role":"admin","expires":null}`},
		"member":  {http.StatusOK, `{"role":"admin","expires":null,"more":1}`},
		"missing": {http.StatusOK, `{"role":"admin"}`},
		"time":    {http.StatusOK, `{"role":"admin","expires":"tomorrow"}`},
	} {
		t.Run(name, func(t *testing.T) {
			err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route},
				Status:                 tt.status,
				Header:                 http.Header{"Content-Type": {"application/json"}},
				Body:                   io.NopCloser(strings.NewReader(tt.body)),
				Options:                &openapi3filter.Options{IncludeResponseStatus: true},
			})
			var refused *openapi3filter.ResponseError
			if !errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// plain is a's body without its compression.
func plain(t testing.TB, a answer) []byte {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	z, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParametersAreDescribed(t *testing.T) {
	s := startSite(t)
	for _, rt := range s.server.routes() {
		method, path, ok := strings.Cut(rt.pattern, " ")
		if !ok {
			continue
		}
		var described []string
		for _, p := range s.spec.doc.Paths.Value(path).GetOperation(method).Parameters {
			if p.Value.In == "query" {
				described = append(described, p.Value.Name)
			}
		}
		if !slices.Equal(described, rt.takes) {
			t.Errorf("%s takes %q, described are %q", rt.pattern, rt.takes, described)
		}
		if rt.strict() && method == http.MethodGet {
			s.api(http.StatusBadRequest, method, strings.ReplaceAll(path, "{id}", "x")+"?no_such_parameter=1")
		}
	}
}
