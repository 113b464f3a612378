package email_test

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/notify"
	"wayguard/notify/email"
)

// postfixServices are those that take mail in over SMTP and put it into a
// mailbox.
const postfixServices = `%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
local unix - n n - - local
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
`

const postfixSettings = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = /
myhostname = mx.example.org
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = inline:{nn@example.org=nn/}
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[3]s
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = %[1]s/cert.pem
smtpd_tls_key_file = %[1]s/key.pem
message_size_limit = 200000
`

// startPostfix runs a Postfix of the test's own, with more settings and aliases;
// box is where mail for nn@example.org arrives.
func startPostfix(t *testing.T, more, aliases string) (port int, box string) {
	t.Helper()
	needPostfix(t)
	// The path must be short, for those of sockets are.
	dir, err := os.MkdirTemp("", "pf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	for _, sub := range []string{"spool", "data", "mail", "etc"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"data", "mail"} {
		if err := os.Chown(filepath.Join(dir, sub), uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	port = freePort(t)
	c := testCertificate(t)
	for name, text := range map[string]string{
		"cert.pem": string(c.cert), "key.pem": string(c.key),
		"etc/main.cf":   fmt.Sprintf(postfixSettings+more, dir, owner.Uid, owner.Gid),
		"etc/aliases":   aliases,
		"etc/master.cf": fmt.Sprintf(postfixServices, port),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runPostfix(t, filepath.Join(dir, "etc"), filepath.Join(dir, "log"), port)
	return port, filepath.Join(dir, "mail", "nn", "new")
}

func needPostfix(t *testing.T) {
	t.Helper()
	reason := ""
	if _, err := exec.LookPath("postfix"); err != nil {
		reason = "postfix is not installed (apt-get install postfix)"
	} else if os.Geteuid() != 0 {
		reason = "only root can start postfix"
	}
	if reason != "" && strings.Contains(os.Getenv("WAYGUARD_REQUIRE"), "postfix") {
		t.Fatal(reason)
	}
	if reason != "" {
		t.Skip(reason)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func runPostfix(t *testing.T, etc, log string, port int) {
	t.Helper()
	if text, err := exec.Command("postfix", "-c", etc, "start").CombinedOutput(); err != nil {
		logged, _ := os.ReadFile(log)
		t.Fatalf("start: %v\n%s\n%s", err, text, logged)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("postfix", "-c", etc, "stop").CombinedOutput(); err != nil {
			t.Errorf("stop: %v\n%s", err, text)
		}
		if t.Failed() {
			logged, _ := os.ReadFile(log)
			t.Logf("%s", logged)
		}
	})
	for range 100 {
		if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			conn.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("postfix does not listen")
}

// A server that somebody else wrote takes the mails, and what it puts into the
// mailbox still verifies.
func TestPostfix(t *testing.T) {
	port, box := startPostfix(t, "mydestination =\nalias_maps =\n", "")
	key := signingKey(t, pemKey(t, "PRIVATE KEY", rsaKey(t, 2048)))
	c := newCarrier(t, email.Options{
		Server: email.Server{Host: "localhost", Port: port, Roots: testCertificate(t).roots},
		From:   netmail.Address{Name: "Müller & Co", Address: "deliveries@example.com"}, Key: key,
	})
	receipt, err := send(t, c, message("m1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, c, message("m2")); err != nil {
		t.Fatal(err)
	}
	mails := waitForMails(t, box, 2)
	if !strings.Contains(mails[0]+mails[1], "Message-ID: <"+receipt+">") {
		t.Error("the receipt is not the Message-ID")
	}
	for _, mail := range mails {
		if v := verify(t, key, mail); v.Err != nil {
			t.Errorf("the signature of what arrived: %v", v.Err)
		}
	}
	large := message("large")
	large.Text = strings.Repeat("0123456789\n", 30_000)
	for name, test := range map[string]struct {
		message *notify.Message
		code    string
		dead    bool
	}{
		"nobody of that name": {message: to("mm@example.org"), code: "550 5.1.1", dead: true},
		"no relay":            {message: to("nn@example.net"), code: "554 5.7.1"},
		"too large":           {message: large, code: "552 5.3.4"},
	} {
		_, err := send(t, c, test.message)
		var failed *notify.SendError
		if !errors.As(err, &failed) || !failed.Permanent || failed.Code != test.code || failed.Dead != test.dead {
			t.Errorf("%s: %+v", name, err)
		}
		checkSilent(t, err)
	}
}

func to(address string) *notify.Message {
	m := message("to " + address)
	m.Address = address
	return m
}

func waitForMails(t *testing.T, box string, n int) (mails []string) {
	t.Helper()
	for range 100 {
		entries, err := os.ReadDir(box)
		if err == nil && len(entries) >= n {
			for _, e := range entries {
				text, err := os.ReadFile(filepath.Join(box, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				mails = append(mails, strings.ReplaceAll(string(text), "\n", "\r\n"))
			}
			return mails
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("fewer than %d mails arrived", n)
	return nil
}
