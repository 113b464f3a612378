package email_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"wayguard/notify/email"
)

func pemKey(t testing.TB, kind string, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ed25519Key(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signingKey(t testing.TB, text []byte) *email.SigningKey {
	t.Helper()
	key, err := email.ParseSigningKey("example.com", "wg", text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What arrives verifies against the record that is published, and no more once
// a byte or a header is another.
func TestSignature(t *testing.T) {
	small := rsaKey(t, 2048)
	for name, text := range map[string][]byte{
		"rsa":     pemKey(t, "PRIVATE KEY", small),
		"rsa old": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)}),
		"ed25519": pemKey(t, "PRIVATE KEY", ed25519Key(t)),
	} {
		t.Run(name, func(t *testing.T) {
			key := signingKey(t, text)
			s := startMailServer(t, email.Plain)
			o := s.options(email.Plain)
			o.Key = key
			o.Unsubscribe = email.Unsubscribe{PublicURL: &url.URL{Scheme: "https", Host: "fleet.example"}, Suppressed: openSuppressed(t)}
			if _, err := send(t, newCarrier(t, o), message("m")); err != nil {
				t.Fatal(err)
			}
			mails, _ := s.mails()
			got := mails[0].text
			v := verify(t, key, got)
			if v.Err != nil || v.Domain != "example.com" {
				t.Errorf("%+v", v)
			}
			for _, header := range []string{"From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"} {
				if !slices.ContainsFunc(v.HeaderKeys, func(k string) bool { return strings.EqualFold(k, header) }) {
					t.Errorf("%s is not signed", header)
				}
			}
			for name, forged := range map[string]string{
				"text":           strings.Replace(got, "Guten", "Boese", 1),
				"subject":        "Subject: other\r\n" + got,
				"another sender": strings.Replace(got, "\r\nFrom:", "\r\nFrom: x@example.net\r\nFrom:", 1),
				"link":           strings.Replace(got, "fleet.example/unsub", "other.example/unsub", 1),
			} {
				if forged == got || verify(t, key, forged).Err == nil {
					t.Errorf("a forged %s passes", name)
				}
			}
		})
	}
}

func verify(t *testing.T, key *email.SigningKey, text string) *dkim.Verification {
	t.Helper()
	name, record, err := key.Record()
	if err != nil {
		t.Fatal(err)
	}
	found, err := dkim.VerifyWithOptions(strings.NewReader(text), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
		if domain != name {
			return nil, fmt.Errorf("asked for %s", domain)
		}
		return []string{record}, nil
	}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d signatures, %v", len(found), err)
	}
	return found[0]
}

func TestBadKeys(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	for name, text := range map[string][]byte{
		"empty":     nil,
		"text":      []byte("no key"),
		"short":     pemKey(t, "PRIVATE KEY", rsaKey(t, 768)),
		"curve":     pemKey(t, "PRIVATE KEY", curve),
		"encrypted": pemKey(t, "ENCRYPTED PRIVATE KEY", ed25519Key(t)),
		"damaged":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
	} {
		if _, err := email.ParseSigningKey("example.com", "wg", text); !errors.Is(err, email.ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, names := range [][2]string{{"", "wg"}, {"example.com", ""}} {
		if _, err := email.ParseSigningKey(names[0], names[1], pemKey(t, "PRIVATE KEY", ed25519Key(t))); !errors.Is(err, email.ErrOptions) {
			t.Errorf("%v: %v", names, err)
		}
	}
}
