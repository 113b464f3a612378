package device

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"golang.org/x/sync/errgroup"
)

const (
	connectTimeout = 10 * time.Second
	writeTimeout   = 10 * time.Second
	keepAlive      = 30 * time.Second
	// disconnectMillis is how long a farewell may take.
	disconnectMillis = 250
	// inFlight is how many reports may be unacknowledged on the wire; well
	// below the receive maximum of common brokers.
	inFlight = 16
)

var (
	errAckTimeout     = errors.New("no acknowledgement in time")
	errConnectionLost = errors.New("connection lost")
)

// session connects once and sends from the queue until the connection fails or
// ctx ends. It tells whether the connection was of any use.
//
// Each session has a client of its own, and connecting again is left to Device:
// a paho client that reconnects by itself completes the tokens of unfinished
// publishes without an error when it sends them again, before anybody has
// acknowledged them, and does so in random order.
func (d *Device) session(ctx context.Context) (healthy bool, err error) {
	lost := make(chan error, 1)
	var established atomic.Bool
	ctx, end := context.WithCancel(ctx)
	defer end()
	client := mqtt.NewClient(d.clientOptions(lost).SetCustomOpenConnectionFn(d.dial(ctx, &established)))
	if err := d.connect(client); err != nil {
		return false, err
	}
	established.Store(true)
	defer client.Disconnect(disconnectMillis)
	d.connects.Add(1)
	d.connected.Store(true)
	defer d.connected.Store(false)
	d.opts.Log.Debug("connected", "device", d.opts.ID)

	inbox := d.listen(client)
	_, before, _ := d.queue.counts()
	begun := time.Now()
	err = d.exchange(ctx, client, lost, inbox)
	_, after, _ := d.queue.counts()
	return after > before || time.Since(begun) > d.opts.RetryMax, err
}

func (d *Device) clientOptions(lost chan<- error) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker(d.broker.String()).
		SetClientID(d.opts.ID).
		SetUsername(d.opts.Username).
		SetPassword(d.opts.Secret).
		SetCleanSession(true).
		SetAutoReconnect(false).
		// Left open, a refusal is followed by a second attempt as MQTT 3.1.
		SetProtocolVersion(4).
		SetKeepAlive(keepAlive).
		SetConnectTimeout(connectTimeout).
		SetWriteTimeout(writeTimeout).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
}

// dial opens the network connection. The end of ctx aborts that, and closes the
// connection if the MQTT handshake over it is not done by then: paho has no way
// to cancel it. An established connection is left to an orderly farewell.
func (d *Device) dial(ctx context.Context, established *atomic.Bool) mqtt.OpenConnectionFunc {
	return func(broker *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
		conn, err := d.open(ctx, broker)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() {
			if !established.Load() {
				_ = conn.Close()
			}
		})
		return conn, nil
	}
}

func (d *Device) open(ctx context.Context, broker *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if broker.Scheme == schemeTLS {
		return (&tls.Dialer{Config: d.opts.TLS}).DialContext(ctx, "tcp", broker.Host)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", broker.Host)
}

func (d *Device) connect(client mqtt.Client) error {
	token := client.Connect()
	<-token.Done()
	if err := token.Error(); err != nil {
		return fmt.Errorf("connect to %s: %w", d.broker.Host, err)
	}
	return nil
}

// published is a report on its way.
type published struct {
	number uint64
	token  mqtt.Token
	sent   time.Time
}

// exchange sends everything unacknowledged, oldest first, then what comes.
func (d *Device) exchange(ctx context.Context, client mqtt.Client, lost <-chan error, inbox <-chan []byte) error {
	flying := make(chan published, inFlight)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		select {
		case err := <-lost:
			return fmt.Errorf("%w: %w", errConnectionLost, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	g.Go(func() error {
		defer close(flying)
		return d.sendAll(ctx, client, flying)
	})
	g.Go(func() error { return d.takeAcknowledgements(ctx, flying) })
	g.Go(func() error { return d.obeyAll(ctx, inbox) })
	return g.Wait()
}

func (d *Device) sendAll(ctx context.Context, client mqtt.Client, flying chan<- published) error {
	for last := uint64(0); ; {
		number, payload, err := d.queue.next(ctx, last)
		if err != nil {
			return err
		}
		token, err := d.publish(ctx, client, payload)
		if err != nil {
			return err
		}
		select {
		case flying <- published{number, token, time.Now()}:
		case <-ctx.Done():
			return ctx.Err()
		}
		last = number
	}
}

// publish hands payload to paho. That can block for as long as writeTimeout
// when the connection dies at the wrong moment, so it happens aside and Run
// waits for the stragglers at its end.
func (d *Device) publish(ctx context.Context, client mqtt.Client, payload []byte) (mqtt.Token, error) {
	tokens := make(chan mqtt.Token, 1)
	d.stragglers.Go(func() { tokens <- client.Publish(d.topic, 1, false, payload) })
	select {
	case token := <-tokens:
		return token, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *Device) takeAcknowledgements(ctx context.Context, flying <-chan published) error {
	for p := range flying {
		if err := d.await(ctx, p); err != nil {
			return err
		}
		d.queue.acknowledge(p.number)
	}
	return nil
}

// await returns nil once the broker acknowledged p.
func (d *Device) await(ctx context.Context, p published) error {
	deadline := time.NewTimer(time.Until(p.sent.Add(d.opts.AckTimeout)))
	defer deadline.Stop()
	select {
	case <-p.token.Done():
		return p.token.Error()
	case <-deadline.C:
		return errAckTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}
