package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// nuisance is a client that means no good, once connected; it returns when the
// connection is of no more use to it.
type nuisance func(conn net.Conn) error

// garbage sends what is no MQTT.
func garbage(conn net.Conn) error {
	b := make([]byte, 1+rand.IntN(4000))
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	if _, err := conn.Write(b); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

// slowConnect sends a good CONNECT, a byte a second.
func slowConnect(conn net.Conn) error {
	for _, b := range connectPacket("slow", "slow", "slow") {
		if _, err := conn.Write([]byte{b}); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return nil
}

// deaf signs in as the device, publishes as fast as it can and never reads an
// acknowledgement.
func (r *radio) deaf(conn net.Conn) error {
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	if _, err := conn.Write(connectPacket(fmt.Sprint(rand.Uint32()), r.id, r.secret)); err != nil {
		return err
	}
	tst := shuttleStart() + rand.Int64N(3600)
	for packet := uint16(1); ; packet = max(1, packet+1) {
		tst++
		if _, err := conn.Write(publishPacket(r.topic, packet, shuttleMessage(tst).payload, false)); err != nil {
			return err
		}
	}
}

// pester has a nuisance connect again and again.
func pester(address string, n nuisance) {
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = n(conn)
			conn.Close()
		}
		time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
	}
}

// The variable in which TestNuisances tells a process of its own, so that what
// that needs is not taken for the server's slowness, which nuisance to be, where,
// and as which device.
const nuisanceVariable = "WAYGUARD_TEST_NUISANCE"

// TestBeANuisance is what that process runs: connections until it is killed or
// its input ends, which it does with the test.
func TestBeANuisance(t *testing.T) {
	kind, rest, told := strings.Cut(os.Getenv(nuisanceVariable), " ")
	if !told {
		t.Skip("started by TestNuisances only")
	}
	var address string
	var r radio
	if _, err := fmt.Sscan(rest, &address, &r.id, &r.secret); err != nil {
		t.Fatal(err)
	}
	r.topic = "owntracks/" + ownTracksPath(r.id)
	for range nuisances {
		go pester(address, map[string]nuisance{"garbage": garbage, "slow": slowConnect, "deaf": r.deaf}[kind])
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// nuisances is how many connections there are of each kind.
const nuisances = 700

// TestNuisances has 2,000 connections send garbage, take their time or never
// listen, while 200 devices go on: these hardly notice, and the server's memory
// stays within bounds.
func TestNuisances(t *testing.T) {
	trouble(t)
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	good := p.enrol(t, "steady", steadyDevices, 20)
	bad := p.enrol(t, "deaf", 1, 0)[0]
	stop := p.steady(good)
	time.Sleep(time.Second)
	begun := time.Now()
	time.Sleep(2 * time.Second)
	before := delaysOf(t, good, begun, time.Now())
	wantQuick(t, "before", before, before)
	phases := [][]string{{"garbage", "slow", "deaf"}}
	if long() {
		phases = append(phases, []string{"garbage"}, []string{"slow"}, []string{"deaf"})
	}
	for _, kinds := range phases {
		what := "beside " + strings.Join(kinds, " and ")
		begun, most := time.Now(), p.pestered(t, kinds, bad)
		wantQuick(t, what, delaysOf(t, good, begun, time.Now()), before)
		t.Logf("%s: %.0f MB of memory at most", what, most/1e6)
		if most > 300e6 {
			t.Errorf("%s: the server took %.0f MB", what, most/1e6)
		}
	}
	stop()
	for _, reason := range []string{"protocol", "closed"} {
		if n := p.metric(t, `wayguard_mqtt_connects_refused_total{reason="`+reason+`"}`); n < nuisances {
			t.Errorf("%v connections were refused for %q", n, reason)
		}
	}
	p.audit(t, good...)
}

// pestered lets nuisances of some kinds loose for a while, and returns what
// memory the server took at most.
func (p *process) pestered(t *testing.T, kinds []string, r *radio) (most float64) {
	t.Helper()
	for _, kind := range kinds {
		defer p.startNuisance(t, kind, r)()
	}
	for range times(5, 30) {
		time.Sleep(time.Second)
		most = max(most, p.metric(t, "process_resident_memory_bytes"))
	}
	return most
}

// startNuisance starts a process with connections of a kind; end kills it. It has
// what the others leave of the machine, as nuisances come from other ones.
func (p *process) startNuisance(t *testing.T, kind string, r *radio) (end func()) {
	t.Helper()
	cmd := exec.Command("nice", "-n", "10", os.Args[0], "-test.run=^TestBeANuisance$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s %s", nuisanceVariable, kind, p.mqtt, r.id, r.secret))
	life, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		_ = life.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(end)
	return end
}
