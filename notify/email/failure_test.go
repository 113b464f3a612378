package email_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wayguard/notify"
	"wayguard/notify/email"
)

func reply(code int, enhanced smtp.EnhancedCode, text string) func() error {
	return func() error { return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text} }
}

// What the server answers says what to do next; nothing of it is repeated.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name            string
		mail, rcpt      func() error
		data            func() error
		code            string
		permanent, dead bool
	}{
		{name: "unknown", rcpt: reply(550, smtp.EnhancedCode{5, 1, 1}, "<nn@example.org>: no such user"), code: "550 5.1.1", permanent: true, dead: true},
		{name: "no mail domain", rcpt: reply(556, smtp.EnhancedCode{5, 1, 10}, "null MX"), code: "556 5.1.10", permanent: true, dead: true},
		{name: "moved", rcpt: reply(551, smtp.EnhancedCode{5, 1, 6}, "moved to mm@example.org"), code: "551 5.1.6", permanent: true, dead: true},
		{name: "unknown, said late", data: reply(550, smtp.EnhancedCode{5, 1, 1}, "nn@example.org unknown"), code: "550 5.1.1", permanent: true, dead: true},
		{name: "without an enhanced code", rcpt: reply(550, smtp.NoEnhancedCode, "nn@example.org: relaying denied"), code: "550", permanent: true},
		{name: "relaying", rcpt: reply(550, smtp.EnhancedCode{5, 7, 1}, "we do not relay for nn@example.org"), code: "550 5.7.1", permanent: true},
		{name: "our own address", mail: reply(553, smtp.EnhancedCode{5, 1, 8}, "sender nn@example.org"), code: "553 5.1.8", permanent: true},
		{name: "full", rcpt: reply(452, smtp.EnhancedCode{4, 2, 2}, "nn@example.org is full"), code: "452 4.2.2"},
		{name: "greylisted", rcpt: reply(451, smtp.EnhancedCode{4, 7, 1}, "nn@example.org greylisted"), code: "451 4.7.1"},
		{name: "spam", data: reply(554, smtp.EnhancedCode{5, 7, 1}, "nn@example.org"), code: "554 5.7.1", permanent: true},
		{name: "later", data: reply(451, smtp.EnhancedCode{4, 3, 0}, "nn@example.org"), code: "451 4.3.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, c := startPlain(t)
			do := script{onMail: test.mail, onRcpt: test.rcpt}
			if test.data != nil {
				do.onData = func(_ *smtp.Conn, r io.Reader) error {
					_, _ = io.Copy(io.Discard, r)
					return test.data()
				}
			}
			s.follow(do)
			_, err := send(t, c, message("m"))
			var failed *notify.SendError
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if failed.Code != test.code || failed.Permanent != test.permanent || failed.Dead != test.dead || failed.Unsure {
				t.Errorf("%+v", failed)
			}
			checkSilent(t, err)
			// The connection is as good as before.
			s.follow(script{})
			if _, err := send(t, c, message("m")); err != nil {
				t.Errorf("the next mail: %v", err)
			}
			if _, n := s.mails(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// A server that has had enough of us is left alone; one that makes a recipient
// wait holds up nobody else.
func TestBusyServer(t *testing.T) {
	enough := reply(450, smtp.EnhancedCode{4, 7, 1}, "too much mail")
	for name, test := range map[string]struct {
		answers []func() error // to one recipient after the other
		again   bool           // to the same one
		busy    bool           // at last
	}{
		"it closes":             {answers: []func() error{reply(421, smtp.EnhancedCode{4, 7, 0}, "too many connections")}, busy: true},
		"one greylisted":        {answers: []func() error{enough}},
		"one greylisted, twice": {answers: []func() error{enough, enough}, again: true},
		"two in a row":          {answers: []func() error{enough, enough}, busy: true},
		"one taken in between":  {answers: []func() error{enough, nil, enough}},
		"one full in between":   {answers: []func() error{enough, reply(452, smtp.EnhancedCode{4, 2, 2}, "full"), enough}},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := startPlain(t)
			var err error
			for i, answer := range test.answers {
				s.follow(script{onRcpt: answer})
				m := message(fmt.Sprint(i))
				if !test.again {
					m.Address = fmt.Sprintf("nn%d@example.org", i)
				}
				_, err = send(t, c, m)
			}
			var failed *notify.SendError
			if !errors.As(err, &failed) || failed.Permanent || failed.Busy != test.busy || (failed.After > 0) != test.busy {
				t.Errorf("%+v", err)
			}
			checkSilent(t, err)
		})
	}
	t.Run("at the greeting", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if conn, err := l.Accept(); err == nil {
				_, _ = io.WriteString(conn, "421 4.7.0 too many connections of nn@example.org\r\n")
				conn.Close()
			}
		}()
		s := &mailServer{port: l.Addr().(*net.TCPAddr).Port}
		_, err = send(t, newCarrier(t, s.options(email.Plain)), message("m"))
		var failed *notify.SendError
		if !errors.As(err, &failed) || failed.Permanent || !failed.Busy || failed.Code != "421" || failed.After <= 0 {
			t.Errorf("%+v", err)
		}
		checkSilent(t, err)
	})
}

