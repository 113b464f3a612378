// Package web is the HTTP side of the server: the API under /api/v1, the live
// feed, signing in, metrics and the embedded page for dispatch.
//
// Start with New and Run. openapi.yaml describes every route but those of the
// doors for devices, which are described at Door.
//
// Nothing but health, signing in, enrolment, which takes a one-time code, the
// page's own files and the pages of customers, whose links are secret (/t/TOKEN),
// answers without credentials: a bearer token, or the cookie that a one-time
// sign-in link turns into. What other parts mount (Mount) is open, and proves
// itself by a signature or a secret link. Devices, which send their id and secret
// or their door token, get at nothing but the doors. What each role may is said by
// the table in routes.go. Every change and every WebSocket that comes with a cookie
// must also carry an Origin of this server. Errors are problem details (RFC 9457)
// that say what to do.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"wayguard/notify"
	"wayguard/tracker"
)

// Limits of one connection. A body of 16 MiB within readTimeout is 140 kB/s.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 2 * time.Minute
	// answerTimeout is for an answer, or for each part of a long one.
	answerTimeout  = time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10
	// drainTimeout is how long requests under way may take after the end of
	// Run's context.
	drainTimeout = 10 * time.Second
)

// Server answers HTTP requests about one fleet.
type Server struct {
	fleet   *tracker.Fleet
	listen  Listen
	broker  Broker
	log     *slog.Logger
	metrics *metrics
	access
	site
	telling
	live *live
	// guests are those who have nothing but a link.
	guests *guests
	// fenceEdits makes looking whether a fence exists and storing it one step.
	fenceEdits sync.Mutex
	mux        *http.ServeMux
}

// telling is how people and programs hear of what happens; each is nil for a
// server without.
type telling struct {
	rules    *notify.Rules
	hooks    *notify.Hooks
	notifier *notify.Notifier
	browsers *notify.Browsers
}

// access is who gets in, and how often.
type access struct {
	admin    *credential
	codes    *codes
	sessions sessions
	apiKeys  *apiKeys
	// known and anonymous count requests, failures wrong credentials.
	known, anonymous, failures *buckets
	guesses                    guesses
	enrolling                  enrolLimits
}

// site is what does not change while the server runs.
type site struct {
	policy   string
	config   configJSON
	basemap  *asset
	files    map[string]*asset
	pages    *template.Template
	registry *prometheus.Registry
	// doors are those for devices.
	doors   []Door
	warning string
}

// New prepares a Server; Run starts it. Where New fails, the listener stays
// the caller's to close.
func New(opts Options) (*Server, error) {
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	opts = opts.withDefaults()
	site, err := newSite(opts)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	m, err := newMetrics(opts.Metrics)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	admin, err := adminCredential(opts.Fleet, opts.AdminToken)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	keys, err := loadAPIKeys(opts.Fleet)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	guests, err := newGuests(opts)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{
		fleet:   opts.Fleet,
		listen:  opts.Listen,
		broker:  opts.Broker,
		telling: telling{opts.Rules, opts.Hooks, opts.Notifier, opts.Browsers},
		log:     opts.Log,
		metrics: m,
		access:  newAccess(opts, admin, keys),
		site:    site,
		live:    newLive(newFeed(opts.Fleet, opts.Log), opts.Limits, m),
		mux:     http.NewServeMux(),
		guests:  guests,
	}
	for _, rt := range slices.Concat(s.routes(), s.doorRoutes(), mountRoutes(opts.Mounts)) {
		s.mux.Handle(rt.pattern, s.handle(rt))
	}
	return s, nil
}

func newAccess(opts Options, admin *credential, keys *apiKeys) access {
	return access{
		admin:     admin,
		codes:     newCodes(),
		sessions:  sessions{opts.Fleet},
		apiKeys:   keys,
		known:     requestBuckets(opts.Limits.Requests),
		anonymous: requestBuckets(opts.Limits.AnonymousRequests),
		failures:  failureBuckets(),
		guesses:   newGuesses(),
		enrolling: newEnrolLimits(),
	}
}

func newSite(opts Options) (site, error) {
	tiles, err := opts.Map.Tiles.origin()
	if err != nil {
		return site{}, err
	}
	files, err := staticFiles()
	if err != nil {
		return site{}, err
	}
	if opts.Warning != "" {
		if err := warn(files, opts.Warning); err != nil {
			return site{}, err
		}
	}
	pages, err := parsePage()
	if err != nil {
		return site{}, err
	}
	return site{
		policy:   contentSecurityPolicy(tiles),
		config:   configJSON{Tiles: opts.Map.Tiles, Town: opts.Map.Town != nil, Version: opts.Version},
		basemap:  newBasemap(opts.Map.Town),
		files:    files,
		pages:    pages,
		registry: opts.Metrics,
		doors:    opts.Doors,
		warning:  opts.Warning,
	}, nil
}

// Run serves until ctx ends, then closes the live feeds with code 1001, lets
// requests under way finish for ten seconds, and returns nil. An error means
// that the listener failed.
func (s *Server) Run(ctx context.Context) error {
	server := s.httpServer()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.live.feed.run(ctx) })
	g.Go(func() error { return s.sessions.sweep(ctx, s.log) })
	g.Go(func() error { s.keepAdmin(ctx); return nil })
	g.Go(func() error { return s.serve(server) })
	g.Go(func() error {
		<-ctx.Done()
		s.live.sockets.close()
		s.guests.watchers.close()
		return s.shutdown(server)
	})
	return g.Wait()
}

func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.secureHeaders(s.mux),
		TLSConfig:         s.listen.TLS.Clone(), // net/http adds h2 to it.
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + answerTimeout, // It counts from the header, too.
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// What it reports, clients cause: failed handshakes and the like.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) serve(server *http.Server) error {
	var err error
	if s.listen.TLS != nil {
		err = server.ServeTLS(s.listen.Listener, "", "")
	} else {
		err = server.Serve(s.listen.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP: %w", err)
}

// shutdown gives requests under way some time, then cuts them off.
func (s *Server) shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests still under way were cut off")
		err = server.Close()
	}
	return err
}

// URL is where a browser finds the server: the public URL, or localhost where
// the listener can be reached by that name.
func (s *Server) URL() string { return s.url().String() }

func (s *Server) url() *url.URL { return s.listen.URL() }

// URL is that of a server that listens so.
func (l Listen) URL() *url.URL {
	if p := l.PublicURL; p != nil {
		return &url.URL{Scheme: p.Scheme, Host: p.Host}
	}
	return &url.URL{Scheme: scheme(l.TLS), Host: browserHost(l.Listener.Addr())}
}

// urlFor is where the sender of r finds the server.
func (s *Server) urlFor(r *http.Request) *url.URL {
	if s.listen.PublicURL != nil {
		return s.url()
	}
	return &url.URL{Scheme: scheme(s.listen.TLS), Host: r.Host}
}

func scheme(t *tls.Config) string {
	if t != nil {
		return "https"
	}
	return "http"
}

func browserHost(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return "localhost"
	}
	if at.Addr().IsUnspecified() || at.Addr().IsLoopback() {
		_, port, _ := net.SplitHostPort(a.String())
		return net.JoinHostPort("localhost", port)
	}
	return at.String()
}
