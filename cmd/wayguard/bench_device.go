package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// benchDevice is one simulated device with its connection.
type benchDevice struct {
	id, topic string
	secret    string // empty where anybody is let in
	broker    *url.URL
	load      *benchLoad
	drive     benchDrive
	meter     *benchMeter
	pace      benchPace
	sent      benchSent
	line      benchLine
}

// benchLine is a device's connection.
type benchLine struct {
	conn            net.Conn
	payload, frames []byte // the sender's
}

// benchSent notes when reports were sent, for as many as its length, a power of
// two.
type benchSent struct {
	at []atomic.Int64 // nanoseconds on the meter's clock
	// next and first count reports: the next to send, the first that is not
	// acknowledged. In between are at most the load's InFlight.
	next, first atomic.Int64
}

// benchIDs is how many packet ids are in use.
const benchIDs = 1 << 15

// leastSent lets a live feed be that many reports of a device behind.
const leastSent = 256

func newBenchDevice(name string, i int, c *benchCmd, m *benchMeter) *benchDevice {
	id := fmt.Sprintf("%s-%d:van", name, i)
	d := &benchDevice{id: id, broker: c.Broker, load: &c.Load, drive: newBenchDrive(i, time.Now()), meter: m}
	d.topic = "wg/1/" + id + "/up"
	if c.Load.Topic == "owntracks" {
		d.topic = "owntracks/" + strings.Replace(id, ":", "/", 1)
	}
	if c.Load.Rate > 0 {
		d.pace = newBenchPace(time.Duration(float64(c.Load.Devices) / c.Load.Rate * float64(time.Second)))
	}
	d.sent.at = make([]atomic.Int64, max(leastSent, 1<<bits.Len(uint(2*c.Load.InFlight-1))))
	return d
}

// connect opens a connection that the broker has accepted.
func (d *benchDevice) connect(ctx context.Context) error {
	const connectWithin = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = new(net.Dialer)
	if d.broker.Scheme == "tls" {
		dialer = new(tls.Dialer)
	}
	conn, err := dialer.DialContext(ctx, "tcp", d.broker.Host)
	if err != nil {
		return fmt.Errorf("connect to --broker %s: %w", d.broker.Redacted(), err)
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	user := d.id
	if d.secret == "" {
		user = ""
	}
	if _, err = conn.Write(appendConnect(nil, d.id, user, d.secret)); err == nil {
		err = readConnack(conn)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("connect to --broker %s: %w", d.broker.Redacted(), err), conn.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	d.line.conn = conn
	d.sent.first.Store(d.sent.next.Load())
	return nil
}

func (d *benchDevice) close() {
	if d.line.conn != nil {
		// What fails to close is closed.
		_ = d.line.conn.Close()
	}
}

// run reports from start on until ctx ends, and connects again where the
// connection is lost. What was not acknowledged then is given up.
func (d *benchDevice) run(ctx context.Context, start time.Time) error {
	for {
		err := d.talk(ctx, start)
		d.close()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errNotMQTT) {
			return err
		}
		d.meter.reconnects.Add(1)
		if err := d.again(ctx); err != nil {
			return nil
		}
	}
}

// again connects until it succeeds; an error says that ctx has ended.
func (d *benchDevice) again(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if err := pause(ctx, wait); err != nil {
			return err
		}
		err := d.connect(ctx)
		if err == nil {
			return nil
		}
		if refusal := new(connectRefusal); errors.As(err, &refusal) {
			d.meter.refused.Add(1)
		}
	}
}

// talk uses one connection up.
func (d *benchDevice) talk(ctx context.Context, start time.Time) error {
	stop := context.AfterFunc(ctx, d.close)
	defer stop()
	switch {
	case d.load.Idle:
		return d.listen(nil)
	case d.load.Rate > 0:
		return d.talkInStep(ctx, start)
	}
	if err := d.send(d.load.InFlight, d.meter.now()); err != nil {
		return err
	}
	return d.listen(func(acknowledged int) error { return d.send(acknowledged, d.meter.now()) })
}

// send writes that many reports, which count as sent at a time.
func (d *benchDevice) send(reports int, at int64) error {
	d.line.frames = d.line.frames[:0]
	for range reports {
		n := d.sent.next.Load()
		var err error
		if d.line.payload, err = d.append(d.line.payload[:0], n); err != nil {
			return fmt.Errorf("encode a report: %w", err)
		}
		d.line.frames = appendPublish(d.line.frames, d.topic, packetID(n), d.line.payload)
		d.sent.at[n&int64(len(d.sent.at)-1)].Store(at)
		d.sent.next.Store(n + 1)
	}
	_, err := d.line.conn.Write(d.line.frames)
	return err
}

func packetID(n int64) uint16 { return uint16(n%benchIDs + 1) }

// append encodes the payload of report n, from 0.
func (d *benchDevice) append(b []byte, n int64) ([]byte, error) {
	first := n * int64(d.load.Batch)
	if d.load.Topic == "owntracks" {
		return d.drive.appendOwnTracks(b, first, d.load.Batch), nil
	}
	return d.drive.appendNative(b, n, first, d.load.Batch)
}

// listen reads acknowledgements until the connection ends, and calls then, if
// that is not nil, with how many came at once.
func (d *benchDevice) listen(then func(acknowledged int) error) error {
	buf := make([]byte, max(64, 4*d.load.InFlight))
	rest := 0
	for {
		n, err := d.line.conn.Read(buf[rest:])
		if err != nil {
			return err
		}
		got, left, err := d.acknowledged(buf[:rest+n])
		if err != nil {
			return err
		}
		rest = copy(buf, left)
		if then != nil && got > 0 {
			if err := then(got); err != nil {
				return err
			}
		}
	}
}

// acknowledged takes the acknowledgements in b, which must come in the order of
// the reports.
func (d *benchDevice) acknowledged(b []byte) (got int, rest []byte, err error) {
	now, first := d.meter.now(), d.sent.first.Load()
	tally := d.meter.open(first)
	defer tally.close()
	rest, err = eachPuback(b, func(id uint16) error {
		if id != packetID(first) || first == d.sent.next.Load() {
			return errNotMQTT
		}
		tally.record(now - d.sent.at[first&int64(len(d.sent.at)-1)].Load())
		first++
		got++
		return nil
	})
	d.sent.first.Store(first)
	return got, rest, err
}
