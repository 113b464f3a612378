package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	s := startSite(t)
	for _, a := range []answer{
		s.send(http.MethodGet, "/"),
		s.send(http.MethodGet, "/nothing"),
		s.send(http.MethodGet, "/healthz"),
		s.send(http.MethodGet, "/signin/x"),
		s.send(http.MethodGet, "/api/v1/devices"),
		s.send(http.MethodPost, "/api/v1/devices"),
		s.api(http.StatusOK, http.MethodGet, "/api/v1/devices"),
		s.api(http.StatusOK, http.MethodGet, "/metrics"),
	} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; " +
				"img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"X-Content-Type-Options":     "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Strict-Transport-Security":  "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("status %d: %s is %q", a.status, name, got)
			}
		}
		if got := a.header.Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("status %d: Referrer-Policy %q", a.status, got)
		}
	}
}

func TestTilesAreAllowedByThePolicy(t *testing.T) {
	for template, origin := range map[string]string{
		"https://tiles.example/{z}/{x}/{y}.png":     "https://tiles.example",
		"https://tiles.example:8443/style.json?k=1": "https://tiles.example:8443",
		"https://{s}.tiles.example/{z}/{x}/{y}.png": "https://*.tiles.example",
		"http://[2001:db8::1]:8080/{z}/{x}/{y}.mvt": "http://[2001:db8::1]:8080",
		"/tiles/{z}/{x}/{y}.png":                    "",
	} {
		tiles := &Tiles{Kind: "raster", URL: template, Attribution: "somebody"}
		s := startSite(t, func(o *Options) { o.Map.Tiles = tiles })
		policy := s.send(http.MethodGet, "/").header.Get("Content-Security-Policy")
		for _, directive := range []string{"img-src 'self' data:", "connect-src 'self'"} {
			if want := strings.TrimSpace(directive+" "+origin) + ";"; !strings.Contains(policy, want) {
				t.Errorf("%s: %q is not in %q", template, want, policy)
			}
		}
		var c configJSON
		s.api(http.StatusOK, http.MethodGet, "/api/v1/config").decode(&c)
		if c.Tiles == nil || *c.Tiles != *tiles {
			t.Errorf("config %+v", c)
		}
	}
}

func TestBadTiles(t *testing.T) {
	for _, tiles := range []Tiles{
		{Kind: "jpeg", URL: "https://tiles.example/"},
		{Kind: "raster", URL: ""},
		{Kind: "raster", URL: "//tiles.example/{z}"},
		{Kind: "raster", URL: "ftp://tiles.example/"},
		{Kind: "raster", URL: "javascript:alert(1)"},
		{Kind: "raster", URL: "https:///x"},
		{Kind: "raster", URL: "https://tiles.example;script-src *"},
		{Kind: "raster", URL: "https://tiles.example *"},
		{Kind: "raster", URL: "https://user@tiles.example/"},
		{Kind: "raster", URL: "https://{s}./"},
	} {
		if origin, err := tiles.origin(); err == nil {
			t.Errorf("%+v: accepted as %q", tiles, origin)
		}
	}
}

func TestConfigAndBasemap(t *testing.T) {
	bare := startSite(t)
	sameJSON(t, string(bare.api(http.StatusOK, http.MethodGet, "/api/v1/config").body), `{"tiles":null,"town":false,"version":"test"}`)
	bare.api(http.StatusNotFound, http.MethodGet, "/api/v1/basemap")

	town := `{"type":"FeatureCollection","features":[` + strings.Repeat(`{"type":"Feature","geometry":null,"properties":{"class":"park"}},`, 99) +
		`{"type":"Feature","geometry":null,"properties":{"class":"park"}}]}`
	s := startSite(t, func(o *Options) { o.Map.Town = []byte(town) })
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/config").body), `{"tiles":null,"town":true,"version":"test"}`)
	whole := s.api(http.StatusOK, http.MethodGet, "/api/v1/basemap")
	small := s.api(http.StatusOK, http.MethodGet, "/api/v1/basemap", header("Accept-Encoding", "gzip"))
	if string(whole.body) != town || string(plain(t, small)) != town || len(small.body) > len(town)/2 {
		t.Errorf("%d and %d bytes for %d", len(whole.body), len(small.body), len(town))
	}
	if whole.header.Get("ETag") == small.header.Get("ETag") {
		t.Error("both have one ETag")
	}
	s.api(http.StatusNotModified, http.MethodGet, "/api/v1/basemap", header("If-None-Match", whole.header.Get("ETag")))
}

func TestFilesOfThePage(t *testing.T) {
	s := startSite(t)
	index := s.send(http.MethodGet, "/")
	if got := index.header.Get("Cache-Control"); index.status != http.StatusOK || got != "no-cache" {
		t.Errorf("index: %d, Cache-Control %q", index.status, got)
	}
	if got := index.header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("index: Content-Type %q", got)
	}
	again := s.send(http.MethodGet, "/", header("If-None-Match", index.header.Get("ETag")))
	if again.status != http.StatusNotModified || len(again.body) != 0 {
		t.Errorf("index again: %d", again.status)
	}
	if head := s.send(http.MethodHead, "/"); head.status != http.StatusOK || len(head.body) != 0 {
		t.Errorf("HEAD: %d", head.status)
	}
	for _, path := range []string{"/nothing", "/assets/", "/assets/none.js", "/ui/dist/index.html", "/..%2fgo.mod", "/index.html/"} {
		if a := s.send(http.MethodGet, path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if a := s.send(method, "/", withToken); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") == "" {
			t.Errorf("%s /: %d", method, a.status)
		}
	}
}

