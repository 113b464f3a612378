package main

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestRouterFlags(t *testing.T) {
	for _, c := range []struct{ kind, base, profile, want string }{
		{"", "", "", ""},
		{"osrm", "http://127.0.0.1:5000", "", "osrm"},
		{"valhalla", "https://routes.example/v", "truck", "valhalla"},
		{"osrm", "", "", "--router and --router-url go together"},
		{"", "http://127.0.0.1:5000", "", "--router and --router-url go together"},
		{"osrm", "ftp://127.0.0.1", "", "http://HOST"},
		{"osrm", "http://127.0.0.1", "a/b", "profile"},
	} {
		p := planning{Router: c.kind, RouterProfile: c.profile}
		if c.base != "" {
			var err error
			if p.RouterURL, err = url.Parse(c.base); err != nil {
				t.Fatal(err)
			}
		}
		r, err := p.open()
		var input *inputError
		switch {
		case err != nil:
			if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) || c.want == "" {
				t.Errorf("%v: %v", c, err)
			}
		case r == nil && c.want != "", r != nil && string(r.Source()) != c.want:
			t.Errorf("%v: %v, want %q", c, r, c.want)
		}
	}
}
