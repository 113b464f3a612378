package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// connect signs a device in; the error is the refusal.
func (p *process) connect(id, secret string, change func(*mqtt.ClientOptions)) (mqtt.Client, error) {
	options := mqtt.NewClientOptions().AddBroker("tcp://" + p.mqtt).SetClientID(id).
		SetUsername(id).SetPassword(secret).SetAutoReconnect(false).SetProtocolVersion(4).SetConnectTimeout(5 * time.Second)
	if change != nil {
		change(options)
	}
	client := mqtt.NewClient(options)
	token := client.Connect()
	if !token.WaitTimeout(10 * time.Second) {
		return nil, fmt.Errorf("no answer to CONNECT")
	}
	return client, token.Error()
}

func publish(t *testing.T, c mqtt.Client, topic string, payload []byte) error {
	t.Helper()
	token := c.Publish(topic, 1, false, payload)
	if !token.WaitTimeout(10 * time.Second) {
		return fmt.Errorf("not acknowledged")
	}
	return token.Error()
}

// quarantined is what an operator reads.
type quarantined struct {
	Device, Door, Reason, Detail, Payload string
}

func (p *process) quarantine(t *testing.T) []quarantined {
	t.Helper()
	var q struct{ Quarantine []quarantined }
	p.call(t, http.MethodGet, "/api/v1/quarantine", nil, http.StatusOK, &q)
	return q.Quarantine
}

