package broker

import (
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// TestLabEnrols: what a lab's clients publish for devices is stored as theirs,
// under the same promises, and goes to nobody else.
func TestLabEnrols(t *testing.T) {
	for _, version := range []byte{4, 5} {
		h := openLab(t)
		watcher := h.anyone(version, "watcher", nil)
		watcher.subscribe(2, "#")
		p := h.anyone(version, "p", nil)
		for n := range 3 {
			for qos := range byte(3) {
				p.put(qos, []string{"owntracks/anna/van7", "owntracks/bert/bike2", "owntracks/anna/van8"}[n], string(location(int(qos))), true)
			}
		}
		p.received(0)
		for _, id := range []tracker.DeviceID{van, bike, "anna:van8"} {
			eventually(t, "three fixes of "+string(id), func() bool { return slices.Equal(h.stored(id), []int{0, 1, 2}) })
		}
		watcher.wantMessages()
		p.put(1, "owntracks/anna/van7", "{", false)
		p.put(1, "owntracks/an na/van7", string(location(1)), false)
		p.put(1, "wg/1/stranger/up", "x", false)
		p.received(0)
		want := []string{"owntracks bad_json", "none foreign_topic", "none foreign_topic"}
		if got := h.quarantined(); !slices.Equal(got, want) {
			t.Errorf("quarantine %q, want %q", got, want)
		}
		if n := len(h.fleet.Devices()); n != 3 {
			t.Errorf("%d devices, want 3", n)
		}
	}
}

func TestLabAcknowledgesAfterTheCommit(t *testing.T) {
	var store *gate
	h := open(t, []tracker.DeviceID{van}, func(o *Options, g *gate) { o.Lab, store = true, g })
	p := h.anyone(4, "p", nil)
	store.pass = make(chan error)
	p.put(1, "owntracks/anna/van7", string(location(0)), false)
	p.put(1, "elsewhere", "x", false)
	p.want(packets.Puback, 2)
	p.wantNothing(quiet)
	store.pass <- nil
	p.want(packets.Puback, 1)
	close(store.pass)
}

// Many clients at once may be the first to speak for a device.
func TestLabEnrolsOnce(t *testing.T) {
	h := openLab(t)
	var clients sync.WaitGroup
	const n = 8
	for i := range n {
		p := h.anyone(4, string(rune('a'+i)), nil)
		clients.Go(func() {
			p.put(1, "owntracks/anna/van7", string(location(i)), false)
			p.want(packets.Puback, 1)
		})
	}
	clients.Wait()
	if got := h.stored(van); len(got) != n {
		t.Errorf("%d fixes are stored, want %d", len(got), n)
	}
	if len(h.fleet.Devices()) != 1 {
		t.Errorf("%d devices, want 1", len(h.fleet.Devices()))
	}
}

// TestLabWithMosquittoClients has programs of another kin talk over it.
func TestLabWithMosquittoClients(t *testing.T) {
	for _, name := range []string{"mosquitto_pub", "mosquitto_sub"} {
		needMosquitto(t, name)
	}
	h := openLab(t)
	host, port, err := net.SplitHostPort(h.broker.Addr().String())
	must(t, err)
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for _, qos := range []string{"0", "1", "2"} {
			topic := version + "/" + qos
			common := []string{"-h", host, "-p", port, "-V", version, "-q", qos}
			pub := exec.CommandContext(t.Context(), "mosquitto_pub", append(common, "-t", topic, "-r", "-l")...)
			pub.Stdin = strings.NewReader("one\n")
			if out, err := pub.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", topic, err, out)
			}
			sub := exec.CommandContext(t.Context(), "mosquitto_sub", append(common, "-t", version+"/#", "-t", topic, "-C", "1", "-W", "10", "-F", "%t %q %r %p")...)
			out, err := sub.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "1 one") {
				t.Errorf("%s: %v, received %q", topic, err, out)
			}
		}
	}
}
