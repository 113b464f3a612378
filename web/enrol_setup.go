package web

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"wayguard/tracker"
)

// Broker says where devices find the MQTT broker. The zero value says that there
// is none.
type Broker struct {
	// Addr is where it listens; nil for none.
	Addr func() net.Addr
	TLS  bool
	// PublicURL is where devices find it, mqtt://HOST:PORT or mqtts://HOST:PORT,
	// if that is not the host of the page with the port of Addr. May be nil.
	PublicURL *url.URL
	// Connected reports whether a device has a connection; nil for nobody knows.
	Connected func(tracker.DeviceID) bool
}

// Schemes of the broker's URL, and the ports that they stand for.
const (
	mqttPlain  = "mqtt"
	mqttSecure = "mqtts"
)

func (b Broker) validate() error {
	u := b.PublicURL
	if u == nil {
		return nil
	}
	if u.Scheme != mqttPlain && u.Scheme != mqttSecure || u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return errors.New("the public MQTT URL must be mqtt://HOST:PORT or mqtts://HOST:PORT")
	}
	return nil
}

// brokerURL is where the devices of r's sender find the broker, nil for nowhere.
func (s *Server) brokerURL(r *http.Request) *url.URL {
	b := s.broker
	if b.PublicURL != nil {
		return &url.URL{Scheme: b.PublicURL.Scheme, Host: b.PublicURL.Host}
	}
	if b.Addr == nil {
		return nil
	}
	_, port, err := net.SplitHostPort(b.Addr().String())
	if err != nil {
		return nil
	}
	scheme := mqttPlain
	if b.TLS {
		scheme = mqttSecure
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(s.urlFor(r).Hostname(), port)}
}

// setupJSON is all that a device needs to report, in the forms that it may be
// given in.
type setupJSON struct {
	// MQTT and HTTP are where the server is found.
	MQTT *string `json:"mqtt"`
	HTTP string  `json:"http"`
	// Native is for devices that speak Wayguard's own protocol; the others are
	// for the OwnTracks apps, null where they cannot be used: with a
	// certificate, or with an id of one part.
	Native        setupForm  `json:"native"`
	OwnTracksMQTT *setupForm `json:"owntracks_mqtt"`
	OwnTracksHTTP *setupForm `json:"owntracks_http"`
}

// setupForm is one way to hand settings over: a link to open on the device, the
// same as a QR code, and a file. Certificates are too long for the first two.
type setupForm struct {
	Link *string `json:"link"`
	QR   *string `json:"qr"` // null unless it was asked for
	File any     `json:"file"`
}

// nativeFile is the settings file of a device that speaks the native protocol.
// Its link is wayguard: followed by the same members as a query, such as
// wayguard:?version=1&id=van-7&mqtt=mqtts%3A%2F%2Ffleet.example%3A8883&secret=…
// Members that a device does not know are to be ignored.
type nativeFile struct {
	Version int    `json:"version"` // 1
	ID      string `json:"id"`
	MQTT    string `json:"mqtt,omitempty"`
	HTTP    string `json:"http"`
	Secret  string `json:"secret,omitempty"`
	// FrameKey is the frame secret of package firmware, in base64url without
	// padding, for devices that seal their reports.
	FrameKey string `json:"frame_key"`
	*certificateJSON
}

func (f nativeFile) link() string {
	q := url.Values{"version": {"1"}, "id": {f.ID}, "http": {f.HTTP}}
	for name, value := range map[string]string{"mqtt": f.MQTT, "secret": f.Secret, "frame_key": f.FrameKey} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "wayguard:?" + q.Encode()
}

// setupOf is how a device with a new credential is set up. Codes are drawn only
// for those who ask, since they take a twentieth of a second.
func (s *Server) setupOf(r *http.Request, c tracker.Credential) (setupJSON, error) {
	setup, err := s.settingsOf(r, c)
	if err != nil || r.URL.Query().Get("qr") != "true" {
		return setup, err
	}
	for _, form := range []*setupForm{&setup.Native, setup.OwnTracksMQTT, setup.OwnTracksHTTP} {
		if form == nil || form.Link == nil {
			continue
		}
		code, err := qrCode(*form.Link)
		if err != nil {
			return setupJSON{}, err
		}
		form.QR = &code
	}
	return setup, nil
}

func (s *Server) settingsOf(r *http.Request, c tracker.Credential) (setupJSON, error) {
	base := s.urlFor(r)
	setup := setupJSON{HTTP: base.String()}
	native := nativeFile{Version: 1, ID: string(c.Device), HTTP: setup.HTTP, Secret: c.Secret, certificateJSON: certificateOf(c)}
	native.FrameKey = base64.RawURLEncoding.EncodeToString(c.FrameSecret)
	broker := s.brokerURL(r)
	if broker != nil {
		at := broker.String()
		setup.MQTT, native.MQTT = &at, at
	}
	if c.Certificate != nil {
		setup.Native.File = native
		return setup, nil
	}
	link := native.link()
	setup.Native = setupForm{Link: &link, File: native}
	return setup, s.setupOwnTracks(&setup, c, base, broker)
}

func (s *Server) setupOwnTracks(setup *setupJSON, c tracker.Credential, base, broker *url.URL) error {
	config, ok := newOwnTracksConfig(string(c.Device), c.Secret, modeHTTP)
	if !ok {
		return nil
	}
	config.URL = base.JoinPath("in", "owntracks").String()
	var err error
	if setup.OwnTracksHTTP, err = ownTracksForm(config); err != nil || broker == nil {
		return err
	}
	config.Mode, config.URL = modeMQTT, ""
	setup.OwnTracksMQTT, err = ownTracksForm(config.overMQTT(broker))
	return err
}

func ownTracksForm(c ownTracksConfig) (*setupForm, error) {
	link, err := c.link()
	if err != nil {
		return nil, err
	}
	return &setupForm{Link: &link, File: c}, nil
}
