package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// connectAtOnce stays below the number of tries that the broker allows one
	// address before it has checked their secrets.
	connectAtOnce = 32
	// tidyWithin bounds how long the devices take to be deleted.
	tidyWithin = 5 * time.Minute
)

// benchName tells the devices of one measurement from those of others.
func benchName() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return "bench-" + hex.EncodeToString(b[:])
}

// register has the server know the devices.
func (b *bench) register(ctx context.Context) error {
	if b.api == nil {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for _, d := range b.devices {
		group.Go(func() (err error) {
			d.secret, err = b.api.createDevice(ctx, d.id)
			return err
		})
	}
	return group.Wait()
}

// tidy deletes what was registered, also when ctx has ended.
func (b *bench) tidy(ctx context.Context) error {
	for _, d := range b.devices {
		d.close()
	}
	for _, f := range b.feeds {
		f.close()
	}
	if b.api == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyWithin)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for _, d := range b.devices {
		if d.secret != "" {
			group.Go(func() error { return b.api.deleteDevice(ctx, d.id) })
		}
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("delete the devices of the measurement: %w", err)
	}
	return nil
}

// connect opens every connection, so that the measurement sees none of it.
func (b *bench) connect(ctx context.Context) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for _, d := range b.devices {
		group.Go(func() error { return d.connect(within) })
	}
	err := group.Wait()
	if refusal := new(connectRefusal); errors.As(err, &refusal) && !b.command.Plain {
		return fmt.Errorf("%w (are --broker and --api the same server?)", err)
	}
	if err != nil {
		return err
	}
	return b.openFeeds(ctx)
}

// openFeeds opens the live feeds.
func (b *bench) openFeeds(ctx context.Context) error {
	if b.command.Live == 0 {
		return nil
	}
	byID := make(map[string]*benchDevice, len(b.devices))
	for _, d := range b.devices {
		byID[d.id] = d
	}
	b.feeds = make([]*benchFeed, b.command.Live)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for i := range b.feeds {
		b.feeds[i] = &benchFeed{number: i, meter: b.meter, devices: byID}
		group.Go(func() error { return b.feeds[i].open(ctx, b.api) })
	}
	return group.Wait()
}
