package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
)

// simTarget is the server that a fleet reports to.
type simTarget struct {
	// broker is tcp://HOST:PORT or tls://HOST:PORT.
	broker string
	// tls may be nil.
	tls *tls.Config
	// secrets of the devices of simFleet.devices.
	secrets map[tracker.DeviceID]string
	// folder is where the devices count their starts and keep their reports.
	folder string
	log    *slog.Logger
}

// simCounts tells what a fleet sent.
type simCounts struct {
	// Sent counts the fixes that devices took for sending, Acknowledged those
	// of them that the server acknowledged.
	Sent, Acknowledged uint64
}

// run drives the fleet in real time until ctx ends, each van a device with a
// connection of its own. It returns once the devices have got their last
// acknowledgements, for which they wait a few seconds: end the server after the
// fleet. Fixes that stay unacknowledged are no error; the counts tell.
func (f *simFleet) run(ctx context.Context, to simTarget) (simCounts, error) {
	trackers, err := f.trackers(to)
	if err != nil {
		return simCounts{}, err
	}
	var running sync.WaitGroup
	failures := make([]error, len(trackers))
	for i, t := range trackers {
		running.Go(func() {
			if err := t.Run(ctx); !errors.Is(err, device.ErrUnacknowledged) {
				failures[i] = err
			}
		})
	}
	sendErr := f.send(ctx, trackers)
	running.Wait()
	var counts simCounts
	for _, t := range trackers {
		s := t.Stats()
		counts.Sent += s.Taken
		counts.Acknowledged += s.Acknowledged
	}
	return counts, errors.Join(append(failures, sendErr)...)
}

func (f *simFleet) trackers(to simTarget) ([]*device.Device, error) {
	var trackers []*device.Device
	for i := range f.vans {
		id := simDeviceID(i)
		t, err := device.New(device.Options{
			Broker: to.broker, TLS: to.tls, ID: string(id), Secret: to.secrets[id],
			BootFile: filepath.Join(to.folder, fmt.Sprintf("van-%d.boot", i+1)),
			QueueDir: filepath.Join(to.folder, fmt.Sprintf("van-%d.queue", i+1)), Log: to.log, RetryMax: 5 * time.Second,
		})
		if err != nil {
			return nil, fmt.Errorf("make the tracker of %s: %w", id, err)
		}
		trackers = append(trackers, t)
	}
	return trackers, nil
}

// send lets a second of the fleet's time pass on every whole second of the
// clock, as receivers report on the second, until ctx ends.
func (f *simFleet) send(ctx context.Context, trackers []*device.Device) error {
	const nap = 5 * time.Second
	for due := time.Now().Truncate(time.Second).Add(time.Second); ; due = due.Add(time.Second) {
		if late := time.Since(due); late > nap {
			// The machine slept, and so did the vans.
			due = due.Add(late.Truncate(time.Second))
		}
		if !simWaitUntil(ctx, due) {
			return nil
		}
		begun := due.Add(-f.now - time.Second)
		for _, fix := range f.advance(time.Second) {
			err := trackers[fix.Van].Send(ctx, fix.report(begun))
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("report of %s: %w", simDeviceID(fix.Van), err)
			}
		}
	}
}

// report is x as a device sends it, for a fleet that began then.
func (x simFix) report(begun time.Time) device.Report {
	fix := x.Fix
	fix.Time = geofence.MillisOf(begun.Add(x.At))
	return device.Report{Fix: fix, BatteryPercent: &x.Battery}
}

// simWaitUntil is false if ctx ended first.
func simWaitUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
