package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// demoCmd runs the server with a simulated fleet in a made-up town.
type demoCmd struct {
	HTTP string        `name:"http" default:"localhost:8080" help:"Address of the API and the pages."`
	MQTT string        `name:"mqtt" default:"localhost:1883" help:"Address of the MQTT broker for devices."`
	For  time.Duration `help:"Stop after this long, such as 30s, and print what happened; without it, run until Ctrl-C."`
	Log  logging       `embed:""`
}

const (
	demoVans = 8
	demoSeed = 1
	// demoMmap is address space for a day of the demo.
	demoMmap = 1 << 30
)

// demo is a server and the fleet that drives for it.
type demo struct {
	server *server
	town   *town
	fleet  *simFleet
	mqtt   string
	folder string
}

// Run is what kong calls.
func (c *demoCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *demoCmd) run(ctx context.Context, out io.Writer) error {
	if c.For < 0 {
		return &inputError{errors.New("--for must not be negative")}
	}
	dir, err := os.MkdirTemp("", "wayguard-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	return errors.Join(c.runIn(ctx, dir, out), os.RemoveAll(dir))
}

func (c *demoCmd) runIn(ctx context.Context, dir string, out io.Writer) error {
	d, err := c.open(dir)
	if err != nil {
		return err
	}
	// The server outlives ctx by the time that the vans need for their last
	// acknowledgements.
	serverCtx, stopServer := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServer()
	ended := make(chan error, 1)
	ctx, stopDriving := context.WithCancel(ctx)
	defer stopDriving()
	go func() {
		err := d.server.run(serverCtx)
		stopDriving()
		ended <- err
	}()
	driveErr := c.drive(ctx, d, out)
	stopServer()
	return errors.Join(driveErr, <-ended)
}

func (c *demoCmd) open(dir string) (*demo, error) {
	t := newTown(demoSeed)
	s, err := openServer(serverOptions{
		dataDir: dir, temporary: true, store: boltstore.Options{MmapBytes: demoMmap, Log: c.Log.logger()}, httpAddress: c.HTTP, mqttAddress: c.MQTT,
		adminToken: os.Getenv(adminTokenVariable), town: t.basemapJSON(), log: c.Log.logger(),
	})
	if err != nil {
		return nil, err
	}
	return &demo{server: s, town: t, fleet: newSimFleet(t, demoVans, demoSeed), mqtt: s.broker.Addr().String(), folder: dir}, nil
}

// drive sets the fleet up, prints where to look, and lets the vans drive until
// the time is over.
func (c *demoCmd) drive(ctx context.Context, d *demo, out io.Writer) error {
	secrets, err := d.register(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := d.greet(out, c.For); err != nil {
		return err
	}
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	began := time.Now()
	counts, err := d.fleet.run(ctx, simTarget{broker: "tcp://" + d.mqtt, secrets: secrets, folder: d.folder, log: c.Log.logger()})
	if err != nil {
		return err
	}
	return d.summary(out, counts, time.Since(began))
}

// interrupted is nil if err only says that ctx has ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// register makes the fences and the devices.
func (d *demo) register(ctx context.Context) (map[tracker.DeviceID]string, error) {
	if err := d.server.fleet.PutFences(ctx, d.town.fences()...); err != nil {
		return nil, fmt.Errorf("put the town's fences: %w", err)
	}
	secrets := make(map[tracker.DeviceID]string)
	for _, v := range d.fleet.devices() {
		secret, err := d.server.fleet.CreateDevice(ctx, v)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", v.ID, err)
		}
		secrets[v.ID] = secret
	}
	return secrets, nil
}

func (d *demo) greet(out io.Writer, during time.Duration) error {
	link, err := d.server.web.NewSigninLink(signinTTL)
	if err != nil {
		return err
	}
	until := "until Ctrl-C"
	if during > 0 {
		until = fmt.Sprintf("for %s", during)
	}
	_, err = fmt.Fprintf(out, "Wayguard demo: %d vans in a made-up town, %s.\n\n  Open  %s\n        (signs one browser in, once)\n  MQTT  %s\n\n",
		demoVans, until, link, d.mqtt)
	return err
}

// summary prints what happened.
func (d *demo) summary(out io.Writer, counts simCounts, took time.Duration) error {
	byType, err := d.eventTypes()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "In %s:\n  %6d positions sent\n  %6d acknowledged, which are on disk\n",
		took.Round(time.Second), counts.Sent, counts.Acknowledged); err != nil {
		return err
	}
	for _, typ := range slices.Sorted(maps.Keys(byType)) {
		if _, err := fmt.Fprintf(out, "  %6d %s\n", byType[typ], typ); err != nil {
			return err
		}
	}
	if counts.Acknowledged == 0 {
		return errors.New("no position was acknowledged")
	}
	return nil
}

// eventTypes counts the event log.
func (d *demo) eventTypes() (map[string]int, error) {
	const page = 1000
	byType := make(map[string]int)
	for after := uint64(0); ; {
		events, next, err := d.server.fleet.Events(after, page, tracker.EventFilter{})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			byType[e.Type]++
		}
		if next == after {
			return byType, nil
		}
		after = next
	}
}
