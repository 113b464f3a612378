package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"wayguard/notify"
	"wayguard/notify/webhook"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/tracker/ingest/bridge"
	"wayguard/tracker/ingest/broker"
	"wayguard/tracker/ingest/flespi"
	"wayguard/tracker/ingest/native"
	"wayguard/tracker/ingest/overland"
	"wayguard/tracker/ingest/owntracks"
	"wayguard/tracker/ingest/teltonika"
	"wayguard/tracker/ingest/traccar"
	"wayguard/web"
)

// serverOptions say what to wire.
type serverOptions struct {
	dataDir                  string
	store                    boltstore.Options
	keep                     tracker.Retention
	masterKey                masterKey
	temporary                bool // the data goes when the server does
	httpAddress, mqttAddress string
	lab                      bool
	boxes                    boxes
	upstream                 upstream
	trackers                 trackers
	webhooks                 webhooks
	carriers                 carriers
	messaging                messaging
	certificates             *certificates // nil for plain connections
	publicURL                *url.URL
	proxies                  []netip.Prefix
	adminToken               string
	tiles                    *web.Tiles
	router                   tracker.Router // nil for none
	town                     []byte
	clock                    *tracker.Clock // nil for the system's
	log                      *slog.Logger
}

// server is every long-lived part of one process.
type server struct {
	store  *boltstore.Store
	keys   *tracker.Keyring
	fleet  *tracker.Fleet
	broker *broker.Broker
	boxes  *teltonika.Server // nil for none
	bridge *bridge.Bridge    // nil for none
	hooks  *notify.Hooks
	poster *webhook.Sender
	out    *outgoing
	messages
	web *web.Server
}

// dataFile is the database within the data folder.
const dataFile = "wayguard.db"

// openServer opens the data and binds the ports; run does the rest.
func openServer(o serverOptions) (s *server, err error) {
	s = new(server)
	var undo []func() error
	defer func() {
		if err != nil {
			for i := range undo {
				err = errors.Join(err, undo[len(undo)-1-i]())
			}
		}
	}()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	encryption := o.certificates.install(registry)
	o.store.Metrics = registry
	if s.store, err = openStore(o.dataDir, o.store); err != nil {
		return nil, err
	}
	undo = append(undo, s.store.Close)
	keyLog := o.log
	if o.temporary {
		keyLog = slog.New(slog.DiscardHandler) // there is nothing to be copied
	}
	if s.keys, err = openKeyring(o.dataDir, o.masterKey, keyLog); err != nil {
		return nil, err
	}
	undo = append(undo, s.keys.Close)
	blobs, err := tracker.OpenBlobs(filepath.Join(o.dataDir, blobFolder), s.keys)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--data: %w", err)}
	}
	if s.fleet, err = tracker.Open(s.store, tracker.Options{Keep: o.keep, Keyring: s.keys, Blobs: blobs, Scrub: s.store.Scrub, Router: o.router, Metrics: registry, Clock: o.clock, Log: o.log}); err != nil {
		return nil, err
	}
	if err := s.openWebhooks(o.webhooks, webhook.Options{Metrics: registry, Log: o.log}); err != nil {
		return nil, err
	}
	s.out, err = o.carriers.open(outside{fleet: s.fleet, keys: s.keys, publicURL: o.publicURL, encrypted: encryption != nil, metrics: registry, log: o.log})
	if err != nil {
		return nil, err
	}
	pages, err := listen("--http", o.httpAddress)
	if err != nil {
		return nil, err
	}
	undo = append(undo, pages.Close)
	at := web.Listen{Listener: pages, TLS: encryption, PublicURL: o.publicURL, TrustedProxies: o.proxies}
	if err := s.openMessages(at.URL().String(), o.messaging, notify.Options{Suppressed: s.out.suppressed, Carriers: s.out.carriers, Metrics: registry, Log: o.log}); err != nil {
		return nil, err
	}
	s.web, err = web.New(web.Options{
		Fleet:      s.fleet,
		Listen:     at,
		Notifier:   s.notifier,
		Rules:      s.rules,
		Hooks:      s.hooks,
		Browsers:   s.out.browsers,
		Mounts:     s.out.mounts,
		Broker:     s.announced(o.trackers, encryption != nil),
		AdminToken: o.adminToken,
		Map:        web.Map{Tiles: o.tiles, Town: o.town},
		Doors:      []web.Door{owntracks.HTTP{Keys: s.fleet.OwnTracksKey}, traccar.Door{}, flespi.Door{}, overland.Door{}},
		Warning:    warningOf(o),
		Version:    version(), Metrics: registry, Log: o.log,
	})
	if err != nil {
		return nil, &inputError{err}
	}
	if s.boxes, err = o.boxes.open(teltonika.Options{TLS: encryption, Fleet: s.fleet, Metrics: registry, Log: o.log}); err != nil {
		return nil, err
	}
	undo = append(undo, s.releaseBoxes)
	if s.bridge, err = o.upstream.open(bridge.Options{Fleet: s.fleet, Doors: mqttDoors(s.fleet), Metrics: registry, Log: o.log}); err != nil {
		return nil, err
	}
	s.broker, err = broker.New(broker.Options{
		Address: o.mqttAddress, TLS: encryption, Fleet: s.fleet, Doors: mqttDoors(s.fleet), Lab: o.lab,
		Limits: o.trackers.limits(), Metrics: registry, Log: o.log,
	})
	if err != nil {
		return nil, listenError("--mqtt", o.mqttAddress, err)
	}
	return s, nil
}

// labWarning is what everybody is told where --mqtt-lab is given.
const labWarning = "lab mode: any program on this machine can report as any device, without credentials; use no real data"

func warningOf(o serverOptions) string {
	if !o.lab {
		return ""
	}
	o.log.Warn(labWarning)
	return labWarning
}

// mqttDoors are what devices can speak over MQTT.
func mqttDoors(f *tracker.Fleet) []tracker.Door {
	return []tracker.Door{owntracks.Door{Keys: f.OwnTracksKey}, native.Door{Keys: f.UpKeys}}
}

func openStore(dir string, opts boltstore.Options) (*boltstore.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &inputError{fmt.Errorf("--data: %w", err)}
	}
	store, err := boltstore.Open(filepath.Join(dir, dataFile), opts)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--data: %w", err)}
	}
	return store, nil
}

// run serves until ctx ends or a part fails. Devices and browsers are let go
// first, then what they handed over is committed, the store closes last.
func (s *server) run(ctx context.Context) error {
	fleetCtx, stopFleet := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFleet()
	fleetDone := make(chan error, 1)
	parts, ctx := errgroup.WithContext(ctx)
	ctx, stopParts := context.WithCancel(ctx)
	defer stopParts()
	go func() {
		err := s.fleet.Run(fleetCtx)
		stopParts()
		fleetDone <- err
	}()
	parts.Go(func() error { tuneMemory(ctx); return nil })
	parts.Go(func() error { return s.broker.Run(ctx) })
	if s.boxes != nil {
		parts.Go(func() error { return s.boxes.Run(ctx) })
	}
	if s.bridge != nil {
		parts.Go(func() error { return s.bridge.Run(ctx) })
	}
	parts.Go(func() error { return s.poster.Run(ctx) })
	parts.Go(func() error { return s.notifier.Run(ctx) })
	parts.Go(func() error { return s.web.Run(ctx) })
	err := parts.Wait()
	s.out.close()
	stopFleet()
	return errors.Join(err, <-fleetDone, s.keys.Close(), s.store.Close())
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}
