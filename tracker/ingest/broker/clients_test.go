package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wayguard/tracker"
)

func (h *house) paho(id tracker.DeviceID, scheme string, mend func(*paho.ClientOptions)) paho.Client {
	h.t.Helper()
	o := paho.NewClientOptions().AddBroker(scheme + "://" + h.broker.Addr().String()).
		SetClientID("phone").SetUsername(string(id)).SetPassword(h.secrets[id]).SetConnectRetry(false)
	if mend != nil {
		mend(o)
	}
	c := paho.NewClient(o)
	finish(h.t, c.Connect())
	h.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

func finish(t testing.TB, token paho.Token) {
	t.Helper()
	if !token.WaitTimeout(30 * time.Second) {
		t.Fatal("not acknowledged within 30 s")
	}
	must(t, token.Error())
}

func TestPahoAtEveryQoS(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	c := h.paho(van, "tcp", nil)
	for qos := range byte(3) {
		var tokens []paho.Token
		for i := range 50 {
			tokens = append(tokens, c.Publish(vanTopic, qos, true, location(100*int(qos)+i)))
		}
		for _, token := range tokens {
			finish(t, token)
		}
	}
	h.wantMetric(`publishes_total{outcome="acknowledged"}`, 150)
	if n := len(h.stored(van)); n != 150 {
		t.Errorf("%d stored, want 150", n)
	}
}

// A device that loses its connection sends what was not acknowledged again,
// and it is stored once.
func TestPahoReconnects(t *testing.T) {
	h := open(t, []tracker.DeviceID{van}, nil)
	c := h.paho(van, "tcp", func(o *paho.ClientOptions) {
		o.SetCleanSession(false).SetAutoReconnect(true).SetMaxReconnectInterval(50 * time.Millisecond)
	})
	const publishes = 300
	for i := range publishes {
		c.Publish(vanTopic, 1, false, location(i))
		if i%100 == 50 {
			for _, conn := range h.broker.roster.all() {
				_ = conn.Close()
			}
		}
	}
	eventually(t, "all is stored", func() bool { return len(h.stored(van)) >= publishes })
	var want []int
	for i := range publishes {
		want = append(want, i)
	}
	h.wantStored(van, want...)
}

func TestTLS(t *testing.T) {
	certificate, pool := selfSigned(t)
	h := open(t, []tracker.DeviceID{van}, func(o *Options, _ *gate) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	})
	c := h.paho(van, "tls", func(o *paho.ClientOptions) { o.SetTLSConfig(&tls.Config{RootCAs: pool}) })
	finish(t, c.Publish(vanTopic, 1, false, location(1)))
	h.wantStored(van, 1)
	plain := h.dial(4)
	_, err := plain.conn.Write([]byte("this is not the greeting of TLS"))
	must(t, err)
	for {
		// The alert that may come is no MQTT.
		if _, err := plain.conn.Read(make([]byte, 64)); err != nil {
			break
		}
	}
	h.wantMetric(`connects_refused_total{reason="closed"}`, 1)
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// needMosquitto finds one of Mosquitto's clients or skips.
func needMosquitto(t *testing.T, name string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		message := "needs " + name + ": apt-get install mosquitto-clients"
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "mosquitto") {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return program
}

func TestMosquittoPublishes(t *testing.T) {
	program := needMosquitto(t, "mosquitto_pub")
	h := open(t, []tracker.DeviceID{van}, nil)
	host, port, err := net.SplitHostPort(h.broker.Addr().String())
	must(t, err)
	publish := func(more ...string) error {
		args := append([]string{"-h", host, "-p", port, "-u", string(van), "-P", h.secrets[van], "-t", vanTopic, "-l"}, more...)
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Stdin = strings.NewReader(string(location(len(h.stored(van)))) + "\n" + string(location(len(h.stored(van))+1)) + "\n")
		out, err := cmd.CombinedOutput()
		t.Logf("mosquitto_pub %s: %s", strings.Join(more, " "), out)
		return err
	}
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for _, qos := range []string{"1", "2"} {
			must(t, publish("-V", version, "-q", qos, "--will-topic", vanTopic, "--will-payload", `{"_type":"lwt"}`, "--will-retain"))
		}
	}
	h.wantStored(van, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	if err := publish("-P", "guess"); err == nil {
		t.Error("a wrong secret is no error")
	}
	if err := publish("--will-topic", "owntracks/bert/bike2", "--will-payload", "x"); err == nil {
		t.Error("a will elsewhere is no error")
	}
}
