package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// need skips a test that lacks a tool or data, or fails it where
// WAYGUARD_REQUIRE names what is missing.
func need(t testing.TB, what, how string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), what) {
		t.Fatalf("WAYGUARD_REQUIRE names %s, which is missing: %s", what, how)
	}
	t.Skipf("needs %s: %s", what, how)
}

// needCommand finds a program or skips.
func needCommand(t testing.TB, what, name, how string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		need(t, what, how)
	}
	return path
}

// needMosquitto finds one of Mosquitto's programs or skips.
func needMosquitto(t testing.TB, name string) string {
	t.Helper()
	return needCommand(t, "mosquitto", name, "apt-get install mosquitto mosquitto-clients")
}

// built is the binary under test, built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wayguard-test")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "wayguard")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if binary, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(status)
}

// process is a running wayguard serve or demo.
type process struct {
	cmd    *exec.Cmd
	http   string
	mqtt   string
	dir    string
	output *lockedBuffer
	exited chan struct{}
	// token is the admin token that the process is given; empty for none.
	token string
}

// lockedBuffer collects output while it is read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

const testToken = "0123456789abcdef0123456789abcdef"

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startServe runs the real binary on dir and waits until it is ready.
func startServe(t testing.TB, dir string, more ...string) *process {
	t.Helper()
	p := &process{http: freeAddress(t), mqtt: freeAddress(t), dir: dir, token: testToken}
	p.launch(t, append([]string{"serve", "--data", dir, "--http", p.http, "--mqtt", p.mqtt}, more...)...)
	return p
}

func (p *process) launch(t testing.TB, args ...string) {
	t.Helper()
	p.start(t, args...)
	p.awaitReady(t)
}

// start does not wait.
func (p *process) start(t testing.TB, args ...string) {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p.output = new(lockedBuffer)
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(os.Environ(), "WAYGUARD_ADMIN_TOKEN="+p.token)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(p.cmd, p.exited)
	t.Cleanup(func() { p.kill() })
}

func (p *process) awaitReady(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-p.exited:
			t.Fatalf("the server ended:\n%s", p.output)
		case <-time.After(20 * time.Millisecond):
		}
		resp, err := http.Get("http://" + p.http + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server is not ready:\n%s", p.output)
}

// signinLink is the link that the process prints. What it has written may
// arrive here later than it answers over HTTP.
func (p *process) signinLink(t testing.TB) string {
	t.Helper()
	pattern := regexp.MustCompile(`http://\S+/signin/\S+\s`)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if link := pattern.FindString(p.output.String()); link != "" {
			return strings.TrimSpace(link)
		}
	}
	t.Fatalf("no link is printed:\n%s", p.output)
	return ""
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// call sends a request with the admin token and decodes the JSON answer into
// out, if that is not nil. It fails the test on another status than want.
func (p *process) call(t testing.TB, method, path string, body any, want int, out any) {
	t.Helper()
	status, answer := p.send(t, method, path, body)
	if status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, status, want, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

func (p *process) send(t testing.TB, method, path string, body any) (int, []byte) {
	t.Helper()
	text, raw := body.([]byte)
	if !raw && body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, "http://"+p.http+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	if text != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// createDevice registers a device and returns its secret.
func (p *process) createDevice(t testing.TB, id string) string {
	t.Helper()
	var made struct{ Secret string }
	p.call(t, http.MethodPost, "/api/v1/devices", map[string]string{"id": id}, http.StatusCreated, &made)
	if made.Secret == "" {
		t.Fatalf("device %s has no secret", id)
	}
	return made.Secret
}

// logged is an event as the API shows it.
type logged struct {
	ID, Type, Device, Subject string
	Seq                       uint64
	Time                      time.Time
	// Detail is, of a correction, what it corrects.
	Detail struct{ Type, Subject string }
}

func (e logged) String() string {
	return fmt.Sprintf("%s %s %s %s", e.Device, e.Type, e.Subject, e.Time.UTC().Format(time.RFC3339))
}

// events reads the whole event log.
func (p *process) events(t *testing.T) []logged {
	t.Helper()
	var all []logged
	for {
		var page struct {
			Events    []logged
			NextAfter uint64 `json:"next_after"`
		}
		after := uint64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		p.call(t, http.MethodGet, fmt.Sprintf("/api/v1/events?after=%d&limit=1000", after), nil, http.StatusOK, &page)
		if len(page.Events) == 0 {
			return all
		}
		all = append(all, page.Events...)
	}
}

// track reads a device's fixes as CSV rows, without the header.
func (p *process) track(t *testing.T, device string, from, to time.Time) [][]string {
	t.Helper()
	query := url.Values{"from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}, "format": {"csv"}}
	status, body := p.send(t, http.MethodGet, "/api/v1/devices/"+device+"/track?"+query.Encode(), nil)
	if status != http.StatusOK {
		t.Fatalf("track: status %d: %s", status, body)
	}
	var rows [][]string
	for line := range strings.Lines(string(body)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), ","))
	}
	if len(rows) == 0 || rows[0][0] != "time" {
		t.Fatalf("the track has no header: %q", body)
	}
	return rows[1:]
}

// metric reads one figure of /metrics; a series that is not there is 0.
func (p *process) metric(t testing.TB, series string) float64 {
	t.Helper()
	status, body := p.send(t, http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		t.Fatalf("metrics: status %d", status)
	}
	pattern := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`)
	m := pattern.FindSubmatch(body)
	if m == nil {
		return 0
	}
	var v float64
	if _, err := fmt.Sscan(string(m[1]), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// eventually waits for what follows soon after: a connection is counted when it
// has ended.
func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !met() {
		if time.Now().After(deadline) {
			t.Errorf("not within 30 s: %s", what)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// interrupt stops the process as Ctrl-C would and wants exit status 0.
func (p *process) interrupt(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		t.Fatalf("the server does not stop:\n%s", p.output)
	}
	if status := p.cmd.ProcessState.ExitCode(); status != 0 {
		t.Errorf("exit status %d:\n%s", status, p.output)
	}
}

// ownTracksPath is USER/DEVICE of an OwnTracks device's id.
func ownTracksPath(id string) string { return strings.Replace(id, ":", "/", 1) }
