package main

import (
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// letterbox is a mail server that keeps what it is given.
type letterbox struct{ got chan string }

func (b *letterbox) NewSession(*smtp.Conn) (smtp.Session, error) { return letterSession{b}, nil }

type letterSession struct{ *letterbox }

func (letterSession) Mail(string, *smtp.MailOptions) error { return nil }
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
	t.Cleanup(func() { server.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return b, port
}

// TestMailLeavesTheServer orders a delivery and wants its customer to get a mail,
// and none any more once they have said so. Nothing of it is in the log.
func TestMailLeavesTheServer(t *testing.T) {
	box, port := startLetterbox(t)
	p := startServe(t, t.TempDir(), "--public-url", "https://fleet.example", "--smtp-host", "127.0.0.1", "--smtp-port", port,
		"--smtp-tls", "none", "--mail-from", "Deliveries <deliveries@example.com>")
	p.orderOne(t)
	var text string
	select {
	case text = <-box.got:
	case <-time.After(time.Minute):
		t.Fatalf("no mail came:\n%s", p.output)
	}
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
		all := p.messages(t)
		return len(all) == 1 && all[0].State == "sent" && "<"+all[0].Receipt+">" == mail.Header.Get("Message-ID")
	})
	answer, err := http.PostForm("http://"+p.http+stop.Path, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()
	p.orderOne(t)
	p.call(t, http.MethodPost, "/api/v1/deliveries", map[string]any{
		"customer": map[string]any{"name": "Another", "email": "another@example.com"}, "address": "Lane 2",
		"point": map[string]any{"type": "Point", "coordinates": []float64{15.6, 48.4}},
	}, http.StatusCreated, nil)
	select {
	case text := <-box.got:
		if !strings.Contains(text, "another@example.com") {
			t.Errorf("a mail came to who wants none:\n%s", text)
		}
	case <-time.After(time.Minute):
		t.Errorf("no mail came to who was ordered for later:\n%s", p.output)
	}
	p.interrupt(t)
	for _, secret := range []string{"customer@example.com", "another@example.com", "A customer", strings.TrimPrefix(stop.Path, "/unsubscribe/")} {
		if strings.Contains(p.output.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, p.output)
		}
	}
}
