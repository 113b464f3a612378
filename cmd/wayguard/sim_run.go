package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
)

// simTarget is the server that devices report to.
type simTarget struct {
	// broker is tcp://HOST:PORT or tls://HOST:PORT.
	broker string
	// tls may be nil.
	tls *tls.Config
	// secrets of the devices, which makes them those that there are.
	secrets map[tracker.DeviceID]string
	// folder is where the devices count their starts.
	folder string
	log    *slog.Logger
}

// simCounts tells what devices sent.
type simCounts struct {
	// Sent counts the reports that devices took for sending, Acknowledged those
	// of them that the server acknowledged.
	Sent, Acknowledged uint64
}

// simRadio is some devices with a connection each. What they have sent and is
// not acknowledged they keep in memory.
type simRadio struct {
	trackers map[tracker.DeviceID]*device.Device
	running  sync.WaitGroup
	mu       sync.Mutex
	failures []error
}

// newSimRadio connects the devices until ctx ends.
func newSimRadio(ctx context.Context, to simTarget) (*simRadio, error) {
	r := &simRadio{trackers: make(map[tracker.DeviceID]*device.Device)}
	for id, secret := range to.secrets {
		t, err := device.New(device.Options{
			Broker: to.broker, TLS: to.tls, ID: string(id), Secret: secret,
			BootFile: filepath.Join(to.folder, strings.ReplaceAll(string(id), ":", "-")+".boot"), Log: to.log, RetryMax: 5 * time.Second,
		})
		if err != nil {
			return nil, fmt.Errorf("make the tracker of %s: %w", id, err)
		}
		r.trackers[id] = t
	}
	for _, t := range r.trackers {
		r.running.Go(func() {
			if err := t.Run(ctx); err != nil && !errors.Is(err, device.ErrUnacknowledged) {
				r.mu.Lock()
				r.failures = append(r.failures, err)
				r.mu.Unlock()
			}
		})
	}
	return r, nil
}

// send hands a device a report.
func (r *simRadio) send(ctx context.Context, id tracker.DeviceID, report device.Report) error {
	if err := r.trackers[id].Send(ctx, report); err != nil {
		return fmt.Errorf("report of %s: %w", id, err)
	}
	return nil
}

// settle returns once all that was sent is acknowledged.
func (r *simRadio) settle(ctx context.Context) error {
	for id, t := range r.trackers {
		if err := t.Flush(ctx); err != nil {
			return fmt.Errorf("acknowledgements of %s: %w", id, err)
		}
	}
	return nil
}

// close waits for the devices after their context has ended: for their last
// acknowledgements they take a few seconds, so end the server after them.
// Reports that stay unacknowledged are no error; the counts tell.
func (r *simRadio) close() (counts simCounts, err error) {
	r.running.Wait()
	for _, t := range r.trackers {
		s := t.Stats()
		counts.Sent += s.Taken
		counts.Acknowledged += s.Acknowledged
	}
	return counts, errors.Join(r.failures...)
}

// report is x as a device sends it, for a fleet that began then.
func (x simFix) report(begun time.Time) device.Report {
	fix := x.Fix
	fix.Time = geofence.MillisOf(begun.Add(x.At))
	return device.Report{Fix: fix, BatteryPercent: &x.Battery}
}
