package device

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	roots := writeCertificate(t, dir)
	broker := startMosquitto(t, "certfile "+dir+"/cert.pem\nkeyfile "+dir+"/key.pem")

	stranger := runDevice(t, Options{Broker: "tls://" + broker.address()})
	time.Sleep(300 * time.Millisecond)
	if err := stranger.stop(); err != nil {
		t.Error(err)
	}
	if s := stranger.Stats(); s.Connects != 0 {
		t.Error("a device without the root certificate trusted the broker")
	}

	d := runDevice(t, Options{Broker: "tls://" + broker.address(), TLS: &tls.Config{RootCAs: roots}})
	if err := d.Send(t.Context(), report(0)); err != nil {
		t.Fatal(err)
	}
	d.flush(t)
	if err := d.stop(); err != nil {
		t.Error(err)
	}
}

// writeCertificate leaves cert.pem and key.pem for 127.0.0.1 in dir.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "broker"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", cert)
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", private)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	return pool
}

func writePEM(t *testing.T, path, kind string, bytes []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
		t.Fatal(err)
	}
}
