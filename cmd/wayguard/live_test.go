package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dataDir is the folder of real tracks, or the test skips.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WAYGUARD_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		need(t, "data", "the folder of real tracks beside the checkout, ../shared/data, or its path in WAYGUARD_DATA")
	}
	return dir
}

// busTrip is the trip of Liverpool's bus 14 with the most fixes, as OwnTracks
// messages.
func busTrip(t *testing.T) (messages []string) {
	t.Helper()
	trips := make(map[string][]map[string]string)
	longest := ""
	for _, row := range readTable(t, filepath.Join(dataDir(t), "liverpool_bus14", "route14_outbound.csv")) {
		trip := row["vehicle_id"] + "/" + row["trip_id"]
		trips[trip] = append(trips[trip], row)
		if len(trips[trip]) > len(trips[longest]) {
			longest = trip
		}
	}
	slices.SortFunc(trips[longest], func(a, b map[string]string) int { return strings.Compare(a["timestamp"], b["timestamp"]) })
	for _, row := range trips[longest] {
		at, err := time.Parse(time.DateTime, row["timestamp"])
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, fmt.Sprintf(`{"_type":"location","tid":"14","tst":%d,"lat":%s,"lon":%s}`, at.Unix(), row["latitude"], row["longitude"]))
	}
	return messages
}

// replayTrip runs the replay command and returns the events that it finds in
// the messages.
func replayTrip(t *testing.T, wards []string, device string, messages []string) []string {
	t.Helper()
	dir := t.TempDir()
	trace := "time,lat,lon,device\n"
	for _, m := range messages {
		var fix struct {
			Tst      int64
			Lat, Lon json.Number
		}
		if err := json.Unmarshal([]byte(m), &fix); err != nil {
			t.Fatal(err)
		}
		trace += fmt.Sprintf("%d,%s,%s,%s\n", fix.Tst, fix.Lat, fix.Lon, device)
	}
	stdout, _ := runReplay(t, replayCmd{
		Plan: writePlan(t, dir, wards...), Format: "ndjson",
		Traces: []string{writeFile(t, dir, "trace.csv", []byte(trace))},
	})
	var lines []string
	for line := range strings.Lines(stdout) {
		var e logged
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, e.String())
	}
	return lines
}

// feed is a live WebSocket that collects the events it is sent.
type feed struct {
	conn *websocket.Conn
}

func (p *process) live(t *testing.T, after uint64) *feed {
	t.Helper()
	header := http.Header{"Authorization": {"Bearer " + testToken}}
	conn, resp, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/api/v1/live?after=%d", p.http, after), header)
	if err != nil {
		t.Fatalf("live feed: %v, %+v", err, resp)
	}
	t.Cleanup(func() { conn.Close() })
	return &feed{conn: conn}
}

// next returns the next n events.
func (f *feed) next(t *testing.T, n int) []logged {
	t.Helper()
	var events []logged
	for len(events) < n {
		if err := f.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		var e logged
		if err := f.conn.ReadJSON(&e); err != nil {
			t.Fatalf("%d of %d events came: %v", len(events), n, err)
		}
		if strings.Contains(e.Type, ".") {
			events = append(events, e)
		}
	}
	return events
}

// mosquittoPub publishes lines as messages of one device and returns when all
// are acknowledged.
func (p *process) mosquittoPub(t *testing.T, program, device, secret string, lines []string) {
	t.Helper()
	host, port, err := net.SplitHostPort(p.mqtt)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-h", host, "-p", port, "-i", device, "-u", device, "-P", secret,
		"-t", "owntracks/"+ownTracksPath(device), "-q", strconv.Itoa(1), "-l")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_pub: %v: %s", err, out)
	}
}

// TestLiveFromMosquitto drives a real bus through the real wards of Liverpool:
// mosquitto_pub, the server, a WebSocket that breaks off and resumes.
func TestLiveFromMosquitto(t *testing.T) {
	program := needMosquitto(t, "mosquitto_pub")
	wards, messages := liverpoolWards(t, dataDir(t)), busTrip(t)
	const device = "bus:14"
	want := replayTrip(t, wards, device, messages)
	if len(want) < 4 {
		t.Fatalf("only %d events to see: %q", len(want), want)
	}
	p := startServe(t, t.TempDir())
	collection := fmt.Sprintf(`{"type":"FeatureCollection","features":[%s]}`, strings.Join(wards, ","))
	p.call(t, http.MethodPost, "/api/v1/fences", []byte(collection), http.StatusOK, nil)
	secret := p.createDevice(t, device)
	half := len(messages) / 2
	before := len(replayTrip(t, wards, device, messages[:half]))

	first := p.live(t, 0)
	p.mosquittoPub(t, program, device, secret, messages[:half])
	got := first.next(t, before)
	first.conn.Close()
	p.mosquittoPub(t, program, device, secret, messages[half:])
	after := uint64(0)
	if len(got) > 0 {
		after = got[len(got)-1].Seq
	}
	got = append(got, p.live(t, after).next(t, len(want)-before)...)

	var lines []string
	for i, e := range got {
		if e.Seq != uint64(i+1) {
			t.Errorf("event %d of the feed has the number %d", i+1, e.Seq)
		}
		lines = append(lines, e.String())
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the feed gives\n%s\nwant, as replay finds,\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if stored := p.events(t); !slices.Equal(stored, got) {
		t.Errorf("the log has %d events, the feed gave %d", len(stored), len(got))
	}
}
