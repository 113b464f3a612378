package main

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
)

// desiredNow is what the API shows of a device's desired state.
type desiredNow struct {
	Version uint32
	Moving  *int `json:"moving_s"`
	Applied *struct{ Version uint32 }
}

// overheard are the desired states that came down to a device.
type overheard struct {
	mu     sync.Mutex
	frames map[[2]uint32]string
	clash  bool
}

func (o *overheard) take(_ mqtt.Client, m mqtt.Message) {
	state, err := firmware.ParseDesired(m.Payload(), nil)
	o.mu.Lock()
	defer o.mu.Unlock()
	name := [2]uint32{state.Version, state.Issue}
	if before, known := o.frames[name]; err != nil || known && before != string(m.Payload()) {
		o.clash = true
	}
	o.frames[name] = string(m.Payload())
}

// overhear subscribes as the device, beside it, now and after each restart.
func (p *process) overhear(t *testing.T, id, secret string) *overheard {
	t.Helper()
	o := &overheard{frames: make(map[[2]uint32]string)}
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + p.mqtt).SetClientID("beside").SetUsername(id).SetPassword(secret).
		SetMaxReconnectInterval(50 * time.Millisecond).SetConnectRetryInterval(50 * time.Millisecond).SetConnectRetry(true).
		SetOnConnectHandler(func(c mqtt.Client) { c.Subscribe("wg/1/"+id+"/down", 1, o.take) }))
	client.Connect()
	t.Cleanup(func() { client.Disconnect(100) })
	return o
}

// TestKillBeforeDelivery kills the server just after it took a change. The device
// is told all the same, of each version at most once and in their order, and no
// two frames share version and issue.
func TestKillBeforeDelivery(t *testing.T) {
	const kills, seed = 5, 3
	rng := rand.New(rand.NewPCG(seed, seed))
	p := startServe(t, t.TempDir())
	const id = "van-1"
	secret := p.createDevice(t, id)
	var mu sync.Mutex
	var told []uint32
	d, err := device.New(device.Options{
		Broker: "tcp://" + p.mqtt, ID: id, Secret: secret, BootFile: filepath.Join(t.TempDir(), "boot"),
		RetryMax: 600 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Obey: func(s firmware.Desired) firmware.Outcome {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, s.Version)
			return firmware.InForce
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	running := make(chan error, 1)
	go func() { running <- d.Run(t.Context()) }()
	t.Cleanup(func() { <-running })
	heard := p.overhear(t, id, secret)
	const path = "/api/v1/devices/" + id + "/desired"
	for round := range kills {
		p.call(t, http.MethodPut, path, map[string]any{"moving_s": 10 + round, "seal": []string{"arm", "release"}[round%2]}, http.StatusOK, nil)
		time.Sleep(time.Duration(rng.IntN(8)) * time.Millisecond)
		p.kill()
		p.again(t)
		var now desiredNow
		eventually(t, "the device's answer", func() bool {
			p.call(t, http.MethodGet, path, nil, http.StatusOK, &now)
			return now.Applied != nil && now.Applied.Version == now.Version
		})
		if now.Version != uint32(round+1) || *now.Moving != 10+round || d.Desired().Moving != time.Duration(10+round)*time.Second {
			t.Errorf("seed %d, round %d: the server has %+v, the device %+v", seed, round, now, d.Desired())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []uint32{1, 2, 3, 4, 5}; !slices.Equal(told, want) {
		t.Errorf("seed %d: told of versions %d, want %d", seed, told, want)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	t.Logf("%d frames went down over %d kills", len(heard.frames), kills)
	if heard.clash || len(heard.frames) == 0 {
		t.Errorf("seed %d: %d frames, two share version and issue: %v", seed, len(heard.frames), heard.clash)
	}
}
