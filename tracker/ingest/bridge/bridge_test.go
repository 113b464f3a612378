package bridge

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/tracker"
	"wayguard/tracker/ingest/owntracks"
)

func TestOptions(t *testing.T) {
	h := open(t)
	good := Options{Address: "tcp://broker:1883", ClientID: "w", Fleet: h.fleet, Doors: []tracker.Door{owntracks.Door{}}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"no scheme":      func(o *Options) { o.Address = "broker:1883" },
		"another scheme": func(o *Options) { o.Address = "http://broker:1883" },
		"no port":        func(o *Options) { o.Address = "tls://broker" },
		"credentials":    func(o *Options) { o.Address = "tcp://u:hunter2@broker:1883" },
		"no URL":         func(o *Options) { o.Address = "tcp://u:hunter2@bro ker:1883\x7f" },
		"no client id":   func(o *Options) { o.ClientID = "" },
		"long client id": func(o *Options) { o.ClientID = strings.Repeat("w", maxClientID+1) },
		"only password":  func(o *Options) { o.Password = "hunter2" },
		"group":          func(o *Options) { o.Share = "a/b" },
		"no fleet":       func(o *Options) { o.Fleet = nil },
		"no doors":       func(o *Options) { o.Doors = nil },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); !errors.Is(err, ErrOptions) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTakesEveryDoor(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van, "van8")
	b := h.bridge("tcp://"+m.at, nil).connected()
	p := m.publisher()
	p.locations(vanTopic, 0, 300)
	fix := firmware.Fix{Time: firstTST * 1000, Lat: 52_1000000, Lon: 13_0000000}
	frame, err := (&firmware.Report{Boot: 1, Sequence: 1, Time: fix.Time, Fixes: []firmware.Fix{fix}}).Append(nil, nil, firmware.Plain, firmware.Centimetre)
	must(t, err)
	p.publish("wg/1/van8/up", false, frame)
	h.wantStored(van, 300)
	h.wantStored("van8", 1)
	b.want(`messages_total{outcome="stored"}`, 301)
	b.want("in_flight", 0)
	b.stop()
	if got := b.metric("connected"); got != 0 {
		t.Errorf("connected is %v after the end", got)
	}
}

// What the bridge does not store is acknowledged all the same: the session that
// follows hears nothing of it.
func TestRefusals(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	b := h.bridge("tcp://"+m.at, nil).connected()
	p := m.publisher()
	p.publish(vanTopic, false, []byte(`{"_type":"location"`))
	p.publish(vanTopic, false, []byte(`{"_type":"location","tst":1,"lat":95,"lon":1}`))
	p.publish(vanTopic, false, make([]byte, 3*maxPayload))
	p.publish(vanTopic+"/event", false, []byte(`{"_type":"lwt","tst":1}`))
	p.publish(vanTopic, true, nil)
	p.publish("wg/1/anna:van7/up", false, []byte{0xFF})
	p.publish("owntracks/anna/stranger", false, location(0))
	p.publish("wg/1/stranger/up", false, []byte{0xFF})
	p.publish("owntracks/an na/van7", false, location(0))
	p.publish(vanTopic, false, location(0))
	h.wantStored(van, 1)
	b.want("received_total", 10)
	b.want("acknowledged_total", 10)
	b.want("in_flight", 0)
	want := []string{
		"owntracks anna:van7 bad_json", "owntracks anna:van7 bad_position", "owntracks anna:van7 too_large",
		"native anna:van7 unknown_version",
	}
	if got := h.quarantined(); !slices.Equal(got, want) {
		t.Errorf("quarantine %q, want %q", got, want)
	}
	for name, value := range map[string]float64{
		`messages_total{outcome="stored"}`:                           1,
		`messages_total{outcome="ignored"}`:                          2,
		`messages_total{outcome="quarantined"}`:                      4,
		`messages_total{outcome="refused"}`:                          3,
		`messages_total{outcome="unavailable"}`:                      0,
		`refusals_total{door="owntracks",reason="unknown_device"}`:   1,
		`refusals_total{door="native",reason="unknown_device"}`:      1,
		`refusals_total{door="none",reason="foreign_topic"}`:         1,
		`refusals_total{door="owntracks",reason="too_large"}`:        1,
		`refusals_total{door="native",reason="unknown_version"}`:     1,
		`refusals_total{door="owntracks",reason="nothing_to_store"}`: -1,
	} {
		b.want(name, value)
	}
	b.stop()
	again := h.bridge("tcp://"+m.at, nil).connected()
	p.publish(vanTopic, false, location(1))
	h.wantStored(van, 2)
	again.want("received_total", 1)
}

// What the other broker retains comes with each subscription and is stored once.
func TestRetained(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	m.publisher().publish(vanTopic, true, location(0))
	for range 3 {
		b := h.bridge("tcp://"+m.at, nil)
		b.want("received_total", 1)
		b.want(`messages_total{outcome="stored"}`, 1)
		b.stop()
	}
	h.wantStored(van, 1)
}

type panicking struct{ tracker.Door }

func (p panicking) Decode(device tracker.DeviceID, payload []byte, received time.Time) (tracker.Report, error) {
	if string(payload) == "bug" {
		panic("bug")
	}
	return p.Door.Decode(device, payload, received)
}

func TestPanicCostsOneMessage(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	h.bridge("tcp://"+m.at, func(o *Options) { o.Doors = []tracker.Door{panicking{owntracks.Door{}}} }).connected()
	p := m.publisher()
	p.publish(vanTopic, false, []byte("bug"))
	p.publish(vanTopic, false, location(0))
	h.wantStored(van, 1)
	if got := h.quarantined(); !slices.Equal(got, []string{"owntracks anna:van7 panic"}) {
		t.Errorf("quarantine %q", got)
	}
}

// While the fleet cannot store, nothing is acknowledged; all of it comes again.
func TestFullDisk(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	b := h.bridge("tcp://"+m.at, nil).connected()
	p := m.publisher()
	p.locations(vanTopic, 0, 10)
	h.wantStored(van, 10)
	h.gate.shut.Store(true)
	p.locations(vanTopic, 10, 100)
	eventually(t, "something is refused for the moment", func() bool { return b.metric(`messages_total{outcome="unavailable"}`) > 0 })
	eventually(t, "it connects again", func() bool { return b.metric("connects_total") > 1 })
	h.gate.shut.Store(false)
	h.wantStored(van, 100)
}

// The session outlives the bridge: what is published meanwhile waits.
func TestComesLate(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	p := m.publisher()
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, seed))
	next := 0
	for range 6 {
		b := h.bridge("tcp://"+m.at, nil).connected()
		b.want("connects_total", 1)
		n := 50 + rng.IntN(200)
		p.locations(vanTopic, next, next+n)
		next += n
		b.stop()
		p.locations(vanTopic, next, next+20)
		next += 20
	}
	h.bridge("tcp://"+m.at, nil)
	h.wantStored(van, next)
}
