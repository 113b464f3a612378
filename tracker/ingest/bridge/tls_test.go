package bridge

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
	dir := t.TempDir()
	authority := newAuthority(t)
	must(t, os.WriteFile(filepath.Join(dir, "ca.pem"), authority.pem(), 0o600))
	authority.issue(t, dir, "broker")
	client := authority.issue(t, dir, "wayguard")
	m := startMosquitto(t, "cafile "+dir+"/ca.pem", "certfile "+dir+"/broker.pem", "keyfile "+dir+"/broker.key",
		"require_certificate true", "use_identity_as_username true")
	h := open(t, van)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.pem())

	for name, config := range map[string]*tls.Config{
		"a broker of an unknown authority": {Certificates: []tls.Certificate{client}},
		"no client certificate":            {RootCAs: roots},
		"one of another authority":         {RootCAs: roots, Certificates: []tls.Certificate{newAuthority(t).issue(t, t.TempDir(), "wayguard")}},
	} {
		b := h.bridge("tls://"+m.at, func(o *Options) { o.TLS = config })
		eventually(t, name+" fails", func() bool { return b.metric("failures_total") > 0 })
		if b.stop(); b.metric("connects_total") != 0 {
			t.Errorf("%s: connected", name)
		}
	}
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}}
	h.bridge("tls://"+m.at, func(o *Options) { o.TLS = config }).connected()
	publisherOver(t, "tls://"+m.at, config).locations(vanTopic, 0, 50)
	h.wantStored(van, 50)
}

// authority signs certificates for 127.0.0.1.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	certificate, err := x509.ParseCertificate(der)
	must(t, err)
	return authority{key, certificate}
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// issue leaves NAME.pem and NAME.key in dir.
func (a authority) issue(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	must(t, os.WriteFile(filepath.Join(dir, name+".pem"), chain, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, name+".key"), secret, 0o600))
	certificate, err := tls.X509KeyPair(chain, secret)
	must(t, err)
	return certificate
}
