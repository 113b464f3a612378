package web

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wayguard/geofence"
	"wayguard/tracker"
)

// BenchmarkFanOut has 200 devices report as fast as they can to 500 live
// feeds, in-process clients included. positions/s counts what clients received,
// frames/s the frames that carried it.
func BenchmarkFanOut(b *testing.B) {
	const devices, clients = 200, 500
	s := startSite(b, func(o *Options) { o.Limits.LivePerClient = clients })
	for i := range devices {
		if _, err := s.fleet.CreateDevice(b.Context(), tracker.Device{ID: tracker.DeviceID(fmt.Sprint("van-", i))}); err != nil {
			b.Fatal(err)
		}
	}
	var positions, frames atomic.Int64
	var reading sync.WaitGroup
	for range clients {
		conn := s.live("").conn
		reading.Go(func() { countPositions(conn, &positions, &frames) })
	}
	b.ReportAllocs()
	started := time.Now()
	for n := 0; b.Loop(); n++ {
		f := fixAt(started.Add(time.Duration(n)*time.Millisecond), 8, 50)
		r := tracker.Report{Device: tracker.DeviceID(fmt.Sprint("van-", n%devices)), Received: time.Now(), Key: tracker.ReportKey(n), Fixes: []geofence.Fix{f}}
		if err := s.fleet.Enqueue(b.Context(), r, func(error) {}); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(started).Seconds()
	b.ReportMetric(float64(positions.Load())/took, "positions/s")
	b.ReportMetric(float64(frames.Load())/took, "frames/s")
	s.stop()
	reading.Wait()
}

// countPositions reads to the end. It counts a position by its first member,
// since decoding would cost more than all of the server's work.
func countPositions(conn *websocket.Conn, positions, frames *atomic.Int64) {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Time{})
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		positions.Add(int64(bytes.Count(frame, []byte(`"device":`))))
		frames.Add(1)
	}
}
