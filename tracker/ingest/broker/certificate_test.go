package broker

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wayguard/tracker"
)

// secured is a house that speaks TLS; roots are what its own certificate is
// verified by.
func secured(t *testing.T, devices ...tracker.DeviceID) (h *house, roots *x509.CertPool, server tls.Certificate) {
	t.Helper()
	server, roots = selfSigned(t)
	h = open(t, devices, func(o *Options, _ *gate) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{server}}
	})
	return h, roots, server
}

// certify gives a device a certificate in place of its secret.
func (h *house) certify(id tracker.DeviceID, ask tracker.Ask) tls.Certificate {
	h.t.Helper()
	ask.Certificate = true
	c, err := h.fleet.Renew(h.t.Context(), id, ask)
	must(h.t, err)
	pair, err := tls.X509KeyPair([]byte(c.Certificate.Certificate), []byte(c.Certificate.Key))
	must(h.t, err)
	return pair
}

// showing connects with a certificate and without a secret.
func (h *house) showing(user string, roots *x509.CertPool, shown ...tls.Certificate) (paho.Client, error) {
	h.t.Helper()
	o := paho.NewClientOptions().AddBroker("tls://" + h.broker.Addr().String()).SetClientID("tracker").
		SetUsername(user).SetConnectRetry(false).SetAutoReconnect(false).SetProtocolVersion(4).
		SetTLSConfig(&tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(shown) == 0 {
				return new(tls.Certificate), nil
			}
			return &shown[0], nil // Whoever may have signed it.
		}})
	c := paho.NewClient(o)
	token := c.Connect()
	if !token.WaitTimeout(30 * time.Second) {
		h.t.Fatal("no answer within 30 s")
	}
	h.t.Cleanup(func() { c.Disconnect(0) })
	return c, token.Error()
}

func TestCertificateSignsIn(t *testing.T) {
	h, roots, _ := secured(t, van, bike)
	pair := h.certify(van, tracker.Ask{})
	for i, user := range []string{"", string(van), "anna"} {
		c, err := h.showing(user, roots, pair)
		if err != nil {
			t.Fatalf("as %q: %v", user, err)
		}
		finish(t, c.Publish(vanTopic, 1, false, location(i)))
		finish(t, c.Publish("owntracks/bert/bike2", 1, false, location(i)))
		c.Disconnect(100)
	}
	h.wantStored(van, 0, 1, 2)
	h.wantStored(bike)
	if _, err := h.showing(string(bike), roots, pair); err == nil {
		t.Error("a certificate signs in under the name of another device")
	}
	if _, err := h.showing(string(van), roots); err == nil {
		t.Error("neither certificate nor secret sign in")
	}
	// Devices with a secret are asked for no certificate.
	finish(t, h.paho(bike, "tls", func(o *paho.ClientOptions) { o.SetTLSConfig(&tls.Config{RootCAs: roots}) }).
		Publish("owntracks/bert/bike2", 1, false, location(9)))
	h.wantStored(bike, 9)
}

// A certificate ends with the next credential, and what was opened with it is
// closed at once.
func TestRevokedCertificate(t *testing.T) {
	for name, revoke := range map[string]func(*house) error{
		"rotated":   func(h *house) error { h.certify(van, tracker.Ask{}); return nil },
		"to secret": func(h *house) error { _, err := h.fleet.RotateSecret(h.t.Context(), van); return err },
		"deleted":   func(h *house) error { return h.fleet.DeleteDevice(h.t.Context(), van, tracker.AnyVersion) },
	} {
		t.Run(name, func(t *testing.T) {
			h, roots, _ := secured(t, van)
			pair := h.certify(van, tracker.Ask{})
			c, err := h.showing("", roots, pair)
			must(t, err)
			must(t, revoke(h))
			eventually(t, "the connection is closed", func() bool { return !c.IsConnected() })
			if _, err := h.showing("", roots, pair); err == nil {
				t.Error("it still signs in")
			}
			h.wantMetric(`connects_refused_total{reason="revoked_certificate"}`, 1)
			h.wantMetric(`disconnects_total{reason="revoked"}`, 1)
		})
	}
}

