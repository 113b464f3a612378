package main

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// certificates is the server's own certificate and key. Both are read again once
// the files change, so that a renewed certificate is in force without a restart;
// a pair that cannot be used leaves the one before in force.
type certificates struct {
	log               *slog.Logger
	renewed, failures prometheus.Counter
	files             [2]string // certificate chain and private key

	mu      sync.Mutex
	looked  time.Time
	seen    [2]os.FileInfo // as they were when last read
	current *tls.Certificate
}

// lookEvery is how soon a change of the files is noticed, by the next handshake.
const lookEvery = time.Second

// loadCertificates reads the files for the first time, when they must be right.
func loadCertificates(certificate, key string, log *slog.Logger) (*certificates, error) {
	c := &certificates{
		log: log, files: [2]string{certificate, key},
		renewed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "wayguard_tls_renewals_total", Help: "Times that a changed TLS certificate was put in force."}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "wayguard_tls_renewal_failures_total", Help: "Changed TLS certificates that cannot be used; the one before stays in force."}),
	}
	seen, err := c.look()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	c.looked, c.seen, c.current = time.Now(), seen, &pair
	return c, nil
}

// install registers the collectors and returns what listeners need. Both are
// nothing for nil, which stands for plain connections.
func (c *certificates) install(registry prometheus.Registerer) *tls.Config {
	if c == nil {
		return nil
	}
	registry.MustRegister(c.collectors()...)
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(time.Now()), nil },
	}
}

func (c *certificates) look() (seen [2]os.FileInfo, err error) {
	for i, name := range c.files {
		if seen[i], err = os.Stat(name); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

// get is the pair in force.
func (c *certificates) get(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.looked); age >= 0 && age < lookEvery {
		return c.current
	}
	c.looked = now
	// A file that is missing is being replaced.
	if seen, err := c.look(); err == nil && (changed(c.seen[0], seen[0]) || changed(c.seen[1], seen[1])) {
		c.seen = seen
		c.renew()
	}
	return c.current
}

func changed(before, now os.FileInfo) bool {
	return !os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime()) || before.Size() != now.Size()
}

func (c *certificates) renew() {
	pair, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	if err == nil {
		c.current = &pair
		c.renewed.Inc()
		c.log.Info("the TLS certificate was renewed", "expires", pair.Leaf.NotAfter)
		return
	}
	c.failures.Inc()
	c.log.Error("the changed TLS certificate cannot be used; the one before stays in force", "error", err)
}

// collectors are for /metrics.
func (c *certificates) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.renewed, c.failures, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "wayguard_tls_expires_timestamp_seconds",
		Help: "When the TLS certificate in force ends, in seconds since 1970.",
	}, func() float64 { return float64(c.get(time.Now()).Leaf.NotAfter.Unix()) })}
}
