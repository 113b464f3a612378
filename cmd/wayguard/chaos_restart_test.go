package main

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
)

// resuming is a device that connects again by itself.
type resuming interface {
	// run sends the shuttles' fix of each time, and returns when fixes is closed
	// and it has no more to do.
	run(t *testing.T, fixes <-chan int64)
	// progress is how many of its fixes were acknowledged, or sent at least.
	progress() int
}

// TestRestart stops and kills the server and starts it again under devices that
// stay: the reference device in both of its languages, paho's client with its
// own way to connect again, and lean ones. All go on by themselves.
func TestRestart(t *testing.T) {
	trouble(t)
	const each = 5
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	lean := p.enrol(t, "lean", each, 10)
	stopLean := p.publishAll(lean)
	var others []resuming
	radios := append(append(p.enrol(t, "reference", each, 0), p.enrol(t, "native", each, 0)...), p.enrol(t, "paho", each, 0)...)
	for i, r := range radios {
		switch i / each {
		case 0:
			others = append(others, newReference(t, p, r, ""))
		case 1:
			others = append(others, newReference(t, p, r, filepath.Join(t.TempDir(), "boot")))
		case 2:
			others = append(others, newPaho(t, p, r))
		}
	}
	stopOthers := driveAll(t, radios, others)
	for i := range times(3, 20) {
		time.Sleep(300 * time.Millisecond)
		if i%2 == 0 {
			p.interrupt(t)
		} else {
			p.kill()
		}
		p.again(t)
		awaitAcknowledgements(t, lean, time.Now())
		for j, r := range others {
			was := r.progress()
			eventually(t, radios[j].id+" goes on", func() bool { return r.progress() > was })
		}
	}
	stopLean()
	stopOthers()
	for _, r := range radios {
		eventually(t, r.id+" has sent all", func() bool { return len(lost(r.got(), p.stored(t, r.id))) == 0 })
	}
	acked, events := p.audit(t, append(lean, radios...)...)
	t.Logf("%d positions acknowledged, %d events", acked, events)
}

// driveAll has each device send a hundred fixes a second, and notes them in the
// radios as acknowledged, until stop is called.
func driveAll(t *testing.T, radios []*radio, devices []resuming) (stop func()) {
	done := make(chan struct{})
	var driving sync.WaitGroup
	for i, d := range devices {
		fixes := make(chan int64)
		driving.Go(func() { d.run(t, fixes) })
		driving.Go(func() {
			defer close(fixes)
			for tst := shuttleStart(); ; tst++ {
				select {
				case <-done:
					return
				case <-time.After(10 * time.Millisecond):
				}
				fixes <- tst
				radios[i].acks = append(radios[i].acks, ack{key: tst})
			}
		})
	}
	return func() { close(done); driving.Wait() }
}

// reference is package device's.
type reference struct{ *device.Device }

func newReference(t *testing.T, p *process, r *radio, bootFile string) reference {
	t.Helper()
	d, err := device.New(device.Options{
		Broker: p.mqtt, ID: r.id, Secret: r.secret, BootFile: bootFile,
		RetryMax: time.Second, DrainTimeout: 20 * time.Second, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return reference{d}
}

func (r reference) progress() int { return int(r.Stats().Acknowledged) }

func (r reference) run(t *testing.T, fixes <-chan int64) {
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for tst := range fixes {
		fix := geofence.Fix{Time: geofence.Millis(tst * 1000), Point: shuttlePlace(tst), AccuracyMeters: 5, Known: geofence.KnownAccuracy}
		if err := r.Send(ctx, device.Report{Fix: fix}); err != nil {
			t.Error(err)
		}
	}
	end()
	running.Wait()
}

// pahoDevice leaves it to paho to connect again and to send again what was not
// acknowledged, which it does in any order.
type pahoDevice struct {
	mqtt.Client
	radio *radio
	sent  *atomic.Int64
}

func newPaho(t *testing.T, p *process, r *radio) pahoDevice {
	t.Helper()
	client, err := p.connect(r.id, r.secret, func(o *mqtt.ClientOptions) {
		o.SetAutoReconnect(true).SetCleanSession(false).SetMaxReconnectInterval(500 * time.Millisecond)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(100) })
	return pahoDevice{client, r, new(atomic.Int64)}
}

func (d pahoDevice) progress() int { return int(d.sent.Load()) }

// run does not prove that all is acknowledged: paho's tokens are complete when a
// publish is sent again, and also, with an error, when it cannot be sent, whereas
// paho sends it later.
func (d pahoDevice) run(t *testing.T, fixes <-chan int64) {
	flying := make(chan mqtt.Token, 20)
	var sending sync.WaitGroup
	sending.Go(func() {
		for token := range flying {
			if !token.WaitTimeout(20 * time.Second) {
				t.Errorf("%s: a publish is neither acknowledged nor sent again", d.radio.id)
			}
			if token.Error() == nil {
				d.sent.Add(1)
			}
		}
	})
	for tst := range fixes {
		flying <- d.Publish(d.radio.topic, 1, false, shuttleMessage(tst).payload)
	}
	close(flying)
	sending.Wait()
}
