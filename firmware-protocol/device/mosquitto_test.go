package device

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	testID     = "demo:van-1"
	testUser   = "van-1"
	testSecret = "correct horse"
	testTopic  = "owntracks/demo/van-1"
)

// needMosquitto skips the test where Mosquitto is not installed, and fails it
// where WAYGUARD_REQUIRE demands it.
func needMosquitto(t *testing.T) {
	t.Helper()
	for program, pkg := range map[string]string{
		"mosquitto": "mosquitto", "mosquitto_passwd": "mosquitto", "mosquitto_sub": "mosquitto-clients",
	} {
		if findProgram(program) != "" {
			continue
		}
		message := fmt.Sprintf("needs %s: apt-get install %s", program, pkg)
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "mosquitto") {
			t.Fatal(message)
		}
		t.Skip(message)
	}
}

// findProgram also looks where Debian puts daemons, which is not in every PATH.
func findProgram(name string) string {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	return ""
}

// mosquitto is a broker that keeps its messages and sessions over a restart.
type mosquitto struct {
	dir  string
	port int
	// extra is added to the listener's configuration.
	extra   string
	process *exec.Cmd
}

func startMosquitto(t *testing.T, extra string) *mosquitto {
	t.Helper()
	needMosquitto(t)
	m := &mosquitto{dir: t.TempDir(), port: freePort(t), extra: extra}
	m.addUser(t, "-c", testUser, testSecret)
	m.addUser(t, "", "watcher", "watching")
	m.start(t)
	t.Cleanup(func() { m.stop(t) })
	return m
}

func (m *mosquitto) addUser(t *testing.T, create, name, password string) {
	t.Helper()
	args := []string{"-b", filepath.Join(m.dir, "passwd"), name, password}
	if create != "" {
		args = slices.Insert(args, 0, create)
	}
	if out, err := exec.Command(findProgram("mosquitto_passwd"), args...).CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %v\n%s", err, out)
	}
}

func (m *mosquitto) start(t *testing.T) {
	t.Helper()
	config := filepath.Join(m.dir, "mosquitto.conf")
	// Started by root, Mosquitto would turn into a user who may not read dir.
	text := fmt.Sprintf("user root\nlistener %d 127.0.0.1\n%s\nallow_anonymous false\npassword_file %s/passwd\n"+
		"persistence true\npersistence_location %s/\nmax_queued_messages 0\n", m.port, m.extra, m.dir, m.dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.process = exec.Command(findProgram("mosquitto"), "-c", config)
	if err := m.process.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "mosquitto to listen", func() bool {
		conn, err := net.Dial("tcp", m.address())
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// stop ends the broker the way an administrator does: it saves its state.
func (m *mosquitto) stop(t *testing.T) {
	t.Helper()
	if m.process == nil {
		return
	}
	if err := m.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = m.process.Wait()
	m.process = nil
}

func (m *mosquitto) address() string { return fmt.Sprintf("127.0.0.1:%d", m.port) }

// watch returns the payloads of everything published on owntracks/ from now on,
// over restarts of the broker, as another program sees them.
func (m *mosquitto) watch(t *testing.T) <-chan string {
	t.Helper()
	args := []string{"-h", "127.0.0.1", "-p", fmt.Sprint(m.port), "-u", "watcher", "-P", "watching",
		"-c", "-i", "watcher", "-q", "1", "-t", "owntracks/#", "-F", "%t %p"}
	// The first run leaves a session behind that queues for the second.
	if out, err := exec.Command("mosquitto_sub", append(args, "-E")...).CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_sub: %v\n%s", err, out)
	}
	sub := exec.Command("mosquitto_sub", args...)
	out, err := sub.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10_000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			topic, payload, _ := strings.Cut(scan.Text(), " ")
			if topic != testTopic {
				t.Errorf("published on %q, want %q", topic, testTopic)
			}
			lines <- payload
		}
	}()
	t.Cleanup(func() {
		_ = sub.Process.Kill()
		<-done
		_ = sub.Wait()
	})
	return lines
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

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
