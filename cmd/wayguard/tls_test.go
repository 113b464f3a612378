package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// writePair writes a self-signed certificate with a number, and its key, as a renewal
// does: beside the files, then renamed into their place.
func writePair(t *testing.T, dir string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	replaceFile(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func replaceFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// served is the number of the certificate that an address shows, 0 for none.
func served(address string) int64 {
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // It is looked at, not trusted.
	if err != nil {
		return 0
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// startSecure runs the real binary with the certificate of a folder, and returns
// the address of the boxes' door, too.
func startSecure(t *testing.T, dir string) (p *process, boxes string) {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p = &process{http: freeAddress(t), mqtt: freeAddress(t), output: new(lockedBuffer)}
	boxes = freeAddress(t)
	p.cmd = exec.Command(binary, "serve", "--data", t.TempDir(), "--http", p.http, "--mqtt", p.mqtt, "--teltonika", boxes,
		"--tls-cert", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem"))
	p.cmd.Env = append(os.Environ(), "WAYGUARD_ADMIN_TOKEN="+testToken)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.exited = make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(p.exited) }()
	t.Cleanup(p.kill)
	eventually(t, "the server answers", func() bool { return served(p.http) != 0 && served(p.mqtt) != 0 })
	return p, boxes
}

// sendSecure asks the API over TLS.
func (p *process) sendSecure(t *testing.T, method, path, body string) []byte {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	req, err := http.NewRequest(method, "https://"+p.http+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, answer, err)
	}
	return answer
}

// TestDeviceShowsCertificate gives a device a certificate over HTTPS, with which
// it reports over MQTT until it is given another one.
func TestDeviceShowsCertificate(t *testing.T) {
	dir := t.TempDir()
	writePair(t, dir, 1)
	p, _ := startSecure(t, dir)
	var made struct {
		Certificate struct{ Certificate, Key string }
		Setup       struct{ MQTT string }
	}
	if err := json.Unmarshal(p.sendSecure(t, http.MethodPost, "/api/v1/devices", `{"id":"ann:van","credential":"certificate"}`), &made); err != nil {
		t.Fatal(err)
	}
	if want := "mqtts://" + p.mqtt; made.Setup.MQTT != want {
		t.Errorf("the broker is said to be at %s, want %s", made.Setup.MQTT, want)
	}
	shown, err := tls.X509KeyPair([]byte(made.Certificate.Certificate), []byte(made.Certificate.Key))
	if err != nil {
		t.Fatal(err)
	}
	connect := func() (paho.Client, error) {
		c := paho.NewClient(paho.NewClientOptions().AddBroker("tls://" + p.mqtt).SetClientID("van").SetProtocolVersion(4).
			SetAutoReconnect(false).SetTLSConfig(&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{shown}}))
		t.Cleanup(func() { c.Disconnect(0) })
		token := c.Connect()
		token.WaitTimeout(10 * time.Second)
		return c, token.Error()
	}
	client, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	token := client.Publish("owntracks/ann/van", 1, false, fmt.Sprintf(`{"_type":"location","tst":%d,"lat":50,"lon":8}`, time.Now().Unix()))
	if !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatalf("publish: %v", token.Error())
	}
	if d := string(p.sendSecure(t, http.MethodGet, "/api/v1/devices/ann:van", "")); !strings.Contains(d, `"connected":true`) || !strings.Contains(d, `"lat":50`) {
		t.Errorf("the device is shown as %s", d)
	}
	p.sendSecure(t, http.MethodPost, "/api/v1/devices/ann:van/certificate", "")
	eventually(t, "the connection ends", func() bool { return !client.IsConnected() })
	if _, err := connect(); err == nil {
		t.Error("a replaced certificate signs in")
	}
}

// TestCertificateIsRenewed replaces the files under a running server.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	writePair(t, dir, 1)
	p, boxes := startSecure(t, dir)
	doors := []string{p.http, p.mqtt, boxes}
	all := func(number int64) func() bool {
		return func() bool {
			for _, door := range doors {
				if served(door) != number {
					return false
				}
			}
			return true
		}
	}
	eventually(t, "HTTP, MQTT and the boxes' door show the first certificate", all(1))
	writePair(t, dir, 2)
	eventually(t, "they show the second one", all(2))
	replaceFile(t, filepath.Join(dir, "cert.pem"), []byte("this is no certificate"))
	eventually(t, "the broken one is reported", func() bool {
		served(p.http) // A handshake has it looked at.
		return strings.Contains(p.output.String(), "stays in force")
	})
	if !all(2)() {
		t.Error("a broken certificate took the place of the one before")
	}
	if n := strings.Count(p.output.String(), "stays in force"); n != 1 {
		t.Errorf("it is reported %d times", n)
	}
	if err := os.Remove(filepath.Join(dir, "key.pem")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(lookEvery)
	if !all(2)() {
		t.Error("a missing key ends the certificate before")
	}
	writePair(t, dir, 3)
	eventually(t, "a third one is taken", all(3))
	metrics := string(p.sendSecure(t, http.MethodGet, "/metrics", ""))
	for _, line := range []string{"wayguard_tls_renewal_failures_total ", "wayguard_tls_renewals_total ", "wayguard_tls_expires_timestamp_seconds "} {
		if !strings.Contains(metrics, "\n"+line) || strings.Contains(metrics, "\n"+line+"0\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
}