// With a grace, the device goes on until it uses the new certificate.
func TestCertificateInGrace(t *testing.T) {
	h, roots, _ := secured(t, van)
	old := h.certify(van, tracker.Ask{})
	c, err := h.showing("", roots, old)
	must(t, err)
	next := h.certify(van, tracker.Ask{Grace: time.Hour})
	finish(t, c.Publish(vanTopic, 1, false, location(1)))
	again, err := h.showing("", roots, old)
	must(t, err)
	_ = c // It was taken over by the second one under its client id.
	fresh := h.paho(van, "tls", func(o *paho.ClientOptions) {
		o.SetClientID("new").SetPassword("").SetTLSConfig(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{next}})
	})
	eventually(t, "what the old one opened is closed", func() bool { return !again.IsConnected() })
	finish(t, fresh.Publish(vanTopic, 1, false, location(2)))
	if _, err := h.showing("", roots, old); err == nil {
		t.Error("the old certificate works after the new one was used")
	}
	h.wantStored(van, 1, 2)
}

// Certificates of other authorities, though they bear a device's name, and
// expired ones are worth nothing.
func TestForeignCertificates(t *testing.T) {
	h, roots, _ := secured(t, van)
	pair := h.certify(van, tracker.Ask{})
	genuine, err := x509.ParseCertificate(pair.Certificate[0])
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	forge := func(parent *x509.Certificate, signer *ecdsa.PrivateKey, serial *big.Int) tls.Certificate {
		leaf := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: string(van)},
			NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer)
		must(t, err)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	ownCA := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: h.fleet.DeviceAuthority().Subject, IsCA: true, BasicConstraintsValid: true}
	chained := forge(genuine, pair.PrivateKey.(*ecdsa.PrivateKey), genuine.SerialNumber)
	chained.Certificate = append(chained.Certificate, pair.Certificate[0])
	short := h.certify(van, tracker.Ask{Valid: time.Second})
	time.Sleep(1100 * time.Millisecond)
	for name, shown := range map[string]tls.Certificate{
		"of an authority of the same name": forge(ownCA, key, genuine.SerialNumber),
		"signed by a device":               chained,
		"expired":                          short,
	} {
		if _, err := h.showing("", roots, shown); err == nil {
			t.Errorf("a certificate %s signs in", name)
		}
	}
	h.wantMetric(`connects_refused_total{reason="bad_certificate"}`, 3)
}

// TestMosquittoShowsCertificate has the key made by OpenSSL and stay with the
// device.
func TestMosquittoShowsCertificate(t *testing.T) {
	program, err := exec.LookPath("mosquitto_pub")
	openssl, err2 := exec.LookPath("openssl")
	if err != nil || err2 != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "mosquitto") {
			t.Fatal("mosquitto_pub and openssl are required: apt-get install mosquitto-clients openssl")
		}
		t.Skip("needs mosquitto_pub and openssl: apt-get install mosquitto-clients openssl")
	}
	h, _, server := secured(t, van)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	out, err := exec.CommandContext(t.Context(), openssl, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes", "-keyout", file("key.pem"), "-out", file("csr.pem"), "-subj", "/CN=whatever").CombinedOutput()
	if err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	request, err := os.ReadFile(file("csr.pem"))
	must(t, err)
	c, err := h.fleet.Renew(t.Context(), van, tracker.Ask{Certificate: true, Request: request})
	must(t, err)
	must(t, os.WriteFile(file("cert.pem"), []byte(c.Certificate.Certificate), 0o600))
	var root bytes.Buffer
	must(t, pem.Encode(&root, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate[0]}))
	must(t, os.WriteFile(file("root.pem"), root.Bytes(), 0o600))
	host, port, _ := strings.Cut(h.broker.Addr().String(), ":")
	out, err = exec.CommandContext(t.Context(), program, "-h", host, "-p", port, "--cafile", file("root.pem"),
		"--cert", file("cert.pem"), "--key", file("key.pem"), "-q", "1", "-t", vanTopic, "-m", string(location(5))).CombinedOutput()
	if err != nil {
		t.Fatalf("mosquitto_pub: %v\n%s", err, out)
	}
	h.wantStored(van, 5)
}
