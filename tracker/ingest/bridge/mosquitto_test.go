package bridge

import (
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// mosquitto is a real broker that keeps sessions and messages over restarts.
type mosquitto struct {
	t       testing.TB
	dir     string
	at      string // the address of its listener
	process *exec.Cmd
}

// startMosquitto skips the test where Mosquitto is not installed, and fails it
// where that is demanded. extra belongs to its only listener.
func startMosquitto(t testing.TB, extra ...string) *mosquitto {
	t.Helper()
	m := &mosquitto{t: t, dir: t.TempDir(), at: freeAddress(t)}
	_, port, err := net.SplitHostPort(m.at)
	must(t, err)
	// Started by root, it would turn into a user who may not read dir.
	config := []string{"user root", "listener " + port + " 127.0.0.1"}
	config = append(config, extra...)
	config = append(config, "persistence true", "persistence_location "+m.dir+"/", "max_queued_messages 0")
	if !slices.ContainsFunc(extra, func(s string) bool { return strings.HasPrefix(s, "require_certificate") }) {
		config = append(config, "allow_anonymous true")
	}
	must(t, os.WriteFile(filepath.Join(m.dir, "mosquitto.conf"), []byte(strings.Join(config, "\n")+"\n"), 0o600))
	m.start()
	t.Cleanup(m.kill)
	return m
}

func (m *mosquitto) start() {
	m.t.Helper()
	m.process = exec.Command(findMosquitto(m.t), "-c", filepath.Join(m.dir, "mosquitto.conf"))
	must(m.t, m.process.Start())
	eventually(m.t, "mosquitto listens", func() bool {
		conn, err := net.Dial("tcp", m.at)
		return err == nil && conn.Close() == nil
	})
}

// findMosquitto also looks where Debian puts daemons, which is not in every
// PATH.
func findMosquitto(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const message = "needs mosquitto: apt-get install mosquitto"
	if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "mosquitto") {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// kill ends the broker without a chance to save anything.
func (m *mosquitto) kill() {
	if m.process == nil {
		return
	}
	_ = m.process.Process.Kill()
	_ = m.process.Wait()
	m.process = nil
}

// save makes what the broker has acknowledged so far survive a kill.
func (m *mosquitto) save() {
	m.t.Helper()
	file := filepath.Join(m.dir, "mosquitto.db")
	_ = os.Remove(file)
	must(m.t, m.process.Process.Signal(syscall.SIGUSR1))
	eventually(m.t, "mosquitto saves", func() bool { _, err := os.Stat(file); return err == nil })
}

// publisher stands for the devices of the upstream broker.
type publisher struct {
	t      testing.TB
	client mqtt.Client
}

func (m *mosquitto) publisher() *publisher {
	m.t.Helper()
	return publisherOver(m.t, "tcp://"+m.at, nil)
}

func publisherOver(t testing.TB, address string, config *tls.Config) *publisher {
	t.Helper()
	p := &publisher{t, mqtt.NewClient(mqtt.NewClientOptions().AddBroker(address).SetTLSConfig(config).SetAutoReconnect(false))}
	p.must(p.client.Connect())
	t.Cleanup(func() { p.client.Disconnect(0) })
	return p
}

// publish returns when the broker has acknowledged.
func (p *publisher) publish(topic string, retained bool, payload []byte) {
	p.t.Helper()
	p.must(p.client.Publish(topic, 1, retained, payload))
}

// locations publishes those of seconds from to to-1 of a device.
func (p *publisher) locations(topic string, from, to int) {
	p.t.Helper()
	tokens := make([]mqtt.Token, 0, to-from)
	for n := from; n < to; n++ {
		tokens = append(tokens, p.client.Publish(topic, 1, false, location(n)))
	}
	for _, token := range tokens {
		p.must(token)
	}
}

func (p *publisher) must(token mqtt.Token) {
	p.t.Helper()
	if !token.WaitTimeout(10 * time.Second) {
		p.t.Fatal("the broker does not answer")
	}
	must(p.t, token.Error())
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}
