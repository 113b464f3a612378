package tracker

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzParseRequest: what is refused is a bad request, what is taken can be
// certified.
func FuzzParseRequest(f *testing.F) {
	seeds, err := filepath.Glob("testdata/csr/*.pem")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := parseRequest(seed); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.Add(seed)
	}
	value, err := makeAuthority(time.Now())
	if err != nil {
		f.Fatal(err)
	}
	a, err := parseAuthority(value)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		public, err := parseRequest(request)
		if err != nil {
			if public != nil || !errors.Is(err, ErrCertificateRequest) {
				t.Fatalf("%v, %v", public, err)
			}
			return
		}
		c, serial, err := a.issue("van", Ask{Certificate: true, Request: request}, time.Now())
		if err != nil || c.Key != "" || len(serial) != 16 {
			t.Fatalf("accepted, then %v", err)
		}
	})
}

// TestSerials: the number that is compared must be the one that a certificate
// gives back.
func TestSerials(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		serial := newSerial()
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: serial}, &x509.Certificate{}, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil || !bytes.Equal(c.SerialNumber.Bytes(), serial.Bytes()) || len(serial.Bytes()) != 16 {
			t.Fatalf("%x came back as %x, %v", serial, c.SerialNumber, err)
		}
	}
}