func TestCachingOfFiles(t *testing.T) {
	for address, want := range map[string]string{
		"/index.html": revalidate, "/favicon.svg": revalidate, "/assetsx.js": revalidate,
		"/assets/index-BX1y2.js": immutable, "/assets/a/b.css": immutable,
	} {
		if got := fileCaching(address); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
	for name, want := range map[string]string{
		"a.js": "text/javascript; charset=utf-8", "a.mjs": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8",
		"a.svg": "image/svg+xml", "a.woff2": "font/woff2", "a.geojson": "application/geo+json", "a.unknown-kind": "application/octet-stream",
	} {
		if got := fileType(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWrongMethodsAndAddresses(t *testing.T) {
	s := startSite(t)
	for request, allow := range map[string]string{
		"PATCH /api/v1/devices":    "GET, POST",
		"PUT /api/v1/devices/x":    "GET, DELETE",
		"POST /api/v1/fences/x":    "GET, PUT, DELETE",
		"POST /api/v1/live":        "GET",
		"GET /api/v1/signin-links": "POST",
		"POST /healthz":            "GET",
		"POST /signin/x":           "GET",
		"OPTIONS /api/v1/devices":  "GET, POST",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := s.api(http.StatusMethodNotAllowed, method, path)
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", request, got, allow)
		}
	}
	for _, path := range []string{"/api/", "/api/v1", "/api/v2/devices", "/api/v1/devices/", "/api/v1/devices/x/y"} {
		if p := s.api(http.StatusNotFound, http.MethodGet, path).problem(); !strings.Contains(p.Detail, "openapi.yaml") {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

func TestAnswersOfTheAPIAreNotStored(t *testing.T) {
	s := startSite(t)
	for _, a := range []answer{
		s.api(http.StatusOK, http.MethodGet, "/api/v1/devices"),
		s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/x"),
		s.send(http.MethodGet, "/api/v1/devices"),
		s.send(http.MethodGet, s.signinPath()),
	} {
		if got := a.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("status %d: Cache-Control %q", a.status, got)
		}
	}
}

func TestDescriptionIsServed(t *testing.T) {
	s := startSite(t)
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/openapi.yaml")
	if string(a.body) != string(description) || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d bytes of %s", len(a.body), a.header.Get("Content-Type"))
	}
}

func TestQuarantine(t *testing.T) {
	s := startSite(t)
	s.device("v")
	for _, payload := range []string{`{"_type":`, "\xff\x00", ""} {
		done := make(chan error, 1)
		err := s.fleet.Quarantine(t.Context(), tracker.Refused{
			Device: "v", Received: time.Now(), Door: "owntracks", Reason: "bad_json", Detail: "not JSON", Payload: []byte(payload),
		}, func(err error) { done <- err })
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	var got struct{ Quarantine []refusalJSON }
	s.api(http.StatusOK, http.MethodGet, "/api/v1/quarantine").decode(&got)
	if len(got.Quarantine) != 3 {
		t.Fatalf("%d refusals", len(got.Quarantine))
	}
	newest, binary, text := got.Quarantine[0], got.Quarantine[1], got.Quarantine[2]
	if newest.Payload != "" || newest.Encoding != "" {
		t.Errorf("empty: %+v", newest)
	}
	if binary.Payload != "/wA=" || binary.Encoding != "base64" {
		t.Errorf("binary: %+v", binary)
	}
	if text.Payload != `{"_type":` || text.Encoding != "" || text.Device != "v" || text.Reason != "bad_json" {
		t.Errorf("text: %+v", text)
	}
}

func TestProblemsHaveTheStandardMembers(t *testing.T) {
	s := startSite(t)
	a := s.api(http.StatusNotFound, http.MethodGet, "/api/v1/devices/x")
	var p map[string]any
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatal(err)
	}
	if p["type"] != "about:blank" || p["title"] != "Not Found" || p["status"] != 404.0 || p["detail"] == "" {
		t.Errorf("problem %v", p)
	}
}

func TestEveryFileOfThePageIsServed(t *testing.T) {
	s := startSite(t)
	if len(s.server.files) < 2 {
		t.Fatalf("%d files", len(s.server.files))
	}
	for address, file := range s.server.files {
		whole := s.send(http.MethodGet, address)
		small := s.send(http.MethodGet, address, header("Accept-Encoding", "gzip"))
		if whole.status != http.StatusOK || !bytes.Equal(whole.body, file.content) || !bytes.Equal(plain(t, small), file.content) {
			t.Errorf("%s: %d, %d and %d bytes, want %d", address, whole.status, len(whole.body), len(small.body), len(file.content))
		}
		if len(whole.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s sets a cookie", address)
		}
		wantCaching := "no-cache"
		if strings.HasPrefix(address, "/assets/") {
			wantCaching = "public, max-age=31536000, immutable"
		}
		if got := whole.header.Get("Cache-Control"); got != wantCaching {
			t.Errorf("%s: Cache-Control %q", address, got)
		}
	}
}
