package tracker_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/tracker"
)

func (r *running) renew(t *testing.T, id tracker.DeviceID, ask tracker.Ask) tracker.Credential {
	t.Helper()
	c, err := r.Renew(t.Context(), id, ask)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantSecrets wants to know which of the secrets, in order, sign a device in.
func (r *running) wantSecrets(t *testing.T, when string, id tracker.DeviceID, secrets []string, want ...bool) {
	t.Helper()
	for i, secret := range secrets {
		if _, ok := r.Authenticate(string(id), secret); ok != want[i] {
			t.Errorf("%s: secret %d signs in: %v", when, i, ok)
		}
	}
}

// inGrace runs a test with a van that was given two secrets, the second with a
// grace of an hour, and has only the first.
func inGrace(t *testing.T, test func(t *testing.T, r *running, secrets []string)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		first, err := r.CreateDevice(t.Context(), tracker.Device{ID: "van"})
		if err != nil {
			t.Fatal(err)
		}
		second := r.renew(t, "van", tracker.Ask{Grace: time.Hour}).Secret
		test(t, r, []string{first, second})
		r.stop()
	})
}

func TestGraceEnds(t *testing.T) {
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		login, ok := r.SignIn("van", secrets[0])
		if !ok {
			t.Fatal("the old secret does not work in its grace")
		}
		revoked := 0
		r.OnRevoke(func(tracker.DeviceID) { revoked++ })
		time.Sleep(time.Hour - time.Second)
		if !r.Holds(login) {
			t.Error("a connection made with the old secret ends in its grace")
		}
		r.wantSecrets(t, "before the end", "van", secrets[:1], true)
		time.Sleep(time.Second)
		r.wantSecrets(t, "at the end", "van", secrets[:1], false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r.Holds(login) || revoked != 1 {
			t.Errorf("connections made with the old secret are told to end %d times, want once", revoked)
		}
		r.wantSecrets(t, "after it", "van", secrets, false, true)
	})
}

func TestGraceEndsWithTheFirstUse(t *testing.T) {
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		old, _ := r.SignIn("van", secrets[0])
		login, ok := r.SignIn("van", secrets[1])
		if !ok {
			t.Fatal("the new secret does not work")
		}
		synctest.Wait()
		r.wantSecrets(t, "after the first use", "van", secrets, false, true)
		if r.Holds(old) || !r.Holds(login) {
			t.Errorf("connections hold: old %v, new %v", r.Holds(old), r.Holds(login))
		}
		killed := r.crash(t)
		killed.wantSecrets(t, "after a kill", "van", secrets, false, true)
		killed.stop()
	})
}

func TestGraceOutlivesAKill(t *testing.T) {
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		killed := r.crash(t)
		killed.wantSecrets(t, "after a kill", "van", secrets[:1], true)
		time.Sleep(time.Hour)
		killed.wantSecrets(t, "an hour later", "van", secrets, false, true)
		killed.stop()
	})
}

// A device that never got its second secret must not be locked out by a third.
func TestRotatedTwiceInGrace(t *testing.T) {
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		third := r.renew(t, "van", tracker.Ask{Grace: time.Hour}).Secret
		r.wantSecrets(t, "rotated twice", "van", []string{secrets[0], secrets[1]}, true, false)
		r.wantSecrets(t, "the third", "van", []string{third}, true)
	})
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		r.wantSecrets(t, "the second is used", "van", secrets[1:], true)
		third := r.renew(t, "van", tracker.Ask{Grace: time.Hour}).Secret
		synctest.Wait()
		r.wantSecrets(t, "rotated after the use", "van", secrets, false, true)
		r.wantSecrets(t, "the third", "van", []string{third}, true)
	})
	inGrace(t, func(t *testing.T, r *running, secrets []string) {
		third := r.renew(t, "van", tracker.Ask{}).Secret
		r.wantSecrets(t, "rotated without grace", "van", append(secrets, third), false, false, true)
	})
}

