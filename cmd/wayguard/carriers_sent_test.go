package main

import (
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// letterbox is a mail server that keeps what it is given.
type letterbox struct {
	got chan string
	// sender is the last envelope's, a string.
	sender atomic.Value
}

func (b *letterbox) NewSession(*smtp.Conn) (smtp.Session, error) { return letterSession{b}, nil }

type letterSession struct{ *letterbox }

func (s letterSession) Mail(from string, _ *smtp.MailOptions) error {
	s.sender.Store(from)
	return nil
}

func (letterSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letterSession) Reset()                               {}
func (letterSession) Logout() error                        { return nil }

func (s letterSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.got <- string(text)
	return err
}

func startLetterbox(t *testing.T) (b *letterbox, port string) {
	t.Helper()
	b = &letterbox{got: make(chan string, 10)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(b)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return b, port
}

// orderWithCode makes a delivery that is handed over against a code, and a new
// code, of which its customer is told at once.
func (p *process) orderWithCode(t *testing.T, name, address string) {
	t.Helper()
	var made struct{ ID string }
	p.call(t, http.MethodPost, "/api/v1/deliveries", map[string]any{
		"customer": map[string]any{"name": name, "email": address}, "address": "Lane 1", "proof": []string{"code"},
		"point": map[string]any{"type": "Point", "coordinates": []float64{15.6, 48.4}},
	}, http.StatusCreated, &made)
	p.call(t, http.MethodPost, "/api/v1/deliveries/"+made.ID+"/code", nil, http.StatusCreated, nil)
}

// next is the next mail that comes.
func (b *letterbox) next(t *testing.T, p *process) string {
	t.Helper()
	select {
	case text := <-b.got:
		return text
	case <-time.After(30 * time.Second):
		t.Fatalf("no mail came:\n%s", p.output)
		return ""
	}
}

// TestMailLeavesTheServer has a customer told of a code by mail, and of none any
// more once they have said so. Nothing of it is in the log.
func TestMailLeavesTheServer(t *testing.T) {
	box, port := startLetterbox(t)
	p := startServe(t, t.TempDir(), "--public-url", "https://fleet.example", "--smtp-host", "127.0.0.1", "--smtp-port", port,
		"--smtp-tls", "none", "--mail-from", "Deliveries <deliveries@example.com>")
	p.orderWithCode(t, "A customer", "customer@example.com")
	text := box.next(t, p)
	mail, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	link, _, _ := strings.Cut(strings.TrimPrefix(mail.Header.Get("List-Unsubscribe"), "<"), ">")
	stop, err := url.Parse(link)
	if err != nil || stop.Host != "fleet.example" || mail.Header.Get("To") != `"A customer" <customer@example.com>` {
		t.Fatalf("the mail is not what it should be:\n%s", text)
	}
	eventually(t, "the mail is noted as sent", func() bool {
		return slices.ContainsFunc(p.messages(t), func(m written) bool {
			return m.State == "sent" && "<"+m.Receipt+">" == mail.Header.Get("Message-ID")
		})
	})
	answer, err := http.PostForm("http://"+p.http+stop.Path, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()
	p.orderWithCode(t, "A customer", "customer@example.com")
	p.orderWithCode(t, "Another", "another@example.com")
	if text := box.next(t, p); !strings.Contains(text, "another@example.com") {
		t.Errorf("a mail came to who wants none:\n%s", text)
	}
	p.interrupt(t)
	for _, secret := range []string{"customer@example.com", "another@example.com", "A customer", strings.TrimPrefix(stop.Path, "/unsubscribe/")} {
		if strings.Contains(p.output.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, p.output)
		}
	}
}

// notification is what a mail server writes of a mail that it could not bring.
func notification(sender, recipient string) string {
	return strings.ReplaceAll(`From: MAILER-DAEMON@mx.example.org
To: `+sender+`
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; `+recipient+`
Action: failed
Status: 5.1.1

--b--
`, "\n", "\r\n")
}

// TestMailsComeBack has mails bounce after they left: what proves itself makes a
// dead letter, what does not changes nothing, and neither is in the log.
func TestMailsComeBack(t *testing.T) {
	box, port := startLetterbox(t)
	t.Setenv("WAYGUARD_MAIL_BOUNCE_TOKEN", testTwilio)
	p := startServe(t, t.TempDir(), "--public-url", "https://fleet.example", "--smtp-host", "127.0.0.1", "--smtp-port", port,
		"--smtp-tls", "none", "--mail-from", "deliveries@example.com", "--mail-bounces", "bounces@example.com")
	p.orderWithCode(t, "A customer", "customer@example.com")
	box.next(t, p)
	sender := box.sender.Load().(string)
	if !strings.HasPrefix(sender, "bounces+") {
		t.Fatalf("the envelope's sender is %q", sender)
	}
	post := func(sender, recipient, want string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, "http://"+p.http+"/in/mail/bounces", strings.NewReader(notification(sender, recipient)))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("postfix", testTwilio)
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		answer.Body.Close()
		if _, metrics := p.send(t, http.MethodGet, "/metrics", nil); !strings.Contains(string(metrics), `wayguard_email_bounces_total{outcome="`+want+`"} 1`) {
			t.Errorf("%s to %s is not counted as %s", sender, recipient, want)
		}
	}
	state := func() string {
		all := p.messages(t)
		return all[slices.IndexFunc(all, func(m written) bool { return m.Kind == "code" })].State
	}
	eventually(t, "the mail is noted as sent", func() bool { return state() == "sent" })
	post(sender, "another@example.com", "unproven")
	if s := state(); s != "sent" {
		t.Errorf("the message is %s after a forged bounce", s)
	}
	post(sender, "customer@example.com", "dead")
	if s := state(); s != "dead" {
		t.Errorf("the message is %s", s)
	}
	p.interrupt(t)
	for _, secret := range []string{"customer@example.com", "another@example.com", sender, testTwilio} {
		if strings.Contains(p.output.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, p.output)
		}
	}
}