// checkSilent fails where an error tells what nobody but the recipient may know.
func checkSilent(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{"nn@", "mm@", "example.org", "N. N.", "TOKENTOKEN", testPassword} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error %q tells %q", err, secret)
			}
		}
	}
}

// A connection that is lost before the end of the text leaves no doubt, one that
// is lost behind it does.
func TestConnectionLost(t *testing.T) {
	for name, test := range map[string]struct {
		onData func(c *smtp.Conn, r io.Reader) error
		unsure bool
	}{
		"in the middle": {onData: func(c *smtp.Conn, r io.Reader) error {
			_, err := io.ReadFull(r, make([]byte, 100))
			c.Conn().Close()
			return err
		}},
		"behind the end": {unsure: true, onData: func(c *smtp.Conn, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			c.Conn().Close()
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := startPlain(t)
			s.follow(script{onData: test.onData})
			m := message("m")
			if !test.unsure { // More than the buffers between the two hold.
				m.Text = strings.Repeat(strings.Repeat("x", 70)+"\n", 150_000)
			}
			_, err := send(t, c, m)
			var failed *notify.SendError
			if !errors.As(err, &failed) || failed.Permanent || failed.Unsure != test.unsure {
				t.Fatalf("%+v", err)
			}
			checkSilent(t, err)
			s.follow(script{})
			if _, err := send(t, c, message("m")); err != nil {
				t.Errorf("the next mail: %v", err)
			}
		})
	}
}

// A server that hangs holds up nobody for longer than they have, wherever it
// hangs.
func TestHang(t *testing.T) {
	released := make(chan struct{})
	hang := func() error { <-released; return nil }
	for name, test := range map[string]struct {
		script
		unsure bool
	}{
		"at MAIL": {script: script{onMail: hang}},
		"at RCPT": {script: script{onRcpt: hang}},
		"in DATA": {unsure: true, script: script{onData: func(_ *smtp.Conn, r io.Reader) error {
			_, _ = io.Copy(io.Discard, r)
			return hang()
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := startPlain(t)
			s.follow(test.script)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			started := time.Now()
			_, err := c.Send(ctx, message("m"))
			var failed *notify.SendError
			if !errors.As(err, &failed) || failed.Permanent || failed.Unsure != test.unsure {
				t.Errorf("%+v", err)
			}
			if took := time.Since(started); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	close(released)
	t.Run("at the greeting", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c := newCarrier(t, email.Options{Server: email.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Encryption: email.Plain}, From: (&mailServer{}).options(email.Plain).From})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		var failed *notify.SendError
		if _, err := c.Send(ctx, message("m")); !errors.As(err, &failed) || failed.Permanent || failed.Unsure {
			t.Errorf("%+v", err)
		}
	})
}

// A slow server is waited for.
func TestSlow(t *testing.T) {
	s, c := startPlain(t)
	pause := func() error { time.Sleep(300 * time.Millisecond); return nil }
	s.follow(script{onMail: pause, onRcpt: pause})
	if _, err := send(t, c, message("m")); err != nil {
		t.Error(err)
	}
}

// What is wrong with the server is no fault of the message, and the password goes
// nowhere it could be read.
func TestServerTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		server email.Encryption
		change func(o *email.Options)
		reason string
	}{
		"no STARTTLS":                           {email.Plain, func(o *email.Options) { o.Server.Encryption = email.StartTLS }, "offers no STARTTLS"},
		"unknown authority":                     {email.StartTLS, func(o *email.Options) { o.Server.Roots = nil }, "certificate"},
		"unknown authority, TLS from the start": {email.ImplicitTLS, func(o *email.Options) { o.Server.Roots = nil }, "certificate"},
		"another name":                          {email.StartTLS, func(o *email.Options) { o.Server.Host = "127.0.0.1" }, "certificate"},
		"wrong password": {email.StartTLS, func(o *email.Options) {
			o.Server.User, o.Server.Password = testUser, testPassword+"x"
		}, "user or the password"},
		"nobody there": {email.Plain, func(o *email.Options) { o.Server.Port = 1 }, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startMailServer(t, test.server)
			o := s.options(test.server)
			test.change(&o)
			_, err := send(t, newCarrier(t, o), message("m"))
			var failed *notify.SendError
			if !errors.As(err, &failed) || failed.Permanent || failed.After <= 0 || !strings.Contains(failed.Reason, test.reason) {
				t.Errorf("%+v", err)
			}
			checkSilent(t, err)
			if mails, _ := s.mails(); len(mails) != 0 {
				t.Error("the mail was sent all the same")
			}
		})
	}
}
