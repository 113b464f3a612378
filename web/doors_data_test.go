package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// deviceVector is a request of another server's decoder tests.
type deviceVector struct{ Protocol, Check, Method, Path, Body string }

// doorOf is the door for each protocol of the vectors.
var doorOf = map[string]string{"OsmAnd": "traccar", "OwnTracks": "owntracks", "Flespi": "flespi"}

func deviceVectors(t *testing.T) []deviceVector {
	t.Helper()
	root := os.Getenv("WAYGUARD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(root, "device_vectors.jsonl"))
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skipf("needs the recorded data: set WAYGUARD_DATA to its folder (%v)", err)
	}
	defer file.Close()
	var vectors []deviceVector
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var v deviceVector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, v)
	}
	if len(vectors) < 20 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	return vectors
}

// sender is the device that a vector names.
func (v deviceVector) sender() tracker.DeviceID {
	for _, name := range []string{"ident", "device_id"} {
		if _, rest, ok := strings.Cut(v.Body, `"`+name+`":"`); ok {
			id, _, _ := strings.Cut(rest, `"`)
			return tracker.DeviceID(id)
		}
	}
	if _, rest, ok := strings.Cut(v.Body, `"topic":"owntracks/`); ok {
		id, _, _ := strings.Cut(rest, `"`)
		return tracker.DeviceID(strings.Replace(id, "/", ":", 1))
	}
	for _, name := range []string{"?id=", "&id=", "&deviceid="} {
		if _, rest, ok := strings.Cut(v.Path, name); ok {
			id, _, _ := strings.Cut(rest, "&")
			return tracker.DeviceID(id)
		}
	}
	return "anna:van7"
}

// request is a vector as its device sends it.
func (v deviceVector) request(token string) string {
	_, query, _ := strings.Cut(v.Path, "?")
	return fmt.Sprintf("%s /in/%s/%s?%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		v.Method, doorOf[v.Protocol], token, query, len(v.Body), v.Body)
}

// exchange sends a request in raw bytes, ends the sending, and returns the status
// of the answer, 0 for none.
func (s *testSite) exchange(request string) int {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// Every recorded request is stored or refused as its check says, and cut off at
// any byte it stores nothing: where the format cannot tell, HTTP does.
func TestDoorsTakeRecordedRequests(t *testing.T) {
	for i, v := range deviceVectors(t) {
		t.Run(fmt.Sprintf("%d %s %s", i+1, v.Protocol, v.Check), func(t *testing.T) { takeRecorded(t, v) })
	}
}

func takeRecorded(t *testing.T, v deviceVector) {
	if doorOf[v.Protocol] == "" {
		t.Fatal("there is no door for it")
	}
	s, _ := doorSite(t, func(o *Options) { o.Limits.Requests, o.Limits.AnonymousRequests = 1e6, 1e6 })
	id := v.sender()
	if _, ok := s.fleet.Device(id); !ok {
		s.device(id)
	}
	whole := v.request(s.doorToken(id).Token)
	step := 1
	if testing.Short() {
		step = 13
	}
	for n := 0; n < len(whole); n += step {
		if status := s.exchange(whole[:n]); status == http.StatusOK {
			t.Fatalf("cut at %d: status %d", n, status)
		}
	}
	if fixes := s.stored(id); len(fixes) > 0 {
		t.Errorf("%d fixes of requests that were cut off", len(fixes))
	}
	status, fixes := s.exchange(whole), len(s.stored(id))
	switch v.Check {
	case "verifyNull":
		if status != http.StatusBadRequest || fixes > 0 {
			t.Errorf("status %d, %d fixes", status, fixes)
		}
	case "verifyNotNull": // It has cells alone, which are not stored.
		if status != http.StatusOK || fixes > 0 {
			t.Errorf("status %d, %d fixes", status, fixes)
		}
	default:
		if status != http.StatusOK || fixes == 0 {
			t.Errorf("status %d, %d fixes", status, fixes)
		}
	}
}
