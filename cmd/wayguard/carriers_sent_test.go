package main

import (
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"slices"
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
