// Package device is the reference tracker: what runs in a simulated fleet, in
// end-to-end tests and on a Linux box in a vehicle. Give New the broker and the
// device's credentials, start Run, and hand every position to Send.
//
// It signs in with its id as user name and the secret as password, and publishes
// a message for each report at QoS 1. With Options.BootFile it speaks the native
// protocol, plain frames of package firmware on wg/1/ID/up; without, OwnTracks:
// JSON messages of type "location" on owntracks/USER/DEVICE, where the id is
// USER:DEVICE.
//
// What a caller may rely on: a report that Send took is kept until the broker
// acknowledged it, is sent at least once, and for the first time in the order
// of the calls to Send. After a lost connection everything unacknowledged is
// sent again, oldest first, as the very bytes that were sent before, so that a
// server which drops repeated payloads stores it once. With Options.QueueDir a
// report that Send took is on disk: it survives a kill and a power cut, and the
// next run sends it. Without, reports are kept in memory only.
//
// The native protocol names a report by the number of the device's start, which
// New counts on disk, and its number since then. So reports of two runs are
// never taken for one another, whatever their content. In it, the device also
// obeys the server: it keeps to the interval that is desired of it, reports when
// asked to, arms and releases its seal, and says so in each report. What was
// desired last is kept in a file beside that of the starts, so that no command is
// carried out twice.
//
// OwnTracks gives the time of a fix (tst) in whole seconds; fractions are cut
// off. A tracker that takes fixes more often than once a second, or not on the
// second, reports several positions with one time or times that are up to a
// second early.
package device

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of New, Send and Run.
var (
	// ErrOptions is wrapped by what New returns about unusable Options.
	ErrOptions = errors.New("bad device options")
	// ErrBadReport is wrapped by errors about reports that can never be sent,
	// such as a latitude of 91 degrees.
	ErrBadReport = errors.New("bad report")
	// ErrQueueFull is wrapped when no room came free before the context ended.
	ErrQueueFull = errors.New("report queue full")
	// ErrNotKept is wrapped when the disk did not take a report. It may be sent
	// all the same.
	ErrNotKept = errors.New("report not kept")
	// ErrStopped says that Run has ended or is ending.
	ErrStopped = errors.New("device stopped")
	// ErrUnacknowledged is wrapped by what Run returns where reports were left
	// behind.
	ErrUnacknowledged = errors.New("stopped with unacknowledged reports")
)

// Device is one tracker with its queue and at most one connection.
type Device struct {
	opts   Options
	broker *url.URL
	topic  string
	encode func(Report) ([]byte, error)
	queue  *queue
	// native and desired are nil unless the device speaks the native protocol.
	native  *native
	desired *desired

	running    atomic.Bool
	connected  atomic.Bool
	connects   atomic.Uint64
	stragglers sync.WaitGroup
}

