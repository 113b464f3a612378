// Package bridge takes what devices publish to another MQTT broker, such as
// Mosquitto, EMQX or NATS, into a [tracker.Fleet]. It speaks MQTT 3.1.1, with
// paho, over TCP, TLS or WebSocket. What is desired of a device that was heard over
// wg/1/ID/up goes the other way, to wg/1/ID/down, at QoS 1 and retained: again with
// each connection and ever more rarely until the device has answered.
//
// Start at [New] and [Bridge.Run].
//
// # Whom it believes
//
// The topic says which device a message is from ([tracker.Door].Owner): the other
// broker has checked who may publish there. One that lets every client publish
// everywhere lets every client speak for every device. Devices must be
// registered here too; what comes from others is counted, acknowledged and
// forgotten.
//
// # Acknowledgements
//
// A QoS 1 message is acknowledged to the other broker after the commit that made
// its report durable, in the order of the messages. What can never be right goes
// to the fleet's quarantine and is then acknowledged. Where the fleet cannot store
// for the moment, nothing is acknowledged, the connection ends and, after a
// pause, the other broker sends again what it has no acknowledgement for.
//
// The session lasts: what is published while the bridge is away waits in the
// other broker, as long as that keeps it (Mosquitto: max_queued_messages and
// persistence; publishers must use QoS 1). An acknowledgement that gets lost with its
// connection brings the message a second time; the fleet knows it by its key.
// Filters are subscribed to on each connection, and with that come retained
// messages, which the fleet knows likewise. An empty message, by which something
// retained is deleted, says nothing.
//
// The lasting session belongs to the client id, which must be nobody else's:
// brokers close the older of two connections that share one. Whoever changes the
// share group should change the client id with it, for the old session keeps its
// filters.
package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"wayguard/tracker"
)

// ErrOptions is wrapped by what New returns about unusable Options.
var ErrOptions = errors.New("bad options of the upstream broker")

// Options configure a Bridge. Address, ClientID, Fleet and Doors are required.
type Options struct {
	// Address is tcp, tls, ws or wss://HOST:PORT, for the latter two with a path.
	Address string
	// TLS is for tls and wss: own roots or a client certificate. Nil uses the
	// system's roots and the host of Address.
	TLS *tls.Config
	// ClientID names the lasting session.
	ClientID string
	// Username and Password may be empty. They are sent in the clear over tcp
	// and ws.
	Username, Password string
	// Share is the group whose members divide the messages among them; empty to
	// get them all.
	Share string
	// Doors say which topics to subscribe to and how to read them.
	Doors []tracker.Door
	// Fleet takes the reports. It must run as long as the bridge does.
	Fleet *tracker.Fleet
	// Metrics receives the bridge's collectors; nil for none.
	Metrics prometheus.Registerer
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Bridge is a client of another broker.
type Bridge struct {
	options Options
	address *url.URL
	metrics *metrics
	downs   *downs // made by Run
}

// New checks o and registers the metrics; it connects to nothing. Errors wrap
// ErrOptions, or are about the metrics.
func New(o Options) (*Bridge, error) {
	address, err := parseAddress(o.Address)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Fleet == nil || len(o.Doors) == 0:
		return nil, fmt.Errorf("%w: a fleet and doors are needed", ErrOptions)
	case o.TLS != nil && !encrypted(address):
		return nil, fmt.Errorf("%w: certificates need an address that starts with tls:// or wss://", ErrOptions)
	case o.ClientID == "" || len(o.ClientID) > maxClientID:
		return nil, fmt.Errorf("%w: the client id must have 1 to %d characters", ErrOptions, maxClientID)
	case o.Password != "" && o.Username == "":
		return nil, fmt.Errorf("%w: a password needs a user name", ErrOptions)
	case strings.ContainsAny(o.Share, "/+#"):
		return nil, fmt.Errorf("%w: the name of a share group holds no / + or #", ErrOptions)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	b := &Bridge{options: o, address: address}
	b.metrics, err = newMetrics(o.Metrics)
	return b, err
}

// maxClientID is longer than any broker takes by default.
const maxClientID = 256

func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The text of err repeats the address, and with it whatever password
		// somebody put there.
		return nil, fmt.Errorf("%w: the address is not a URL such as tls://HOST:8883", ErrOptions)
	}
	switch {
	case !slices.Contains([]string{"tcp", "tls", "ws", "wss"}, u.Scheme):
		return nil, fmt.Errorf("%w: the address must start with tcp://, tls://, ws:// or wss://", ErrOptions)
	case u.User != nil:
		return nil, fmt.Errorf("%w: credentials do not belong in the address", ErrOptions)
	case u.Hostname() == "" || u.Port() == "":
		return nil, fmt.Errorf("%w: the address needs a host and a port", ErrOptions)
	}
	return u, nil
}

func encrypted(address *url.URL) bool { return address.Scheme == "tls" || address.Scheme == "wss" }

// filters are what to subscribe to.
func (b *Bridge) filters() []string {
	var filters []string
	for _, d := range b.options.Doors {
		for _, f := range d.Filters() {
			if b.options.Share != "" {
				f = "$share/" + b.options.Share + "/" + f
			}
			filters = append(filters, f)
		}
	}
	return filters
}

// healthyAfter is how long a connection without a message must have lasted to
// count as one that works.
const healthyAfter = time.Minute

// Run keeps a session up until ctx ends, with growing and randomly spread pauses
// after losses and refusals. It then takes nothing more, acknowledges what is
// committed, and returns nil. It is called once.
func (b *Bridge) Run(ctx context.Context) error {
	b.downs = newDowns(b)
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() { b.downs.Run(ctx) })
	pauses := backoff.NewExponentialBackOff() // 0.5 s to 1 min
	for ctx.Err() == nil {
		begun := time.Now()
		acknowledged, err := b.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if acknowledged || time.Since(begun) > healthyAfter {
			pauses.Reset()
		}
		b.metrics.failures.Inc()
		pause := pauses.NextBackOff()
		b.options.Log.Warn("no connection to the upstream MQTT broker", "host", b.address.Host,
			"error", err, "retry_in", pause.Round(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return nil
}
