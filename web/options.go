package web

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/notify"
	"wayguard/tracker"
)

// Options configure a Server. Fleet and Listen.Listener are required.
type Options struct {
	// Fleet is what the API shows and changes.
	Fleet  *tracker.Fleet
	Listen Listen
	Broker Broker
	// Hooks are the webhooks that the API shows and changes.
	Hooks *notify.Hooks
	// AdminToken is the bearer token with the role admin. Its hash is stored,
	// so that it stays in force until another one is given; empty keeps the
	// last one. Without any, only sign-in links let anybody in.
	AdminToken string
	Map        Map
	// Rules are who hears what; nil where nobody is notified.
	Rules *notify.Rules
	// Doors are where devices send reports over HTTP, each under its name.
	Doors []Door
	// Warning is shown on the page and by /healthz; empty for none.
	Warning string
	// Notifier shows and sends again messages; nil for a server without.
	Notifier *notify.Notifier
	// Version is shown by /api/v1/config.
	Version string
	// Metrics receives the server's collectors and is what /metrics shows; nil
	// for a registry of its own.
	Metrics *prometheus.Registry
	// Log defaults to slog.Default.
	Log    *slog.Logger
	Limits Limits
}

// Listen says where the server is reached.
type Listen struct {
	// Listener accepts TCP connections, without TLS. Run closes it.
	Listener net.Listener
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// PublicURL is where browsers find the server, if that is not the
	// listener's address: scheme and host, such as https://fleet.example, with
	// a proxy in front. May be nil.
	PublicURL *url.URL
	// TrustedProxies are the addresses whose X-Forwarded-For is believed. From
	// all others it is ignored.
	TrustedProxies []netip.Prefix
}

// Map says what the page draws beneath the fleet.
type Map struct {
	// Tiles are an operator's own; nil for the built-in outline of the world.
	Tiles *Tiles
	// Town is a GeoJSON FeatureCollection served as /api/v1/basemap; nil for
	// none.
	Town []byte
}

// Tiles are a source of map tiles.
type Tiles struct {
	// Kind is "raster" or "vector".
	Kind string `json:"kind"`
	// URL is an http or https template with {z}, {x} and {y}, or a path of
	// this server.
	URL string `json:"url"`
	// Attribution is shown on the map.
	Attribution string `json:"attribution"`
}

// Limits bound what clients may use; zero fields stand for the defaults.
type Limits struct {
	// Requests a second of one client with valid credentials; default 500,
	// with bursts of four times as many.
	Requests float64
	// AnonymousRequests a second of one address without credentials; default
	// 50, with bursts of four times as many.
	AnonymousRequests float64
	// LiveTotal is the number of open live feeds; default 20,000.
	LiveTotal int
	// LivePerClient is the number of live feeds of one session, or of one
	// address with the admin token; default 100.
	LivePerClient int
}

func (l Limits) withDefaults() Limits {
	if l.Requests == 0 {
		l.Requests = 500
	}
	if l.AnonymousRequests == 0 {
		l.AnonymousRequests = 50
	}
	if l.LiveTotal == 0 {
		l.LiveTotal = 20_000
	}
	if l.LivePerClient == 0 {
		l.LivePerClient = 100
	}
	return l
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	o.Limits = o.Limits.withDefaults()
	return o
}

func (o Options) validate() error {
	if o.Fleet == nil || o.Listen.Listener == nil {
		return errors.New("a fleet and a listener are required")
	}
	if err := validatePublicURL(o.Listen.PublicURL); err != nil {
		return err
	}
	if err := o.Broker.validate(); err != nil {
		return err
	}
	if o.Map.Town != nil && !json.Valid(o.Map.Town) {
		return errors.New("the town is not valid JSON")
	}
	_, err := o.Map.Tiles.origin()
	return err
}

func validatePublicURL(u *url.URL) error {
	if u == nil {
		return nil
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("the public URL must be http://HOST or https://HOST")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("the public URL must be a scheme and a host, with no path, query, fragment or user")
	}
	return nil
}

// origin is the source expression that lets a page load the tiles, empty for
// tiles of this server.
func (t *Tiles) origin() (string, error) {
	if t == nil {
		return "", nil
	}
	if t.Kind != "raster" && t.Kind != "vector" {
		return "", fmt.Errorf("tile kind %q: must be raster or vector", t.Kind)
	}
	if strings.HasPrefix(t.URL, "/") && !strings.HasPrefix(t.URL, "//") {
		return "", nil
	}
	return tileOrigin(t.URL)
}

// tileOrigin turns a leading {s}. of the host, the usual placeholder for
// mirrors, into a wildcard. Everything else that could end a source expression
// or a directive is refused.
func tileOrigin(template string) (string, error) {
	scheme, rest, _ := strings.Cut(template, "://")
	host, _, _ := strings.Cut(rest, "/")
	if mirror, ok := strings.CutPrefix(host, "{s}."); ok {
		host = "*." + mirror
	}
	bad := host == "" || host == "*." || strings.ContainsAny(host, " \t\r\n;,'\"{}@?#\\")
	if scheme != "http" && scheme != "https" || bad {
		return "", errors.New("the tile URL must be http://HOST/… or https://HOST/… with {z}, {x} and {y}, or a path of this server")
	}
	return scheme + "://" + host, nil
}
