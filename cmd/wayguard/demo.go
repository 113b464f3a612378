package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// demoCmd runs the server with a simulated fleet in a made-up town.
type demoCmd struct {
	HTTP   string        `name:"http" default:"localhost:8080" help:"Address of the API and the pages."`
	MQTT   string        `name:"mqtt" default:"localhost:1883" help:"Address of the MQTT broker for devices."`
	For    time.Duration `help:"Let the whole day pass in this time, such as 60s, stop, and print what happened. A day takes at least 20s; of less there is as much as fits. Without it the day begins in its middle and takes as long as days do, until Ctrl-C."`
	Format string        `enum:"text,json" default:"text" help:"What is printed at the end: ${enum}. With json the links go to standard error."`
	Log    logging       `embed:""`
}

const (
	demoVans = 8
	demoSeed = 1
	// demoMmap is address space for a day of the demo.
	demoMmap = 1 << 30
	// demoShortest is the least time in which a day passes, demoMorning the time
	// for the half before a demo that goes on, demoEnd what is kept for the end.
	demoShortest, demoMorning, demoEnd = 20 * time.Second, 20 * time.Second, 2 * time.Second
)

// demo is a server and the day that it sees.
type demo struct {
	server *server
	town   *town
	day    *demoDay
	clock  *tracker.Clock
	folder string
}

// Run is what kong calls.
func (c *demoCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *demoCmd) run(ctx context.Context, out, aside io.Writer) error {
	if c.For < 0 {
		return &inputError{errors.New("--for must not be negative")}
	}
	dir, err := os.MkdirTemp("", "wayguard-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	return errors.Join(c.runIn(ctx, dir, out, aside), os.RemoveAll(dir))
}

func (c *demoCmd) runIn(ctx context.Context, dir string, out, aside io.Writer) error {
	began := time.Now()
	d, err := c.open(dir)
	if err != nil {
		return err
	}
	// The server outlives ctx by the time that the devices need for their last
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
	driveErr := c.drive(ctx, d, began, out, aside)
	stopServer()
	return errors.Join(driveErr, <-ended)
}

// open opens the server. Its clock stands where the day begins, before now, so
// that the day ends now or, where it goes on, is half over.
func (c *demoCmd) open(dir string) (*demo, error) {
	t := newTown(demoSeed)
	plan := newDemoPlan(t, demoVans, demoSeed)
	ago := plan.end()
	if c.For == 0 {
		ago /= 2
	}
	clock := tracker.NewClock(time.Now().Add(-ago), 1)
	clock.Pause()
	s, err := openServer(serverOptions{
		dataDir: dir, temporary: true, store: boltstore.Options{MmapBytes: demoMmap, Log: c.Log.logger()}, httpAddress: c.HTTP, mqttAddress: c.MQTT,
		adminToken: os.Getenv(adminTokenVariable), town: t.basemapJSON(), clock: clock, log: c.Log.logger(),
	})
	if err != nil {
		return nil, err
	}
	return &demo{server: s, town: t, day: newDemoDay(plan, s.fleet, clock), clock: clock, folder: dir}, nil
}

// drive sets the day up, prints where to look, and lets it pass.
func (c *demoCmd) drive(ctx context.Context, d *demo, began time.Time, out, aside io.Writer) error {
	secrets, err := d.register(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	if c.Format != "json" {
		aside = out
	}
	if err := d.greet(aside, c.For); err != nil {
		return err
	}
	devices, stopDevices := context.WithCancel(ctx)
	defer stopDevices()
	d.day.radio, err = newSimRadio(devices, simTarget{
		broker: "tcp://" + d.server.broker.Addr().String(), secrets: secrets, folder: d.folder, log: c.Log.logger(),
	})
	if err != nil {
		return err
	}
	passErr := c.pass(ctx, d, began)
	stopDevices()
	counts, err := d.day.radio.close()
	if err = errors.Join(passErr, err); err != nil {
		return err
	}
	return c.report(out, d, counts, time.Since(began))
}

// pass lets the day pass.
func (c *demoCmd) pass(ctx context.Context, d *demo, began time.Time) error {
	end := d.day.plan.end()
	if c.For == 0 {
		pace := &demoPace{clock: d.clock, until: time.Now().Add(demoMorning)}
		err := d.day.rush(ctx, pace, end/2, func() bool { return d.clock.Until(time.Now()) > demoStride })
		if err != nil {
			return err
		}
		return d.day.goOn(ctx)
	}
	if c.For < demoShortest {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, began.Add(c.For))
		defer cancel()
	}
	// Nobody is silent once it is over.
	defer d.clock.Pause()
	pace := &demoPace{clock: d.clock, until: began.Add(max(c.For, demoShortest) - demoEnd)}
	return d.day.rush(ctx, pace, end, func() bool { return true })
}

// interrupted is nil if err only says that ctx has ended.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// register makes the fences, the devices and the day's orders.
func (d *demo) register(ctx context.Context) (map[tracker.DeviceID]string, error) {
	if err := d.server.fleet.PutFences(ctx, d.town.fences()...); err != nil {
		return nil, fmt.Errorf("put the town's fences: %w", err)
	}
	secrets := make(map[tracker.DeviceID]string)
	for _, v := range d.day.devices() {
		secret, err := d.server.fleet.CreateDevice(ctx, v)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", v.ID, err)
		}
		secrets[v.ID] = secret
	}
	return secrets, d.day.equip(ctx)
}

func (d *demo) greet(out io.Writer, during time.Duration) error {
	link, err := d.server.web.NewSigninLink(signinTTL)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("its morning passes in %s, the rest as days do, until Ctrl-C", demoMorning)
	if during > 0 {
		what = fmt.Sprintf("which passes in %s", during)
	}
	_, err = fmt.Fprintf(out, "Wayguard demo: a day of %d vans in a made-up town, %s.\n\n  Open  %s\n        (signs one browser in, once)\n  MQTT  %s\n\n",
		demoVans, what, link, d.server.broker.Addr())
	return err
}
