package web

import (
	"net/http"
	"testing"
)

func TestNegotiate(t *testing.T) {
	offers := []string{"application/geo+json", "application/gpx+xml", "text/csv"}
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{nil, "application/geo+json"},
		{[]string{""}, "application/geo+json"},
		{[]string{"*/*"}, "application/geo+json"},
		{[]string{"text/csv"}, "text/csv"},
		{[]string{"Text/CSV"}, "text/csv"},
		{[]string{"text/*"}, "text/csv"},
		{[]string{"application/*"}, "application/geo+json"},
		{[]string{"text/csv, application/gpx+xml"}, "application/gpx+xml"},
		{[]string{"text/csv;q=0.9, application/gpx+xml;q=0.8"}, "text/csv"},
		{[]string{"text/csv;q=0.8", "application/gpx+xml; Q=0.9"}, "application/gpx+xml"},
		{[]string{"text/csv;header=present;q=0.5, application/gpx+xml;q=0.4"}, "text/csv"},
		{[]string{"*/*;q=0.1, text/csv"}, "text/csv"},
		{[]string{"*/*, application/geo+json;q=0"}, "application/gpx+xml"},
		{[]string{"application/*;q=0.9, application/geo+json;q=0.1, text/csv;q=0.5"}, "application/gpx+xml"},
		{[]string{"application/geo+json;q=0, application/*;q=0, */*"}, "text/csv"},
		{[]string{"text/csv;q=0"}, ""},
		{[]string{"text/html, application/xml"}, ""},
		{[]string{"text/csv;q=2"}, ""},
		{[]string{"text/csv;q=x, */*;q=0.1"}, "application/geo+json"},
		{[]string{"text/csv;q=NaN"}, ""},
		{[]string{"text"}, ""},
	} {
		r := &http.Request{Header: http.Header{"Accept": tt.accept}}
		got, ok := negotiate(r, offers)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Accept %q: %q, %t, want %q", tt.accept, got, ok, tt.want)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"":                                false,
		"gzip":                            true,
		"GZIP":                            true,
		"deflate, gzip;q=0.5, br":         true,
		"gzip;q=0":                        false,
		"*":                               true,
		"*;q=0":                           false,
		"*, gzip;q=0":                     false,
		"identity":                        false,
		"identity;q=1, gzip;q=0.5":        false,
		"identity;q=0.5, gzip;q=1.0":      true,
		"gzip;q=1.0, identity;q=0, *;q=0": true,
	} {
		r := &http.Request{Header: http.Header{"Accept-Encoding": {header}}}
		if got := acceptsGzip(r); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}