// New checks opts, opens the QueueDir and counts a start in the BootFile; it
// connects to nothing. Errors wrap ErrOptions, or what went wrong with the files.
func New(opts Options) (*Device, error) {
	opts = opts.withDefaults()
	broker, err := parseBroker(opts.Broker)
	if err != nil {
		return nil, err
	}
	if broker.Scheme == schemePlain && opts.TLS != nil {
		return nil, fmt.Errorf("%w: a TLS configuration needs a broker address that starts with tls://", ErrOptions)
	}
	d := &Device{opts: opts, broker: broker}
	if opts.BootFile == "" {
		err = d.speakOwnTracks()
	} else {
		err = d.speakNative()
	}
	if err == nil {
		err = d.openQueue()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Device) openQueue() error {
	if d.opts.QueueDir == "" {
		d.queue = newQueue(d.opts.QueueLimit)
		return nil
	}
	q, torn, err := openQueue(d.opts.QueueDir, d.opts.QueueLimit)
	if err != nil {
		return fmt.Errorf("open the report queue: %w", err)
	}
	d.queue = q
	if torn > 0 {
		d.opts.Log.Info("the end of the report queue was not whole", "device", d.opts.ID, "bytes", torn)
	}
	return nil
}

func (d *Device) speakOwnTracks() error {
	user, name, err := splitID(d.opts.ID)
	d.topic = "owntracks/" + user + "/" + name
	d.encode = func(r Report) ([]byte, error) { return encodeLocation(r, name) }
	return err
}

func (d *Device) speakNative() error {
	if !nativeIDPattern.MatchString(d.opts.ID) {
		return fmt.Errorf("%w: id %.140q must be one or two parts of 1 to 64 of A-Z a-z 0-9 _ . - with a colon between", ErrOptions, d.opts.ID)
	}
	boot, err := countStart(d.opts.BootFile)
	if err != nil {
		return err
	}
	if d.desired, err = loadDesired(d.opts); err != nil {
		return err
	}
	if d.native, err = speakNative(d.opts, boot, d.desired); err != nil {
		return err
	}
	d.topic, d.encode = "wg/1/"+d.opts.ID+"/up", d.native.encode
	return nil
}

// Send puts r in the queue. A nil error means that r is kept until the broker
// acknowledged it, not that it was sent. Where a queue in memory is full Send
// waits for room until ctx ends; one on disk drops the oldest report. A position
// that comes sooner after the one before than the server desires is left out, and
// is no error. Errors: ErrBadReport, ErrQueueFull, ErrNotKept, ErrStopped.
func (d *Device) Send(ctx context.Context, r Report) error {
	if d.desired.skips(&r.Fix) {
		return nil
	}
	payload, err := d.encode(r)
	if err != nil {
		return err
	}
	return d.queue.push(ctx, payload)
}

// Flush waits until nothing is left unacknowledged, or for the end of ctx,
// whose error it then returns.
func (d *Device) Flush(ctx context.Context) error { return d.queue.drained(ctx) }

// Stats is a snapshot of a device's counters.
type Stats struct {
	// Taken and Acknowledged count reports: those Send took, and those of them
	// that the broker acknowledged. With a QueueDir they include reports that an
	// earlier run took and did not get acknowledged.
	Taken, Acknowledged uint64
	// Dropped counts the reports that made room for newer ones.
	Dropped uint64
	// Connects counts connections the broker accepted.
	Connects uint64
	// Connected tells whether there is one now.
	Connected bool
}

// Pending is how many reports wait for their acknowledgement.
func (s Stats) Pending() uint64 { return s.Taken - s.Acknowledged - s.Dropped }

// Stats returns the counters. Safe for concurrent use.
func (d *Device) Stats() Stats {
	taken, acknowledged, dropped := d.queue.counts()
	return Stats{Taken: taken, Acknowledged: acknowledged, Dropped: dropped, Connects: d.connects.Load(), Connected: d.connected.Load()}
}

// Run connects, sends, and connects again after every loss or refusal, with
// growing and randomly spread pauses, until ctx ends. It never gives up, for a
// tracker has nobody to ask: a server that is down, or does not know the device
// yet, may take it later. Refusals are logged.
//
// When ctx ends Send takes nothing more, and Run goes on for at most
// Options.DrainTimeout to get the outstanding acknowledgements. It returns nil
// if none is missing, else an error that wraps ErrUnacknowledged. A Device runs
// once; the second time Run returns ErrStopped.
func (d *Device) Run(ctx context.Context) error {
	if !d.running.CompareAndSwap(false, true) {
		return ErrStopped
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var drain sync.WaitGroup
	drain.Go(func() {
		defer cancel()
		<-ctx.Done()
		d.finish()
	})
	d.stayConnected(work)
	drain.Wait()
	d.stragglers.Wait()
	if err := d.queue.release(); err != nil {
		return err
	}
	if left := d.Stats().Pending(); left > 0 {
		return fmt.Errorf("%w: %d", ErrUnacknowledged, left)
	}
	return nil
}

// finish closes the queue and gives what is in it a bounded time to get out.
func (d *Device) finish() {
	d.queue.close()
	ctx, cancel := context.WithTimeout(context.Background(), d.opts.DrainTimeout)
	defer cancel()
	if err := d.queue.drained(ctx); err != nil {
		d.opts.Log.Warn("reports left unacknowledged", "device", d.opts.ID, "count", d.Stats().Pending())
	}
}

// stayConnected keeps a session up until ctx ends.
func (d *Device) stayConnected(ctx context.Context) {
	retry := newRetry(d.opts.RetryMax)
	for ctx.Err() == nil {
		healthy, err := d.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if healthy {
			retry.Reset()
		}
		pause := retry.NextBackOff()
		d.opts.Log.Info("not connected", "device", d.opts.ID, "error", err, "retry_in", pause.Round(time.Millisecond))
		sleep(ctx, pause)
	}
}
