package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// TestLab: nobody signs in, and what was acknowledged is there after a kill.
func TestLab(t *testing.T) {
	p := startServe(t, t.TempDir(), "--mqtt-lab")
	anonymous := func(o *mqtt.ClientOptions) { o.SetUsername("").SetPassword("") }
	client, err := p.connect("generator", "", anonymous)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(0)
	heard := make(chan string, 1)
	token := client.Subscribe("elsewhere/#", 1, func(_ mqtt.Client, m mqtt.Message) { heard <- m.Topic() })
	if !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	for topic, payload := range map[string]string{
		"elsewhere/a": "x", "owntracks/lab/one": `{"_type":"location","tst":1760000000,"lat":1,"lon":2}`,
	} {
		if err := publish(t, client, topic, []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case topic := <-heard:
		if topic != "elsewhere/a" {
			t.Errorf("heard %s", topic)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing was heard on an ordinary topic")
	}
	eventually(t, "the start warns", func() bool { return strings.Contains(p.output.String(), "WARNING") })
	p.wantWarned(t)
	p.kill()
	p.again(t)
	if rows := p.track(t, "lab:one", time.Unix(1759999999, 0), time.Unix(1760000001, 0)); len(rows) != 1 {
		t.Errorf("%d fixes are stored, want 1", len(rows))
	}
	if _, err := p.connect("generator", "", anonymous); err == nil {
		t.Error("without --mqtt-lab, anyone may still connect")
	}
}

func (p *process) wantWarned(t *testing.T) {
	t.Helper()
	for path, want := range map[string]string{"/healthz": "warning: lab mode", "/": "/warning.css", "/warning.css": "lab mode"} {
		resp, err := http.Get("http://" + p.http + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s does not say %q: %v\n%s", path, want, err, body)
		}
	}
}
