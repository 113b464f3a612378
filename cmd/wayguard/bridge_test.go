package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/ingest/bridge"
	"wayguard/tracker/ingest/native"
)

// startUpstream runs Mosquitto as the broker that devices report to.
func startUpstream(t *testing.T) (address string) {
	t.Helper()
	program := needMosquitto(t, "mosquitto")
	address = freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "mosquitto.conf")
	text := "user root\nlistener " + port + " 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	broker := exec.Command(program, "-c", config)
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = broker.Process.Kill()
		_ = broker.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("mosquitto does not listen: %v", err)
		}
	}
}

// TestUpstreamKill kills the server, and never the other broker, while devices
// publish there: whatever that broker acknowledged is stored, once.
func TestUpstreamKill(t *testing.T) {
	const kills, seed = 5, 17
	rng := rand.New(rand.NewPCG(seed, seed))
	address := startUpstream(t)
	p := startServe(t, t.TempDir(), "--mqtt-upstream", "tcp://"+address)
	p.drawFences(t)
	fleet := p.enrol(t, "shuttle", 3, 1)
	eventually(t, "the session with the other broker", func() bool { return p.metric(t, "wayguard_upstream_connected") == 1 })

	stop := make(chan struct{})
	var publishing sync.WaitGroup
	for _, r := range fleet {
		publishing.Go(func() { r.stay(address, stop, unhurried(stop)) })
	}
	for range kills {
		time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
		p.kill()
		time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
		p.launch(t, "serve", "--data", p.dir, "--http", p.http, "--mqtt", p.mqtt, "--mqtt-upstream", "tcp://"+address)
	}
	close(stop)
	publishing.Wait()
	for _, r := range fleet {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			if len(lost(r.got(), p.stored(t, r.id))) == 0 {
				break
			}
		}
	}
	total, _ := p.audit(t, fleet...)
	t.Logf("seed %d: %d positions over %d kills", seed, total, kills)
	if total < kills*100 {
		t.Errorf("only %d positions were acknowledged: the test shows nothing", total)
	}
	if p.metric(t, "wayguard_upstream_in_flight") != 0 {
		t.Error("messages in flight at rest")
	}
	p.interrupt(t)
}

// unhurried drives at a pace that leaves the server time to be killed in the
// middle.
func unhurried(stop <-chan struct{}) func() (message, bool) {
	drive := shuttle{next: shuttleStart()}
	return func() (message, bool) {
		select {
		case <-stop:
			return message{}, false
		case <-time.After(2 * time.Millisecond):
			return drive.drive()
		}
	}
}

func openUpstream(u upstream) error {
	_, err := u.open(bridge.Options{Fleet: new(tracker.Fleet), Doors: []tracker.Door{native.Door{}}})
	return err
}

func TestUpstreamFlags(t *testing.T) {
	t.Setenv(upstreamPasswordVariable, "")
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const at = "tls://broker:8883"
	for name, test := range map[string]struct {
		flags upstream
		says  string
	}{
		"no broker":        {upstream{User: "u"}, "--mqtt-upstream tls://"},
		"share, no id":     {upstream{Address: at, Share: "g"}, "--mqtt-upstream-client-id"},
		"credentials":      {upstream{Address: "tls://u:hunter2@broker:8883"}, "credentials"},
		"no port":          {upstream{Address: "tls://broker"}, "port"},
		"CA missing":       {upstream{Address: at, CA: filepath.Join(dir, "none")}, "--mqtt-upstream-ca"},
		"CA empty":         {upstream{Address: at, CA: empty}, "--mqtt-upstream-ca"},
		"key alone":        {upstream{Address: at, Key: empty}, "--mqtt-upstream-cert"},
		"bad key":          {upstream{Address: at, Key: empty, Cert: empty}, "--mqtt-upstream-key"},
		"password missing": {upstream{Address: at, User: "u", PasswordFile: filepath.Join(dir, "none")}, "--mqtt-upstream-password-file"},
		"password empty":   {upstream{Address: at, User: "u", PasswordFile: empty}, "empty"},
	} {
		err := openUpstream(test.flags)
		if wrong := new(inputError); !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := openUpstream(upstream{Address: at}); err != nil {
		t.Errorf("an address alone: %v", err)
	}
	if err := openUpstream(upstream{}); err != nil {
		t.Errorf("nothing: %v", err)
	}
}