// In a grace, reports are sealed with what belongs to the credential that the
// device has.
func TestFrameSecretInGrace(t *testing.T) {
	r := start(t, newFile(t))
	made, err := r.AddDevice(t.Context(), tracker.Device{ID: "van"}, tracker.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, secret []byte) {
		t.Helper()
		if got, ok := r.FrameSecret("van"); !ok || !bytes.Equal(got, secret) {
			t.Errorf("%s: another frame secret than the device has", when)
		}
	}
	want("new", made.FrameSecret)
	second := r.renew(t, "van", tracker.Ask{Grace: time.Hour})
	third := r.renew(t, "van", tracker.Ask{Grace: time.Hour})
	want("rotated twice in a grace", made.FrameSecret)
	if bytes.Equal(second.FrameSecret, third.FrameSecret) || bytes.Equal(made.FrameSecret, third.FrameSecret) {
		t.Error("a rotation leaves the frame secret as it was")
	}
	r.wantSecrets(t, "the third", "van", []string{third.Secret}, true)
	want("at once after the first use", third.FrameSecret)
	fourth := r.renew(t, "van", tracker.Ask{})
	want("without grace", fourth.FrameSecret)
}

// certify gives a device a certificate and returns it parsed.
func (r *running) certify(t *testing.T, id tracker.DeviceID, ask tracker.Ask) (tracker.Credential, *x509.Certificate) {
	t.Helper()
	ask.Certificate = true
	c := r.renew(t, id, ask)
	return c, parseCertificate(t, c.Certificate.Certificate)
}

func parseCertificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		t.Fatalf("not one block of PEM: %q", text)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificates(t *testing.T) {
	path := newFile(t)
	r := start(t, path)
	secret, err := r.CreateDevice(t.Context(), tracker.Device{ID: "ann:van"})
	if err != nil {
		t.Fatal(err)
	}
	made, leaf := r.certify(t, "ann:van", tracker.Ask{})
	if _, err := tls.X509KeyPair([]byte(made.Certificate.Certificate), []byte(made.Certificate.Key)); err != nil {
		t.Errorf("certificate and key: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(made.Certificate.Authority))
	verify := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := leaf.Verify(verify); err != nil {
		t.Errorf("verify: %v", err)
	}
	verify.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if _, err := leaf.Verify(verify); err == nil {
		t.Error("a device's certificate could pass for a server's")
	}
	if leaf.Subject.CommonName != "ann:van" || leaf.IsCA || time.Until(leaf.NotAfter) < tracker.CertificateLife-time.Hour {
		t.Errorf("certificate of %q, CA %v, until %s", leaf.Subject.CommonName, leaf.IsCA, leaf.NotAfter)
	}
	if _, ok := r.Authenticate("ann:van", secret); ok {
		t.Error("the secret outlives its replacement")
	}
	r.stop()
	r = start(t, path)
	if !r.DeviceAuthority().Equal(parseCertificate(t, made.Certificate.Authority)) {
		t.Error("a restart makes another authority")
	}
	login, ok := r.SignInCertificate(leaf)
	if !ok || login.Device != "ann:van" {
		t.Fatalf("signing in after a restart: %v %v", login.Device, ok)
	}
	_, next := r.certify(t, "ann:van", tracker.Ask{})
	if _, ok := r.SignInCertificate(leaf); ok || r.Holds(login) {
		t.Error("a replaced certificate still works")
	}
	// The number of the certificate in force, on another device's name.
	r.device(t, "bob")
	forged := *next
	forged.Subject.CommonName = "bob"
	if _, ok := r.SignInCertificate(&forged); ok {
		t.Error("a certificate signs another device in")
	}
	if err := r.DeleteDevice(t.Context(), "ann:van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.SignInCertificate(next); ok {
		t.Error("a deleted device's certificate works")
	}
}

func TestCertificateExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		r := start(t, newFile(t))
		r.device(t, "van")
		expiring := func(want float64) {
			t.Helper()
			if got := r.gauge(t, "wayguard_device_certificates_expiring"); got != want {
				t.Errorf("%v certificates are said to expire, want %v", got, want)
			}
		}
		r.certify(t, "van", tracker.Ask{Valid: 30*24*time.Hour + time.Minute})
		expiring(0)
		time.Sleep(2 * time.Minute)
		expiring(1)
		_, leaf := r.certify(t, "van", tracker.Ask{Valid: time.Minute})
		login, ok := r.SignInCertificate(leaf)
		if !ok {
			t.Fatal("it does not work")
		}
		revoked := 0
		r.OnRevoke(func(tracker.DeviceID) { revoked++ })
		time.Sleep(time.Minute + 11*time.Second)
		synctest.Wait()
		expiring(1)
		if _, ok := r.SignInCertificate(leaf); ok || r.Holds(login) || revoked != 1 {
			t.Errorf("after its end it works: %v, connections hold: %v, told to end %d times", ok, r.Holds(login), revoked)
		}
		r.stop()
	})
}

