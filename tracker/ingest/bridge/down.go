package bridge

import (
	"strings"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"wayguard/tracker"
)

// Topics of devices that take a desired state, as firmware-protocol has them.
const (
	upPrefix   = "wg/1/"
	upSuffix   = "/up"
	downSuffix = "/down"
)

// downs sends devices behind the other broker what is desired of them.
type downs struct {
	*tracker.DesiredSender
	bridge *Bridge

	mu sync.Mutex
	// client is nil without a session.
	client mqtt.Client
	// heard has the devices that were heard of, with the topic that they listen to.
	heard map[tracker.DeviceID]string
}

func newDowns(b *Bridge) *downs {
	d := &downs{bridge: b, heard: make(map[tracker.DeviceID]string)}
	d.DesiredSender = b.options.Fleet.NewDesiredSender(func(id tracker.DeviceID) bool {
		client, _ := d.way(id)
		return client != nil
	}, d.send)
	return d
}

// way is how a device can be reached, nil if it cannot.
func (d *downs) way(id tracker.DeviceID) (client mqtt.Client, topic string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if topic = d.heard[id]; topic == "" {
		return nil, ""
	}
	return d.client, topic
}

// hear notes that a device publishes to a topic.
func (d *downs) hear(id tracker.DeviceID, topic string) {
	own, isUp := strings.CutSuffix(topic, upSuffix)
	if !isUp || !strings.HasPrefix(topic, upPrefix) {
		return
	}
	d.mu.Lock()
	known := d.heard[id] != ""
	d.heard[id] = own + downSuffix
	d.mu.Unlock()
	if !known {
		d.Kick(id)
	}
}

// serve has a session used from now on, until the returned function is called.
func (d *downs) serve(client mqtt.Client) (end func()) {
	set := func(c mqtt.Client) (heard []tracker.DeviceID) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.client = c
		for id := range d.heard {
			heard = append(heard, id)
		}
		return heard
	}
	for _, id := range set(client) {
		d.Kick(id)
	}
	return func() { set(nil) }
}

// send publishes to a device. The broker retains it, for a device that is away.
func (d *downs) send(id tracker.DeviceID, payload []byte) {
	client, topic := d.way(id)
	if client == nil {
		return
	}
	token := client.Publish(topic, 1, true, payload)
	if !token.WaitTimeout(writeTime) || token.Error() != nil {
		d.bridge.options.Log.Warn("what is desired of a device did not reach the upstream MQTT broker", "device", id, "error", token.Error())
		return
	}
	d.bridge.metrics.desired.Inc()
}
