package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestWarning(t *testing.T) {
	const text = `Lab "mode" \ </style>`
	s := startSite(t, func(o *Options) { o.Warning = text })
	for _, path := range []string{"/", "/index.html"} {
		if a := s.send(http.MethodGet, path); !strings.Contains(string(a.body), `href="/warning.css"`) {
			t.Errorf("%s shows no warning: %s", path, a.body)
		}
	}
	sheet := s.send(http.MethodGet, "/warning.css")
	if want := `content: "Lab \"mode\" \\ \3c /style>";`; !strings.Contains(string(sheet.body), want) {
		t.Errorf("the style sheet is %s, want %s in it", sheet.body, want)
	}
	if a := s.send(http.MethodGet, "/healthz"); a.status != http.StatusOK || string(a.body) != "ok\nwarning: "+text+"\n" {
		t.Errorf("healthz: %d %q", a.status, a.body)
	}
	if a := startSite(t).send(http.MethodGet, "/healthz"); string(a.body) != "ok\n" {
		t.Errorf("healthz without a warning: %q", a.body)
	}
}
