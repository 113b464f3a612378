package bridge

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// The broker is killed in mid-stream and comes back with the state of its last
// save; publishers send again what they published since. Nothing is lost or
// stored twice.
func TestBrokerKilled(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	b := h.bridge("tcp://"+m.at, nil).connected()
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	next := 0
	for range 8 {
		p := m.publisher()
		p.locations(vanTopic, next, next+100)
		m.save()
		next += 100
		unsaved := rng.IntN(150)
		p.locations(vanTopic, next, next+unsaved)
		m.kill()
		m.start()
		b.connected()
		p = m.publisher()
		p.locations(vanTopic, next, next+unsaved)
		next += unsaved
	}
	h.wantStored(van, next)
	b.want("in_flight", 0)
	t.Logf("%d positions, %.0f messages, %.0f connections", next, b.metric("received_total"), b.metric("connects_total"))
	if b.metric("connects_total") < 2 {
		t.Error("the bridge never connected again: the test shows nothing")
	}
}

// The network takes the acknowledgements and then the connection: everything
// comes a second time and is stored once.
func TestLostAcknowledgements(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	wire := startRelay(t, m.at)
	b := h.bridge("tcp://"+wire.address(), nil).connected()
	p := m.publisher()
	p.locations(vanTopic, 0, 50)
	h.wantStored(van, 50)
	b.want("in_flight", 0)
	wire.deaf.Store(true)
	p.locations(vanTopic, 50, 100)
	eventually(t, "what the broker has in flight is stored", func() bool { return len(h.stored(van)) > 50 })
	b.want("in_flight", 0)
	wire.cut()
	h.wantStored(van, 100)
	eventually(t, "messages come twice", func() bool { return b.metric("received_total") > 100 })
	h.wantStored(van, 100)
}

// Two servers divide the messages of one group among them.
func TestShare(t *testing.T) {
	m := startMosquitto(t)
	var houses []*house
	for _, id := range []string{"one", "two"} {
		h := open(t, van)
		h.bridge("tcp://"+m.at, func(o *Options) { o.ClientID, o.Share = id, "servers" }).connected()
		houses = append(houses, h)
	}
	const n = 400
	m.publisher().locations(vanTopic, 0, n)
	seen := make(map[int]int)
	eventually(t, "all is stored", func() bool {
		clear(seen)
		for _, h := range houses {
			for _, second := range h.stored(van) {
				seen[second]++
			}
		}
		return len(seen) == n
	})
	for second, times := range seen {
		if times != 1 {
			t.Errorf("second %d is stored %d times", second, times)
		}
	}
	for i, h := range houses {
		if len(h.stored(van)) == 0 {
			t.Errorf("server %d got nothing", i+1)
		}
	}
}

// The rights that the README proposes keep a device from speaking for another.
func TestRightsOfTheOtherBroker(t *testing.T) {
	rights := filepath.Join(t.TempDir(), "acl")
	must(t, os.WriteFile(rights, []byte("user wayguard\ntopic read owntracks/#\ntopic read wg/1/+/up\n\npattern write owntracks/%u/#\n"), 0o600))
	m := startMosquitto(t, "acl_file "+rights)
	h := open(t, van, "bert:van7")
	h.bridge("tcp://"+m.at, func(o *Options) { o.Username = "wayguard" }).connected()
	anna := func() *publisher {
		o := paho.NewClientOptions().AddBroker("tcp://" + m.at).SetUsername("anna").SetAutoReconnect(false)
		p := &publisher{t, paho.NewClient(o)}
		p.must(p.client.Connect())
		t.Cleanup(func() { p.client.Disconnect(0) })
		return p
	}
	// Mosquitto may close the connection that this comes on.
	anna().client.Publish("owntracks/bert/van7", 1, false, location(0)).WaitTimeout(time.Second)
	anna().locations(vanTopic, 0, 5)
	h.wantStored(van, 5)
	h.wantStored("bert:van7", 0)
}

// The Mosquitto of some systems cannot listen for WebSockets.
func TestWebSocket(t *testing.T) {
	address := freeAddress(t)
	startMochi(t, listeners.NewWebsocket(listeners.Config{ID: "ws", Address: address}), true)
	h := open(t, van)
	h.bridge("ws://"+address+"/mqtt", nil).connected()
	publisherOver(t, "ws://"+address+"/mqtt", nil).locations(vanTopic, 0, 100)
	h.wantStored(van, 100)
}

// A broker that refuses to be read from is no reason to believe that all is well.
func TestSubscriptionDenied(t *testing.T) {
	address := freeAddress(t)
	startMochi(t, listeners.NewTCP(listeners.Config{ID: "tcp", Address: address}), false)
	h := open(t, van)
	b := h.bridge("tcp://"+address, nil)
	eventually(t, "it connects again", func() bool { return b.metric("connects_total") > 1 })
	if b.metric("connected") != 0 {
		t.Error("counts as connected without a subscription")
	}
}

// startMochi runs a broker in which everyone may publish and may or may not
// subscribe.
func startMochi(t *testing.T, l listeners.Listener, subscribe bool) {
	t.Helper()
	s := mqtt.New(&mqtt.Options{Logger: slog.New(slog.DiscardHandler)})
	must(t, s.AddHook(&rights{subscribe: subscribe}, nil))
	must(t, s.AddListener(l))
	must(t, s.Serve())
	t.Cleanup(func() { must(t, s.Close()) })
}

type rights struct {
	mqtt.HookBase
	subscribe bool
}

func (r *rights) Provides(method byte) bool {
	return method == mqtt.OnConnectAuthenticate || method == mqtt.OnACLCheck
}

func (r *rights) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

func (r *rights) OnACLCheck(_ *mqtt.Client, _ string, write bool) bool { return write || r.subscribe }