func (r *running) gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func signingRequest(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

func TestSigningRequests(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	weak, _ := rsa.GenerateKey(rand.Reader, 1024)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	good := signingRequest(t, p256)
	block, _ := pem.Decode(good)
	block.Bytes[len(block.Bytes)-3] ^= 1
	for _, tt := range []struct {
		name    string
		request []byte
		says    string
	}{
		{"P-256", good, ""},
		{"Ed25519", signingRequest(t, ed), ""},
		{"text", []byte("hello"), "PEM"},
		{"a certificate", []byte(r.renew(t, "van", tracker.Ask{Certificate: true}).Certificate.Certificate), "PEM"},
		{"garbage in PEM", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte("x")}), "PKCS #10"},
		{"wrong signature", pem.EncodeToMemory(block), "signature"},
		{"P-224", signingRequest(t, p224), "P-256"},
		{"short RSA", signingRequest(t, weak), "2048"},
		{"too long", append(good, strings.Repeat(" ", 20_000)...), "longer"},
	} {
		c, err := r.Renew(t.Context(), "van", tracker.Ask{Certificate: true, Request: tt.request})
		switch {
		case tt.says == "" && (err != nil || c.Certificate.Key != "" || c.Certificate.Certificate == ""):
			t.Errorf("%s: %v", tt.name, err)
		case tt.says != "" && (!errors.Is(err, tracker.ErrCertificateRequest) || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v, want one about %q", tt.name, err, tt.says)
		}
	}
	long := tracker.DeviceID(strings.Repeat("u", 40) + ":" + strings.Repeat("d", 40))
	if _, err := r.AddDevice(t.Context(), tracker.Device{ID: long}, tracker.Ask{Certificate: true}); !errors.Is(err, tracker.ErrCertificateRequest) {
		t.Errorf("an id that does not fit: %v", err)
	}
	if _, err := r.Renew(t.Context(), "van", tracker.Ask{Certificate: true, Valid: 11 * 365 * 24 * time.Hour}); !errors.Is(err, tracker.ErrCertificateRequest) {
		t.Errorf("eleven years: %v", err)
	}
}

// TestOldDeviceRecords reads what earlier versions wrote.
func TestOldDeviceRecords(t *testing.T) {
	path := newFile(t)
	r := start(t, path)
	secret, err := r.CreateDevice(t.Context(), tracker.Device{ID: "van", Name: "Van"})
	if err != nil {
		t.Fatal(err)
	}
	value, err := r.GetRecord("devices", "van")
	if err != nil {
		t.Fatal(err)
	}
	// The record of a device with a secret is what it always was.
	if got := string(value); !strings.HasPrefix(got, `{"name":"Van","created":"`) || !strings.Contains(got, `"secret":"`) || strings.Count(got, ":") != 5 {
		t.Errorf("the record is %s", got)
	}
	if again := r.crash(t); !again.signsIn("van", secret) {
		t.Error("the secret is forgotten")
	}
}

func (r *running) signsIn(name, secret string) bool {
	_, ok := r.Authenticate(name, secret)
	return ok
}
