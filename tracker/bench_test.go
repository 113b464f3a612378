package tracker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"wayguard/geofence"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// BenchmarkEnqueue measures durable reports a second through the whole
// pipeline, without a network: so many devices with so many reports each in
// flight, one fix a report, 100 fences.
func BenchmarkEnqueue(b *testing.B) {
	for _, load := range []struct{ devices, inFlight int }{{1, 1}, {200, 20}, {5000, 4}} {
		b.Run(fmt.Sprintf("devices=%d/inflight=%d", load.devices, load.inFlight), func(b *testing.B) {
			fleet, ids := benchFleet(b, load.devices)
			slots := make(chan struct{}, load.devices*load.inFlight)
			done := func(err error) {
				if err != nil {
					b.Error(err)
				}
				<-slots
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				slots <- struct{}{}
				rep := report(ids[i%len(ids)], i/len(ids), float64(i%100)/10)
				if err := fleet.Enqueue(context.Background(), rep, done); err != nil {
					b.Fatal(err)
				}
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

func benchFleet(b *testing.B, devices int) (*tracker.Fleet, []tracker.DeviceID) {
	b.Helper()
	store, err := boltstore.Open(b.TempDir()+"/fleet.db", boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	fleet, err := tracker.Open(store, tracker.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- fleet.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		store.Close()
	})
	fences := make([]tracker.FenceRecord, 100)
	for i := range fences {
		fences[i] = tracker.FenceRecord{Fence: geofence.Fence{ID: geofence.FenceID(fmt.Sprint(i)), Center: east(float64(i) + 0.5), RadiusMeters: 100}}
	}
	if err := fleet.PutFences(ctx, fences...); err != nil {
		b.Fatal(err)
	}
	ids := make([]tracker.DeviceID, devices)
	for i := range ids {
		ids[i] = tracker.DeviceID(fmt.Sprintf("bench:%d", i))
		if _, err := fleet.CreateDevice(ctx, tracker.Device{ID: ids[i]}); err != nil {
			b.Fatal(err)
		}
	}
	return fleet, ids
}
