package broker

import (
	"strconv"
	"strings"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// Bounds on what a CONNECT may carry; it is kept as long as the connection.
const (
	maxClientID = 256
	maxUserName = 256
	maxWill     = 4 << 10
)

// rejection is why a CONNECT is refused, and the answer in each version.
type rejection struct {
	reason string
	v5     packets.Code
	v3     byte
}

// The return codes of MQTT 3.1.1, 3.2.2.3.
const (
	badIdentifier  byte = 2
	notNow         byte = 3
	badCredentials byte = 4
	notAllowed     byte = 5
)

// OnConnect decides on a CONNECT. It does all that OnConnectAuthenticate could
// and answers by itself: mochi knows one answer only, and closes without any
// when OnConnect fails.
func (h *hook) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return packets.ErrNotAuthorized
	}
	if h.lab != nil {
		h.admitAnyone(cl, c)
		return nil
	}
	s, r := h.session(c, pk.Connect)
	s.v5 = cl.Properties.ProtocolVersion == 5
	s.clientID = strings.Clone(cl.ID) // what was asked for, or assigned by mochi
	c.session = s
	c.acks.speak(s.v5)
	if r != nil {
		c.session.refusal = r.reason
		return h.reject(cl, c, r)
	}
	c.session.client = cl
	h.tame(cl, c)
	h.takeReports(c, time.Duration(cl.State.Keepalive)*time.Second)
	same, oldest := h.roster.claim(c)
	if same != nil {
		same.disconnect(causeTakenOver)
	}
	if oldest != nil {
		oldest.disconnect(causeDisplaced)
	}
	h.metrics.connects.Inc()
	// The credential may have ended before the roster knew of c.
	if !h.fleet.Holds(s.login) {
		c.disconnect(causeRevoked)
	}
	return nil
}

// OnConnectAuthenticate admits what OnConnect admitted.
func (h *hook) OnConnectAuthenticate(cl *mqtt.Client, _ packets.Packet) bool {
	c, ok := cl.Net.Conn.(*conn)
	return ok && (c.session.device != "" || c.session.lab)
}

// session finds out who connects and whether all that is asked for may be had.
// The session of a rejected CONNECT has no device.
func (h *hook) session(c *conn, p packets.ConnectParams) (session, *rejection) {
	if len(p.ClientIdentifier) > maxClientID {
		return session{}, &rejection{"bad_client_id", packets.ErrClientIdentifierNotValid, badIdentifier}
	}
	login, r := h.authenticate(c, string(p.Username), string(p.Password))
	if r != nil {
		return session{}, r
	}
	if p.WillFlag && (len(p.WillPayload) > maxWill || !h.wills(login.Device, p.WillTopic)) {
		return session{}, &rejection{"bad_will", packets.ErrNotAuthorized, notAllowed}
	}
	s := session{device: login.Device, login: login}
	if p.WillFlag {
		s.will = will{strings.Clone(p.WillTopic), append([]byte(nil), p.WillPayload...)}
	}
	return s, nil
}

// authenticate goes by the certificate where there is one, else by the secret.
func (h *hook) authenticate(c *conn, name, secret string) (tracker.Login, *rejection) {
	if shown := c.certificate(); shown != nil {
		return h.certified(shown, name)
	}
	bad := func(reason string) *rejection {
		return &rejection{reason, packets.ErrBadUsernameOrPassword, badCredentials}
	}
	if len(name) > maxUserName {
		return tracker.Login{}, bad("unknown_device")
	}
	attempt, ok := h.guesses.try(c.from, name, time.Now())
	if !ok {
		return tracker.Login{}, &rejection{"rate_limited", packets.ErrConnectionRateExceeded, notNow}
	}
	if login, ok := h.fleet.SignIn(name, secret); ok {
		h.guesses.refund(attempt)
		return login, nil
	}
	if h.known(name) {
		return tracker.Login{}, bad("wrong_secret")
	}
	return tracker.Login{}, bad("unknown_device")
}

// known reports whether name stands for a device, by its id or, as OwnTracks
// apps send it, by the part before the colon. It is asked after failures only,
// whose number is limited.
func (h *hook) known(name string) bool {
	if _, ok := h.fleet.Device(tracker.DeviceID(name)); ok {
		return true
	}
	for _, d := range h.fleet.Devices() {
		if user, _, two := strings.Cut(string(d.ID), ":"); two && user == name {
			return true
		}
	}
	return false
}

// reject answers and fails. The remote address is for whoever keeps guessers
// out; the user name stays away from the log, since people mistake the field
// for that of the secret.
func (h *hook) reject(cl *mqtt.Client, c *conn, r *rejection) error {
	h.log.Info("MQTT connection refused", "reason", r.reason, "from", c.from)
	code := r.v5
	if !c.session.v5 {
		code = packets.Code{Code: r.v3, Reason: r.v5.Reason}
	}
	if err := h.server.SendConnack(cl, code, false, nil); err != nil {
		return err
	}
	return r.v5
}

// tame takes out of mochi's client what this package does by itself or what
// would outlive the connection.
func (h *hook) tame(cl *mqtt.Client, c *conn) {
	// An id that is never seen again keeps mochi from handing one connection's
	// session to another.
	cl.ID = string(c.session.device) + "/" + strconv.FormatUint(h.connected.Add(1), 10)
	cl.Properties.Clean = true
	cl.Properties.Will = mqtt.Will{}
	// These point into the packet, which could then never be freed.
	cl.Properties.Username = []byte(c.session.device)
	cl.Properties.Props.User = nil
	asked := time.Duration(cl.State.Keepalive) * time.Second
	if asked == 0 || asked > h.limits.MaxKeepAlive {
		cl.State.ServerKeepalive = true
		asked = h.limits.MaxKeepAlive
	}
	cl.State.Keepalive = uint16(max(asked, h.limits.MinKeepAlive) / time.Second)
}
