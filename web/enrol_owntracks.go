package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ownTracksConfig is a configuration of the OwnTracks apps, as their .otrc files
// hold it (https://owntracks.org/booklet/tech/json/, _type=configuration). What
// is left out keeps the app's own default.
type ownTracksConfig struct {
	Type     string `json:"_type"`
	Mode     int    `json:"mode"`
	Auth     bool   `json:"auth"`
	Username string `json:"username"`
	Password string `json:"password"`
	DeviceID string `json:"deviceId"`
	// TrackerID is shown on maps, two characters.
	TrackerID string `json:"tid"`

	*ownTracksMQTT
	URL string `json:"url,omitempty"`
}

// ownTracksMQTT is what only the MQTT mode needs. Nothing is subscribed to, for
// a device hears nothing of others; positions must not be lost, so they are sent
// until they are acknowledged.
type ownTracksMQTT struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	TLS      bool   `json:"tls"`
	Topic    string `json:"pubTopicBase"`
	QoS      int    `json:"pubQos"`
	Retain   bool   `json:"pubRetain"`
	Sub      bool   `json:"sub"`
	Cmd      bool   `json:"cmd"`
	Protocol int    `json:"mqttProtocolLevel"`
}

// The app's modes, and MQTT 3.1.1.
const (
	modeMQTT     = 0
	modeHTTP     = 3
	protocol311  = 4
	ownTracksTID = 2 // characters
)

// newOwnTracksConfig is what both modes have in common; ok is false for an id
// that is not USER:DEVICE.
func newOwnTracksConfig(id, secret string, mode int) (c ownTracksConfig, ok bool) {
	user, device, ok := strings.Cut(id, ":")
	if !ok {
		return ownTracksConfig{}, false
	}
	return ownTracksConfig{
		Type: "configuration", Mode: mode, Auth: true, Username: user, Password: secret,
		DeviceID: device, TrackerID: device[max(0, len(device)-ownTracksTID):],
	}, true
}

// overMQTT is the configuration for a broker.
func (c ownTracksConfig) overMQTT(broker *url.URL) ownTracksConfig {
	port, _ := strconv.Atoi(broker.Port())
	c.ownTracksMQTT = &ownTracksMQTT{
		Host: broker.Hostname(), Port: port, TLS: broker.Scheme == mqttSecure,
		Topic: "owntracks/%u/%d", QoS: 1, Protocol: protocol311,
	}
	return c
}

// link opens the app and configures it
// (https://owntracks.org/booklet/features/remoteconfig/).
func (c ownTracksConfig) link() (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode an OwnTracks configuration: %w", err)
	}
	// White space in place of the padding of base 64, whose = some who take
	// queries apart get wrong.
	for len(text)%3 != 0 {
		text = append(text, ' ')
	}
	return "owntracks:///config?inline=" + url.QueryEscape(base64.StdEncoding.EncodeToString(text)), nil
}
