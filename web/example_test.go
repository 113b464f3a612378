package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/web"
)

// lineDoor is a door for a made-up tracker that posts a line: its time, latitude
// and longitude. A real one lives in a package of its own below tracker/ingest.
type lineDoor struct{}

func (lineDoor) Name() string { return "line" }

// Answer is what the tracker wants to read.
func (lineDoor) Answer() string { return "" }

func (lineDoor) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	var seconds int64
	var lat, lon float64
	if n, err := fmt.Sscanf(string(payload), "%d %g %g", &seconds, &lat, &lon); err != nil {
		return tracker.Report{}, tracker.Refuse("bad_line", "field %d of the line is not a number", n+1)
	}
	if !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) {
		return tracker.Report{}, tracker.Refuse("bad_position", "the line must hold Unix seconds, a latitude and a longitude")
	}
	return tracker.Report{
		Device:   device,
		Received: received,
		// By this the same line sent again is found to be the same.
		Key:   tracker.ReportKey(xxhash.Sum64(payload)),
		Fixes: []geofence.Fix{{Time: geofence.Millis(seconds * 1000), Point: [2]float64{lon, lat}}},
	}, nil
}

// A new door is a type with three methods that is named once more where the
// server is put together (cmd/wayguard/server.go). Who sends a request, the
// limits, the quarantine, the store and the answers are the server's.
func ExampleDoor() {
	dir, err := os.MkdirTemp("", "wayguard")
	check(err)
	defer os.RemoveAll(dir)
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	check(err)
	log := slog.New(slog.DiscardHandler)
	fleet, err := tracker.Open(store, tracker.Options{Log: log})
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server, err := web.New(web.Options{
		Fleet: fleet, Listen: web.Listen{Listener: listener}, Log: log,
		Doors: []web.Door{lineDoor{}},
	})
	check(err)
	ctx, stop := context.WithCancel(context.Background())
	fleetDone, webDone := make(chan error, 1), make(chan error, 1)
	go func() { fleetDone <- fleet.Run(ctx) }()
	go func() { webDone <- server.Run(ctx) }()

	_, err = fleet.CreateDevice(ctx, tracker.Device{ID: "van"})
	check(err)
	token, err := fleet.CreateDoorToken(ctx, "van", tracker.AnyVersion)
	check(err)
	for _, line := range []string{"1767225600 52.66 -8.62", "1767225600 52.66 -8.62", "1767225610 52.67 west"} {
		resp, err := http.Post("http://"+listener.Addr().String()+"/in/line/"+token, "text/plain", strings.NewReader(line))
		check(err)
		_, err = io.Copy(io.Discard, resp.Body)
		check(err)
		check(resp.Body.Close())
		fmt.Println(resp.StatusCode)
	}
	start := time.Unix(1767225600, 0)
	check(fleet.Track("van", start, start.Add(time.Hour), func(p tracker.TrackPoint) bool {
		fmt.Println(p.Fix.Time.Time().Format(time.TimeOnly), p.Fix.Point)
		return true
	}))
	refused, err := fleet.Quarantined()
	check(err)
	fmt.Println(refused[0].Reason+":", refused[0].Detail)
	stop()
	check(<-webDone)
	check(<-fleetDone)
	check(store.Close())
	// Output:
	// 200
	// 200
	// 400
	// 00:00:00 [-8.62 52.66]
	// bad_line: field 3 of the line is not a number
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
