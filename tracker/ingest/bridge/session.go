package bridge

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
	connectTime   = 10 * time.Second
	writeTime     = 10 * time.Second
	subscribeTime = 30 * time.Second
	keepAlive     = 30 * time.Second
	// flushTime is for commits under way when the bridge ends.
	flushTime = 3 * time.Second
	// farewell is how long a disconnect may take, in milliseconds. It is done
	// after the last acknowledgement has been written.
	farewell = 2000
)

var (
	errConnectionLost = errors.New("connection lost")
	errEnded          = errors.New("ended")
)

// session connects once and takes messages until the connection fails, a message
// cannot be stored or ctx ends. It tells whether any was acknowledged.
//
// Each session has a paho client of its own. One that reconnects by itself hands
// out messages from before the loss again, whose acknowledgements it drops.
func (b *Bridge) session(ctx context.Context) (acknowledged bool, err error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	in := newIntake(b, ctx)
	lost := make(chan error, 1)
	var established atomic.Bool
	client := mqtt.NewClient(b.clientOptions(in, lost).SetCustomOpenConnectionFn(b.dial(ctx, &established)))
	token := client.Connect()
	<-token.Done()
	if err := token.Error(); err != nil {
		return false, fmt.Errorf("connect: %w", err)
	}
	established.Store(true)
	b.metrics.connects.Inc()
	defer b.metrics.connected.Set(0)

	// What is under way may finish after the end of ctx.
	g, work := errgroup.WithContext(context.WithoutCancel(ctx))
	g.Go(func() error { return watch(work, lost) })
	g.Go(func() error { return b.subscribe(work, client) })
	defer b.downs.serve(client)()
	g.Go(func() error { return in.acknowledge(work) })
	g.Go(func() error { return expire(ctx, work) })
	err = g.Wait()
	in.stop() // paho waits for its handler
	client.Disconnect(farewell)
	return in.acknowledged, err
}

func (b *Bridge) clientOptions(in *intake, lost chan<- error) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker(b.address.String()).
		SetClientID(b.options.ClientID).
		SetUsername(b.options.Username).
		SetPassword(b.options.Password).
		SetCleanSession(false).
		SetAutoReconnect(false).
		SetAutoAckDisabled(true).
		// In order and one at a time; otherwise paho starts a goroutine for each.
		SetOrderMatters(true).
		// There are no others. Messages can come before the subscription is
		// confirmed, and one that has no handler would never be acknowledged.
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { in.take(m) }).
		// Left open, a refusal is followed by a second attempt as MQTT 3.1.
		SetProtocolVersion(4).
		SetKeepAlive(keepAlive).
		SetConnectTimeout(connectTime).
		SetWriteTimeout(writeTime).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
}

// dial opens the network connection. The end of ctx aborts that, and closes the
// connection if the MQTT handshake over it is not done by then. paho reads
// packets of up to 256 MB into memory; capped bounds that.
func (b *Bridge) dial(ctx context.Context, established *atomic.Bool) mqtt.OpenConnectionFunc {
	return func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
		conn, err := b.open(ctx)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() {
			if !established.Load() {
				_ = conn.Close()
			}
		})
		return newCapped(conn), nil
	}
}

func (b *Bridge) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	switch b.address.Scheme {
	case "tls":
		return (&tls.Dialer{Config: b.options.TLS}).DialContext(ctx, "tcp", b.address.Host)
	case "tcp":
		return (&net.Dialer{}).DialContext(ctx, "tcp", b.address.Host)
	}
	return mqtt.NewWebsocket(b.address.String(), b.options.TLS, connectTime, nil, nil)
}

func watch(work context.Context, lost <-chan error) error {
	select {
	case err := <-lost:
		return fmt.Errorf("%w: %w", errConnectionLost, err)
	case <-work.Done():
		return work.Err()
	}
}

// expire ends work some time after ctx.
func expire(ctx, work context.Context) error {
	select {
	case <-work.Done():
		return nil
	case <-ctx.Done():
	}
	select {
	case <-work.Done():
		return nil
	case <-time.After(flushTime):
		return errEnded
	}
}

// subscribe asks for everything at QoS 1 and returns once it is granted.
func (b *Bridge) subscribe(work context.Context, client mqtt.Client) error {
	wanted := make(map[string]byte)
	for _, f := range b.filters() {
		wanted[f] = 1
	}
	token, ok := client.SubscribeMultiple(wanted, nil).(*mqtt.SubscribeToken)
	if !ok {
		return errors.New("subscribe: the client gave no token")
	}
	select {
	case <-token.Done():
	case <-time.After(subscribeTime):
		return errors.New("subscribe: no answer in time")
	case <-work.Done():
		return work.Err()
	}
	if err := token.Error(); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	for filter, granted := range token.Result() {
		if granted != 1 {
			return fmt.Errorf("subscribe: the broker does not let this client read %q at QoS 1 (answer %d): give it the right to, or check that the broker knows shared subscriptions",
				filter, granted)
		}
	}
	b.metrics.connected.Set(1)
	b.options.Log.Info("connected to the upstream MQTT broker", "host", b.address.Host)
	return nil
}
