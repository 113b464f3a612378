package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"wayguard/tracker/ingest/owntracks"
)

// ownTracksOf decodes a link as the apps do.
func ownTracksOf(t *testing.T, link string) (c ownTracksConfig) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "owntracks" || u.Host != "" || u.Path != "/config" {
		t.Fatalf("link %.60q, %v", link, err)
	}
	if strings.Contains(u.RawQuery, "%3D") {
		t.Errorf("the link is padded: %s", link)
	}
	text, err := base64.StdEncoding.DecodeString(u.Query().Get("inline"))
	if err != nil {
		t.Fatal(err)
	}
	c.ownTracksMQTT = new(ownTracksMQTT)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return c
}

func TestSetup(t *testing.T) {
	s := startSite(t, withBroker, func(o *Options) { o.Listen.PublicURL = &url.URL{Scheme: "https", Host: "fleet.example"} })
	var made newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"ann:van"}`)).decode(&made)
	if made.Setup.MQTT == nil || *made.Setup.MQTT != "mqtts://fleet.example:8883" || made.Setup.HTTP != "https://fleet.example" {
		t.Fatalf("setup %+v", made.Setup)
	}
	mqtt := ownTracksOf(t, *made.Setup.OwnTracksMQTT.Link)
	if mqtt.Type != "configuration" || mqtt.Mode != 0 || mqtt.Host != "fleet.example" || mqtt.Port != 8883 || !mqtt.TLS || !mqtt.Auth ||
		mqtt.Username != "ann" || mqtt.DeviceID != "van" || mqtt.Password != made.Secret || mqtt.QoS != 1 || mqtt.URL != "" {
		t.Errorf("over MQTT: %+v %+v", mqtt, mqtt.ownTracksMQTT)
	}
	overHTTP := ownTracksOf(t, *made.Setup.OwnTracksHTTP.Link)
	if overHTTP.Mode != 3 || overHTTP.URL != "https://fleet.example/in/owntracks" || overHTTP.Host != "" || overHTTP.Password != made.Secret {
		t.Errorf("over HTTP: %+v", overHTTP)
	}
	native, err := url.Parse(*made.Setup.Native.Link)
	if err != nil || native.Scheme != "wayguard" {
		t.Fatalf("%v %v", native, err)
	}
	frame, _ := s.fleet.FrameSecret("ann:van")
	file, _ := json.Marshal(made.Setup.Native.File)
	var members map[string]any
	if err := json.Unmarshal(file, &members); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"version": "1", "id": "ann:van", "mqtt": "mqtts://fleet.example:8883", "http": "https://fleet.example", "secret": made.Secret, "frame_key": base64.RawURLEncoding.EncodeToString(frame)} {
		if got := native.Query().Get(name); got != want || name != "version" && members[name] != want {
			t.Errorf("%s is %q in the link and %v in the file, want %q", name, got, members[name], want)
		}
	}
	if len(members) != 6 || len(native.Query()) != 6 {
		t.Errorf("file %s, link %s", file, native)
	}
	var box newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"box"}`)).decode(&box)
	if box.Setup.OwnTracksMQTT != nil || box.Setup.OwnTracksHTTP != nil {
		t.Error("an id of one part is given to OwnTracks")
	}
}

// The configuration that a phone is given is taken by the door that it is for.
func TestOwnTracksSetupReports(t *testing.T) {
	s := startSite(t, func(o *Options) { o.Doors = []Door{owntracks.HTTP{}} })
	var made newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"ann:van"}`)).decode(&made)
	c := ownTracksOf(t, *made.Setup.OwnTracksHTTP.Link)
	r, err := http.NewRequest(http.MethodPost, c.URL, strings.NewReader(`{"_type":"location","tst":1772539200,"lat":50,"lon":8,"tid":"an"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(c.Username, c.Password)
	resp, err := s.client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if d, _ := s.fleet.Device("ann:van"); resp.StatusCode != http.StatusOK || d.Last == nil {
		t.Errorf("status %d, last position %v", resp.StatusCode, d.Last)
	}
}

func TestSetupWithoutBroker(t *testing.T) {
	s := startSite(t)
	var made newDeviceJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/devices", withJSON(`{"id":"ann:van"}`)).decode(&made)
	if made.Setup.MQTT != nil || made.Setup.OwnTracksMQTT != nil || made.Setup.OwnTracksHTTP == nil || made.Connected != nil {
		t.Errorf("%+v", made)
	}
	for _, bad := range []string{"http://fleet.example:1883", "mqtts://fleet.example", "mqtt://:1883", "mqtt://a:1/b", "mqtt://u:p@a:1"} {
		u, err := url.Parse(bad)
		if err != nil {
			t.Fatal(err)
		}
		if (Broker{PublicURL: u}).validate() == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// TestQRCode has zbarimg read what is drawn, up to the longest that a phone's
// settings can get.
func TestQRCode(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		if strings.Contains(os.Getenv("WAYGUARD_REQUIRE"), "zbar") {
			t.Fatal("zbarimg is required: apt-get install zbar-tools")
		}
		t.Skip("needs zbarimg: apt-get install zbar-tools")
	}
	long := strings.Repeat("d", 64)
	c, _ := newOwnTracksConfig(long+":"+long, strings.Repeat("S", 26), modeMQTT)
	link, err := c.overMQTT(&url.URL{Scheme: "mqtts", Host: strings.Repeat("h", 60) + ".example:8883"}).link()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"https://fleet.example/enrol/ABCDE-12345", "wayguard:?id=van-7&mqtt=mqtts%3A%2F%2Ffleet.example%3A8883", link} {
		drawn, err := qrCode(text)
		if err != nil {
			t.Fatal(err)
		}
		png, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(drawn, "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d characters make a PNG of %d bytes", len(text), len(png))
		cmd := exec.CommandContext(t.Context(), zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-")
		cmd.Stdin = bytes.NewReader(png)
		read, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(read)) != text {
			t.Errorf("%.80q is read as %.80q, %v", text, read, err)
		}
	}
	if _, err := qrCode(strings.Repeat("x", 5000)); err == nil {
		t.Error("5,000 characters fit into a QR code")
	}
}