// TestBadReports sends what can never be right, each time wants it refused
// with a reason, counted and in the quarantine, and at last wants nothing else
// stored.
func TestBadReports(t *testing.T) {
	p := startServe(t, t.TempDir())
	const device, other = "bad:phone", "good:phone"
	secret := p.createDevice(t, device)
	p.createDevice(t, other)
	client, err := p.connect(device, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	own, now := "owntracks/bad/phone", time.Now().Unix()
	location := func(lat, lon string) string {
		return fmt.Sprintf(`{"_type":"location","tst":%d,"lat":%s,"lon":%s}`, now, lat, lon)
	}
	for i, test := range []struct{ topic, payload, door, reason string }{
		{own, `{"_type":"location","tst":17`, "owntracks", "bad_json"},
		{own, `{"_type":"location","tst":0,"lat":1,"lon":1}`, "owntracks", "bad_time"},
		{own, location("95", "1"), "owntracks", "bad_position"},
		{own, location("1", "-180.1"), "owntracks", "bad_position"},
		{own, location("NaN", "1"), "owntracks", "bad_json"},
		{own, location("1e999", "1"), "owntracks", "bad_position"},
		{own, "\x00\xff\xfe", "owntracks", "bad_json"},
		{"owntracks/good/phone", location("1", "1"), "none", "foreign_topic"},
		{"wg/1/good:phone/up", "x", "none", "foreign_topic"},
		{"wg/1/good:phone/down", "x", "none", "foreign_topic"},
	} {
		series := fmt.Sprintf(`wayguard_mqtt_refusals_total{door=%q,reason=%q}`, test.door, test.reason)
		before := p.metric(t, series)
		if err := publish(t, client, test.topic, []byte(test.payload)); err != nil {
			t.Fatalf("%s %q: %v", test.topic, test.payload, err)
		}
		if got := p.metric(t, series); got != before+1 {
			t.Errorf("%s %q: %s went from %v to %v", test.topic, test.payload, series, before, got)
		}
		q := p.quarantine(t)
		if len(q) != i+1 || q[0].Device != device || q[0].Door != test.door || q[0].Reason != test.reason || len(q[0].Detail) < 10 {
			t.Errorf("%s %q: the quarantine says %+v", test.topic, test.payload, q)
		}
	}
	p.wantNothingStored(t, device, other)
}

func (p *process) wantNothingStored(t *testing.T, devices ...string) {
	t.Helper()
	for _, id := range devices {
		if rows := p.track(t, id, time.Unix(0, 0), time.Now().AddDate(1, 0, 0)); len(rows) != 0 {
			t.Errorf("%s has a track: %v", id, rows)
		}
	}
	if events := p.events(t); len(events) != 0 {
		t.Errorf("there are events: %v", events)
	}
}

// TestBadConnections tries to come in where nobody may, to send too much, and
// to reach another device.
func TestBadConnections(t *testing.T) {
	p := startServe(t, t.TempDir())
	const device, other = "bad:phone", "good:phone"
	secret, otherSecret := p.createDevice(t, device), p.createDevice(t, other)
	refused := func(reason string) float64 {
		return p.metric(t, fmt.Sprintf(`wayguard_mqtt_connects_refused_total{reason=%q}`, reason))
	}
	for _, test := range []struct {
		name, id, secret, reason string
		change                   func(*mqtt.ClientOptions)
	}{
		{"unknown device", "ghost:phone", secret, "unknown_device", nil},
		{"wrong secret", device, otherSecret, "wrong_secret", nil},
		{"no secret", device, "", "wrong_secret", nil},
		{"will to another's commands", device, secret, "bad_will", func(o *mqtt.ClientOptions) { o.SetWill("wg/1/good:phone/down", "x", 1, true) }},
		{"will to another's reports", device, secret, "bad_will", func(o *mqtt.ClientOptions) { o.SetWill("owntracks/good/phone", "x", 1, false) }},
	} {
		before := refused(test.reason)
		if client, err := p.connect(test.id, test.secret, test.change); err == nil {
			client.Disconnect(0)
			t.Errorf("%s: let in", test.name)
		}
		eventually(t, fmt.Sprintf("%s: one more %s than %v", test.name, test.reason, before), func() bool {
			return refused(test.reason) == before+1
		})
	}
	client, err := p.connect(device, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := publish(t, client, "owntracks/bad/phone", make([]byte, 10<<20)); err == nil {
		t.Error("10 MB are acknowledged")
	}
	eventually(t, "10 MB are counted once", func() bool {
		return p.metric(t, `wayguard_mqtt_refusals_total{door="none",reason="too_large"}`) == 1
	})
	if q := p.quarantine(t); len(q) != 0 {
		t.Errorf("10 MB are in the quarantine: %d entries", len(q))
	}
	p.wantNothingStored(t, device, other)
}

// TestOldSecretEndsAtOnce replaces a secret, and then deletes the device, while
// it is connected.
func TestOldSecretEndsAtOnce(t *testing.T) {
	p := startServe(t, t.TempDir())
	const device = "ann:phone"
	secret := p.createDevice(t, device)
	for _, revoke := range []func() string{
		func() string {
			var made struct{ Secret string }
			p.call(t, http.MethodPost, "/api/v1/devices/"+device+"/secret", nil, http.StatusOK, &made)
			return made.Secret
		},
		func() string {
			p.call(t, http.MethodDelete, "/api/v1/devices/"+device, nil, http.StatusNoContent, nil)
			return ""
		},
	} {
		client, err := p.connect(device, secret, nil)
		if err != nil {
			t.Fatal(err)
		}
		next := revoke()
		eventually(t, "the connection ends", func() bool { return !client.IsConnectionOpen() })
		if again, err := p.connect(device, secret, nil); err == nil {
			again.Disconnect(0)
			t.Error("the old secret lets in")
		}
		secret = next
	}
}

// TestNothingReachesAnotherDevice lets one device listen wherever it can while
// another publishes to its topics.
func TestNothingReachesAnotherDevice(t *testing.T) {
	p := startServe(t, t.TempDir())
	const sender, listener = "bad:phone", "good:phone"
	senderSecret, listenerSecret := p.createDevice(t, sender), p.createDevice(t, listener)
	heard := make(chan string, 100)
	ears, err := p.connect(listener, listenerSecret, func(o *mqtt.ClientOptions) {
		o.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { heard <- m.Topic() })
	})
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"wg/1/good:phone/down", "owntracks/good/phone/cmd"}
	for _, filter := range append(own, "#", "+/+/+", "wg/#", "owntracks/+/+", "$SYS/#", "$share/g/#", "owntracks/bad/phone", "wg/1/bad:phone/down") {
		ears.Subscribe(filter, 1, nil).WaitTimeout(5 * time.Second)
	}
	if !ears.IsConnected() {
		t.Fatal("the listener is gone")
	}
	mouth, err := p.connect(sender, senderSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := fmt.Sprintf(`{"_type":"location","tst":%d,"lat":1,"lon":1}`, time.Now().Unix())
	for _, topic := range append(own, "owntracks/bad/phone", "owntracks/good/phone", "wg/1/good:phone/up", "wg/1/good:phone/online", "x") {
		mouth.Publish(topic, 1, true, good).WaitTimeout(5 * time.Second)
		mouth.Publish(topic, 0, false, good).WaitTimeout(5 * time.Second)
	}
	select {
	case topic := <-heard:
		t.Errorf("the listener heard something on %s", topic)
	case <-time.After(500 * time.Millisecond):
	}
	if rows := p.track(t, sender, time.Unix(0, 0), time.Now().Add(time.Hour)); len(rows) != 1 {
		t.Errorf("the sender's own report is stored %d times", len(rows))
	}
	p.wantNothingStored(t, listener)
}

// TestBadFences posts what is no fence and wants each refused with a problem
// that says what is wrong, counted, and nothing stored.
func TestBadFences(t *testing.T) {
	p := startServe(t, t.TempDir())
	polygon := func(rings string) string {
		return `{"type":"Feature","id":"x","geometry":{"type":"Polygon","coordinates":` + rings + `},"properties":{}}`
	}
	for name, test := range map[string]struct{ body, says string }{
		"broken JSON":       {`{"type":"Feature"`, ""},
		"unclosed ring":     {polygon(`[[[0,0],[1,0],[1,1],[0,1]]]`), "clos"},
		"self-crossing":     {polygon(`[[[0,0],[1,1],[1,0],[0,1],[0,0]]]`), "cross"},
		"empty polygon":     {polygon(`[]`), "empty"},
		"empty ring":        {polygon(`[[]]`), ""},
		"latitude":          {polygon(`[[[0,0],[1,0],[1,91],[0,0]]]`), "latitude"},
		"NaN":               {polygon(`[[[0,0],[1,NaN],[1,1],[0,0]]]`), ""},
		"no radius":         {`{"type":"Feature","id":"x","geometry":{"type":"Point","coordinates":[1,1]},"properties":{}}`, "radius_m"},
		"no id":             {`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]},"properties":{"radius_m":5}}`, "id"},
		"line":              {`{"type":"Feature","id":"x","geometry":{"type":"LineString","coordinates":[[1,1],[2,2]]},"properties":{}}`, "LineString"},
		"good and bad ones": {`{"type":"FeatureCollection","features":[` + strings.Replace(polygon(`[[[0,0],[1,0],[1,1],[0,0]]]`), `"x"`, `"good"`, 1) + `,` + polygon(`[]`) + `]}`, "x"},
	} {
		status, answer := p.send(t, http.MethodPost, "/api/v1/fences", []byte(test.body))
		var problem struct{ Title, Detail string }
		if err := json.Unmarshal(answer, &problem); err != nil || status < 400 || status > 499 {
			t.Errorf("%s: status %d, %v: %s", name, status, err, answer)
			continue
		}
		if len(problem.Detail) < 15 || !strings.Contains(problem.Detail, test.says) {
			t.Errorf("%s: the problem says only %q", name, problem.Detail)
		}
	}
	if n := p.metric(t, `wayguard_http_requests_total{class="4xx",route="POST /api/v1/fences"}`); n != 11 {
		t.Errorf("%v refusals are counted, want 11", n)
	}
	var stored struct{ Features []any }
	p.call(t, http.MethodGet, "/api/v1/fences", nil, http.StatusOK, &stored)
	if len(stored.Features) != 0 {
		t.Errorf("stored are %v", stored.Features)
	}
}
