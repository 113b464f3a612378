package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// benchFeed is one live feed.
type benchFeed struct {
	number  int
	meter   *benchMeter
	devices map[string]*benchDevice
	conn    *websocket.Conn
}

const (
	// timedFeeds is how many feeds look into their frames. All others count:
	// reading JSON costs more than the server's work.
	timedFeeds = 10
	// feedsPerAddress is how many live feeds the server gives one address.
	feedsPerAddress = 100
	feedBuffer      = 16 << 10
)

// open connects. On one machine, feeds come from many of its loopback
// addresses, since the server bounds those of one.
func (f *benchFeed) open(ctx context.Context, a *benchAPI) error {
	const handshakeWithin = 30 * time.Second
	from := new(net.Dialer)
	if to := net.ParseIP(a.base.Hostname()).To4(); to != nil && to.IsLoopback() {
		n := f.number / feedsPerAddress
		from.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 1, byte(n/250), byte(n%250+1))}
	}
	dialer := websocket.Dialer{NetDialContext: from.DialContext, HandshakeTimeout: handshakeWithin, ReadBufferSize: feedBuffer}
	at := a.base.JoinPath("/api/v1/live")
	at.Scheme = map[string]string{"http": "ws", "https": "wss"}[at.Scheme]
	conn, resp, err := dialer.DialContext(ctx, at.String(), a.header())
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		answer, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("live feed %d: %s", f.number+1, problemOf(resp.StatusCode, answer))
	}
	if err != nil {
		return fmt.Errorf("live feed %d: %w", f.number+1, err)
	}
	f.conn = conn
	return nil
}

func (f *benchFeed) close() {
	if f != nil && f.conn != nil {
		// What fails to close is closed.
		_ = f.conn.Close()
	}
}

// run reads until ctx ends.
func (f *benchFeed) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, f.close)
	defer stop()
	var frame bytes.Buffer
	for {
		err := f.read(&frame)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("live feed %d: %w", f.number+1, err)
		}
		f.count(frame.Bytes())
	}
}

func (f *benchFeed) read(into *bytes.Buffer) error {
	_, r, err := f.conn.NextReader()
	if err != nil {
		return err
	}
	into.Reset()
	_, err = into.ReadFrom(r)
	return err
}

// count takes a frame of positions; each has one member "device".
func (f *benchFeed) count(frame []byte) {
	if !bytes.HasPrefix(frame, []byte(`{"type":"positions"`)) || !f.meter.running.Load() {
		return
	}
	now := f.meter.now()
	f.meter.frames.Add(1)
	f.meter.positions.Add(int64(bytes.Count(frame, []byte(`"device":`))))
	if f.number < timedFeeds {
		f.time(frame, now)
	}
}

// time notes how old the positions in a frame are.
func (f *benchFeed) time(frame []byte, now int64) {
	var in struct {
		Positions []struct {
			Device string
			Time   time.Time
		}
	}
	if json.Unmarshal(frame, &in) != nil {
		return
	}
	tally := f.meter.lock(&f.meter.live)
	defer tally.close()
	for _, p := range in.Positions {
		if d := f.devices[p.Device]; d != nil {
			if at, err := d.sentAt(p.Time); err == nil {
				tally.record(now - at)
			}
		}
	}
}

var errForgotten = errors.New("sent too long ago")

// sentAt is when the report whose newest fix has a time was sent.
func (d *benchDevice) sentAt(fix time.Time) (int64, error) {
	n := (fix.Unix() - d.drive.began) / int64(d.load.Batch)
	at := d.sent.at[n&int64(len(d.sent.at)-1)].Load()
	// Looked at last: by then the place may be that of a later report.
	if next := d.sent.next.Load(); n < 0 || n >= next || next-n >= int64(len(d.sent.at)) {
		return 0, errForgotten
	}
	return at, nil
}
