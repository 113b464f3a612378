package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
	"wayguard/tracker"
	"wayguard/tracker/ingest/native"
)

// simInbox is a broker's hook that admits the vans with their secrets and keeps
// what they publish.
type simInbox struct {
	mqtt.HookBase
	secrets map[tracker.DeviceID]string

	mu      sync.Mutex
	reports map[tracker.DeviceID][]tracker.Report
	errors  []error
}

func (h *simInbox) Provides(method byte) bool {
	return method == mqtt.OnConnectAuthenticate || method == mqtt.OnACLCheck || method == mqtt.OnPublish
}

func (h *simInbox) OnConnectAuthenticate(_ *mqtt.Client, pk packets.Packet) bool {
	secret, ok := h.secrets[tracker.DeviceID(pk.Connect.Username)]
	return ok && secret == string(pk.Connect.Password)
}

func (h *simInbox) OnACLCheck(*mqtt.Client, string, bool) bool { return true }

func (h *simInbox) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := tracker.DeviceID(cl.Properties.Username)
	if !(native.Door{}).Publishes(id, pk.TopicName) {
		h.errors = append(h.errors, errors.New("published on "+pk.TopicName))
	}
	r, err := native.Door{}.Decode(id, pk.Payload, time.Now())
	if err != nil {
		h.errors = append(h.errors, err)
	}
	h.reports[id] = append(h.reports[id], r)
	return pk, nil
}

func startSimBroker(t *testing.T, inbox *simInbox) (address string) {
	t.Helper()
	server := mqtt.New(&mqtt.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	listener := listeners.NewTCP(listeners.Config{ID: "test", Address: "127.0.0.1:0"})
	for _, err := range []error{server.AddHook(inbox, nil), server.AddListener(listener), server.Serve()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = server.Close() })
	return listener.Address()
}

func TestSimRadio(t *testing.T) {
	t.Parallel()
	fleet := newSimFleet(newTown(1), simTestVans, 1)
	inbox := &simInbox{secrets: map[tracker.DeviceID]string{}, reports: map[tracker.DeviceID][]tracker.Report{}}
	for _, d := range fleet.devices() {
		inbox.secrets[d.ID] = "secret of " + d.Name
	}
	ctx, cancel := context.WithCancel(t.Context())
	radio, err := newSimRadio(ctx, simTarget{
		broker: startSimBroker(t, inbox), secrets: inbox.secrets, folder: t.TempDir(), log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now().Add(-4 * time.Second)
	for _, x := range fleet.advance(3 * time.Second) {
		if err := radio.send(ctx, simDeviceID(x.Van), x.report(begun)); err != nil {
			t.Fatal(err)
		}
	}
	if err := radio.settle(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	counts, err := radio.close()
	if err != nil {
		t.Fatal(err)
	}
	inbox.mu.Lock()
	defer inbox.mu.Unlock()
	if len(inbox.errors) > 0 {
		t.Fatal(errors.Join(inbox.errors...))
	}
	received := 0
	for id, reports := range inbox.reports {
		received += len(reports)
		checkSimReports(t, id, reports)
	}
	if len(inbox.reports) != simTestVans {
		t.Errorf("heard of %v", slices.Sorted(maps.Keys(inbox.reports)))
	}
	if counts.Sent == 0 || counts.Sent != counts.Acknowledged || counts.Sent != uint64(received) {
		t.Errorf("sent %d, acknowledged %d, received %d", counts.Sent, counts.Acknowledged, received)
	}
}

// checkSimReports: on the second, in order, just now, and with everything a
// tracker measures.
func checkSimReports(t *testing.T, id tracker.DeviceID, reports []tracker.Report) {
	t.Helper()
	last := time.Time{}
	for _, r := range reports {
		if len(r.Fixes) != 1 || len(r.Readings) != 1 || r.Readings[0].Kind != firmware.Battery {
			t.Fatalf("%s: %+v", id, r)
		}
		at := r.Fixes[0].Time.Time()
		if !at.After(last) || at.After(r.Received) || r.Received.Sub(at) > time.Minute {
			t.Errorf("%s: a fix of %v after %v, received %v", id, at, last, r.Received)
		}
		if r.Fixes[0].AccuracyMeters < 1 || townOf(r.Fixes[0].Point).length() > 3000 {
			t.Errorf("%s: %+v", id, r.Fixes[0])
		}
		last = at
	}
}

func TestSimRadioWithoutServer(t *testing.T) {
	t.Parallel()
	target := simTarget{broker: "nowhere", secrets: map[tracker.DeviceID]string{"van": "secret"}, folder: t.TempDir()}
	if _, err := newSimRadio(t.Context(), target); !errors.Is(err, device.ErrOptions) {
		t.Errorf("no port: %v", err)
	}
}
