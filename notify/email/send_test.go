package email_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wayguard/notify"
	"wayguard/notify/email"
)

// A mail is what the message says, for every way to encrypt the connection.
func TestSend(t *testing.T) {
	for _, encryption := range []email.Encryption{email.StartTLS, email.ImplicitTLS, email.Plain} {
		t.Run(string(encryption), func(t *testing.T) {
			s := startMailServer(t, encryption)
			s.needsAuth = true
			o := s.options(encryption)
			o.Server.User, o.Server.Password = testUser, testPassword
			c := newCarrier(t, o)
			receipt, err := send(t, c, message("m1"))
			if err != nil {
				t.Fatal(err)
			}
			again, err := send(t, c, message("m1"))
			if err != nil || again != receipt || receipt == "" {
				t.Errorf("the same message gave %q, %v, first %q", again, err, receipt)
			}
			if other, _ := send(t, c, message("m2")); other == receipt {
				t.Error("another message has the same Message-ID")
			}
			mails, sessions := s.mails()
			connections := 1
			if encryption == email.StartTLS {
				connections = 2 // The test's server begins anew once it is encrypted.
			}
			if len(mails) != 3 || sessions != connections {
				t.Fatalf("%d mails over %d connections", len(mails), sessions)
			}
			checkMail(t, mails[0], receipt)
		})
	}
}

func checkMail(t *testing.T, got received, id string) {
	t.Helper()
	if got.from != "deliveries@example.com" || got.to != "nn@example.org" || got.utf8 {
		t.Errorf("envelope %q, %q, SMTPUTF8 %v", got.from, got.to, got.utf8)
	}
	m, err := netmail.ReadMessage(strings.NewReader(got.text))
	if err != nil {
		t.Fatal(err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || from[0].Name != "Müller & Co" {
		t.Errorf("From %v, %v", from, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != message("").Subject {
		t.Errorf("Subject %q, %v", subject, err)
	}
	for header, want := range map[string]string{
		"Message-ID": "<" + id + ">", "Auto-Submitted": "auto-generated", "Content-Language": "de", "MIME-Version": "1.0",
		"List-Unsubscribe": "", "To": `"N. N." <nn@example.org>`,
	} {
		if m.Header.Get(header) != want {
			t.Errorf("%s %q, want %q", header, m.Header.Get(header), want)
		}
	}
	if date, err := m.Header.Date(); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date %v, %v", date, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type %q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, text string }{
		{"text/plain; charset=UTF-8", message("").Text}, {"text/html; charset=UTF-8", message("").HTML},
	} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		plain := strings.ReplaceAll(string(text), "\r\n", "\n")
		if err != nil || part.Header.Get("Content-Type") != want.kind || strings.TrimSpace(plain) != strings.TrimSpace(want.text) {
			t.Errorf("part %q: %q, %v", part.Header.Get("Content-Type"), plain, err)
		}
	}
}

// What comes from outside cannot add a header or a command.
func TestNoInjection(t *testing.T) {
	s, c := startPlain(t)
	m := message("m")
	m.Name = "N\r\nBcc: victim@example.org\r\n"
	m.Subject = "S\r\nX-Evil: 1\r\n\r\nbody"
	m.Language = "de\r\nX-Evil: 2"
	if _, err := send(t, c, m); err == nil {
		mails, _ := s.mails()
		parsed, err := netmail.ReadMessage(strings.NewReader(mails[0].text))
		if err != nil || parsed.Header.Get("X-Evil") != "" || parsed.Header.Get("Bcc") != "" {
			t.Errorf("headers were added: %v, %v", parsed.Header, err)
		}
	}
	for _, bad := range []string{"", "nobody", "a@b@c", "a@b\r\nRCPT TO:<victim@example.org>", "N <a@b.example>", "a@b.example, c@d.example", "a@-", strings.Repeat("a", 250) + "@b.example"} {
		m := message("m")
		m.Address = bad
		var failed *notify.SendError
		if _, err := send(t, c, m); !errors.As(err, &failed) || !failed.Dead || strings.Contains(err.Error(), "b.example") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Domains of any script work everywhere, mailboxes only where the server says so.
func TestInternational(t *testing.T) {
	s, c := startPlain(t)
	m := message("m")
	m.Address = "nn@bücher.example"
	if _, err := send(t, c, m); err != nil {
		t.Fatal(err)
	}
	wide := message("w")
	wide.Address = "jörg@bücher.example"
	var failed *notify.SendError
	if _, err := send(t, c, wide); !errors.As(err, &failed) || !failed.Permanent || failed.Dead || failed.Code != "553 5.6.7" {
		t.Errorf("a mailbox beyond ASCII: %v", err)
	}
	s.EnableSMTPUTF8 = true
	c.Close()
	c = newCarrier(t, s.options(email.Plain))
	if _, err := send(t, c, wide); err != nil {
		t.Error(err)
	}
	if _, err := send(t, c, m); err != nil {
		t.Error(err)
	}
	mails, _ := s.mails()
	if len(mails) != 3 {
		t.Fatalf("%d mails", len(mails))
	}
	for i, want := range []received{{to: "nn@xn--bcher-kva.example"}, {to: "jörg@xn--bcher-kva.example", utf8: true}, {to: "nn@xn--bcher-kva.example"}} {
		if mails[i].to != want.to || mails[i].utf8 != want.utf8 {
			t.Errorf("mail %d to %q, SMTPUTF8 %v", i, mails[i].to, mails[i].utf8)
		}
	}
}

// Connections are used again, and one that the server closed is noticed.
func TestConnections(t *testing.T) {
	s, c := startPlain(t)
	conns := make(chan *smtp.Conn, 10)
	s.follow(script{onData: func(c *smtp.Conn, r io.Reader) error {
		conns <- c
		_, err := io.Copy(io.Discard, r)
		return err
	}})
	for range 3 {
		if _, err := send(t, c, message("m")); err != nil {
			t.Fatal(err)
		}
	}
	if _, n := s.mails(); n != 1 {
		t.Errorf("%d connections for three mails", n)
	}
	(<-conns).Conn().Close()
	if _, err := send(t, c, message("m")); err != nil {
		t.Errorf("after the server closed the connection: %v", err)
	}
	if _, n := s.mails(); n != 2 {
		t.Errorf("%d connections", n)
	}
}
