package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"wayguard/notify"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

const (
	testPassword = "a-password-of-the-tests"
	testTwilio   = "0123456789abcdeffedcba9876543210"
	testSID      = "AC0123456789abcdef0123456789abcdef"
)

// openOutside is a server's data, and a log that can be read.
func openOutside(t *testing.T) (outside, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, dataFile), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tracker.OpenKeyring(filepath.Join(dir, "keys"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close(); store.Close() })
	fleet, err := tracker.Open(store, tracker.Options{Keyring: keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	log := new(bytes.Buffer)
	return outside{fleet: fleet, keys: keys, publicURL: &url.URL{Scheme: "https", Host: "fleet.example"}, log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func parseCarriers(t *testing.T, args ...string) (carriers, error) {
	t.Helper()
	var cli struct {
		Carriers carriers `embed:""`
	}
	parser, err := kong.New(&cli, kong.DefaultEnvars("WAYGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return cli.Carriers, err
}

func signingKeyFile(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return fileOf(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	return writeFile(t, t.TempDir(), "file", []byte(text))
}

// What is given is what there is, and nothing of it is told to the log.
func TestCarriers(t *testing.T) {
	mail := []string{"--smtp-host", "mail.example.com", "--mail-from", "Deliveries <deliveries@example.com>"}
	text := []string{"--twilio-account", testSID, "--twilio-from", "+4930123456"}
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		http bool // the public URL
		want []notify.Channel
		logs string
	}{
		"nothing, in the open":  {want: []notify.Channel{notify.Push}},
		"nothing, within a LAN": {http: true},
		"mail":                  {args: mail, http: true, want: []notify.Channel{notify.Email, notify.Push}},
		"all": {
			args: append(append([]string{"--smtp-user", "u", "--mail-reply-to", "help@example.com"}, mail...), text...),
			env:  map[string]string{"WAYGUARD_SMTP_PASSWORD": testPassword, "WAYGUARD_TWILIO_TOKEN": testTwilio},
			want: []notify.Channel{notify.Email, notify.SMS, notify.Push},
		},
		"secrets in files": {
			args: append(append([]string{"--smtp-user", "u", "--smtp-password-file", fileOf(t, testPassword+"\n"), "--twilio-token-file", fileOf(t, testTwilio+"\n")}, mail...), text...),
			want: []notify.Channel{notify.Email, notify.SMS, notify.Push},
		},
		"by variables": {
			env:  map[string]string{"WAYGUARD_SMTP_HOST": "mail.example.com", "WAYGUARD_MAIL_FROM": "d@example.com", "WAYGUARD_SMTP_TLS": "tls"},
			want: []notify.Channel{notify.Email, notify.Push},
		},
		"signed": {
			args: append([]string{"--dkim-domain", "example.com", "--dkim-selector", "wg", "--dkim-key", signingKeyFile(t)}, mail...),
			want: []notify.Channel{notify.Email, notify.Push}, logs: "wg._domainkey.example.com",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.env {
				t.Setenv(variable, value)
			}
			c, err := parseCarriers(t, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			o, log := openOutside(t)
			if test.http {
				o.publicURL = nil
			}
			out, err := c.open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer out.close()
			var got []string
			for _, carrier := range out.carriers {
				got = append(got, string(carrier.Channel()))
			}
			var want []string
			for _, channel := range test.want {
				want = append(want, string(channel))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("carriers of %v, want %v", got, want)
			}
			if !strings.Contains(log.String(), test.logs) {
				t.Errorf("the log lacks %q:\n%s", test.logs, log)
			}
			checkNoSecret(t, log.String())
		})
	}
}

func checkNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{testPassword, testTwilio, "PRIVATE KEY"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q tells a secret", text)
		}
	}
}

// What cannot work is said before the server starts, with the flag to mend.
func TestBadCarriers(t *testing.T) {
	t.Setenv("WAYGUARD_SMTP_PASSWORD", testPassword)
	t.Setenv("WAYGUARD_TWILIO_TOKEN", testTwilio)
	mail := func(more ...string) []string {
		return append([]string{"--smtp-host", "mail.example.com", "--mail-from", "d@example.com"}, more...)
	}
	text := func(more ...string) []string { return append([]string{"--twilio-account", testSID}, more...) }
	nothing := fileOf(t, "")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no server":             {[]string{"--mail-from", "d@example.com"}, "--smtp-host"},
		"DKIM without a server": {[]string{"--dkim-domain", "example.com"}, "--smtp-host"},
		"no sender":             {[]string{"--smtp-host", "mail.example.com"}, "--mail-from"},
		"bad sender":            {[]string{"--smtp-host", "mail.example.com", "--mail-from", "nobody"}, "--mail-from"},
		"bad reply-to":          {mail("--mail-reply-to", "nobody"), "--mail-reply-to"},
		"bad bounces":           {mail("--mail-bounces", "nobody"), "bounces"},
		"empty bounce token":    {mail("--mail-bounce-token-file", nothing), "--mail-bounce-token-file"},
		"short bounce token":    {mail("--mail-bounce-token-file", fileOf(t, "guess")), "openssl"},
		"bounces, no server":    {[]string{"--mail-bounces", "b@example.com"}, "--smtp-host"},
		"bad mailbox":           {mail("--mail-unsubscribe", "nobody"), "mailbox"},
		"bad port":              {mail("--smtp-port", "70000"), "port"},
		"in plain text":         {mail("--smtp-tls", "none", "--smtp-user", "u"), "starttls"},
		"password missing":      {mail("--smtp-user", "u", "--smtp-password-file", nothing), "--smtp-password-file"},
		"password, no user":     {mail("--smtp-password-file", fileOf(t, testPassword)), "user"},
		"no such authority":     {mail("--smtp-ca", "/nowhere"), "--smtp-ca"},
		"empty authority":       {mail("--smtp-ca", nothing), "--smtp-ca"},
		"half a key":            {mail("--dkim-domain", "example.com"), "--dkim-selector"},
		"no such key":           {mail("--dkim-domain", "example.com", "--dkim-selector", "wg", "--dkim-key", "/nowhere"), "--dkim-key"},
		"bad key":               {mail("--dkim-domain", "example.com", "--dkim-selector", "wg", "--dkim-key", nothing), "--dkim-key"},
		"no account":            {[]string{"--twilio-from", "+4930123456"}, "--twilio-account"},
		"bad account":           {[]string{"--twilio-account", "x", "--twilio-from", "+4930123456"}, "AC"},
		"no number":             {text(), "sender"},
		"two senders":           {text("--twilio-from", "+4930123456", "--twilio-service", "MG0123456789abcdef0123456789abcdef"), "not both"},
		"empty token":           {text("--twilio-from", "+4930123456", "--twilio-token-file", nothing), "--twilio-token-file"},
		"bad cap":               {text("--twilio-from", "+4930123456", "--sms-daily-cap=-1"), "cap"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := parseCarriers(t, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			o, log := openOutside(t)
			_, err = c.open(o)
			var wrong *inputError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("%v, want a word of %s", err, test.says)
			}
			checkNoSecret(t, err.Error()+log.String())
		})
	}
}

// A server with carriers starts without a network, takes their callbacks and
// links, and tells nothing to its log.
func TestServeWithCarriers(t *testing.T) {
	t.Setenv("WAYGUARD_SMTP_PASSWORD", testPassword)
	t.Setenv("WAYGUARD_TWILIO_TOKEN", testTwilio)
	silent := httptest.NewServer(http.NotFoundHandler())
	silent.Close()
	t.Setenv("WAYGUARD_MAIL_BOUNCE_TOKEN", testTwilio)
	p := startServe(t, t.TempDir(), "--public-url", "https://fleet.example", "--smtp-host", "127.0.0.1", "--smtp-port", strings.Split(silent.Listener.Addr().String(), ":")[1],
		"--smtp-tls", "none", "--smtp-user", "u", "--mail-from", "d@example.com", "--twilio-account", testSID, "--twilio-from", "+4930123456")
	for path, want := range map[string]int{"/hooks/twilio/status": http.StatusForbidden, "/hooks/twilio/inbound": http.StatusForbidden, "/in/mail/bounces": http.StatusUnauthorized, "/unsubscribe/guessed-token-XYZ": http.StatusNotFound} {
		if status, body := p.send(t, http.MethodPost, path, []byte("To=%2B4915112345678")); status != want {
			t.Errorf("POST %s: %d %s", path, status, body)
		}
	}
	_, metrics := p.send(t, http.MethodGet, "/metrics", nil)
	if !strings.Contains(string(metrics), `wayguard_sms_callbacks_total{outcome="refused"} 2`) {
		t.Error("the forged callbacks are not in the metrics")
	}
	if !strings.Contains(string(metrics), `wayguard_email_bounces_total{outcome="refused"} 1`) {
		t.Error("the forged bounce is not in the metrics")
	}
	p.interrupt(t)
	log := p.output.String()
	checkNoSecret(t, log)
	for _, secret := range []string{"15112345678", "guessed-token-XYZ"} {
		if strings.Contains(log, secret) || strings.Contains(string(metrics), secret) {
			t.Errorf("the log or the metrics hold %q:\n%s", secret, log)
		}
	}
}
