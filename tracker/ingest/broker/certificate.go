package broker

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/mochi-mqtt/server/v2/packets"

	"wayguard/tracker"
)

// withDevices has t ask for a client certificate, and take one only if the
// fleet has signed it. Devices with a secret go without.
func withDevices(t *tls.Config, fleet *tracker.Fleet) *tls.Config {
	if t == nil {
		return nil
	}
	t = t.Clone()
	t.ClientAuth = tls.VerifyClientCertIfGiven
	t.ClientCAs = x509.NewCertPool()
	t.ClientCAs.AddCert(fleet.DeviceAuthority())
	return t
}

// certificate is the verified one that was shown in the handshake, which is over
// when the first packet has come; nil for none.
func (c *conn) certificate() *x509.Certificate {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	chains := t.ConnectionState().VerifiedChains
	if len(chains) == 0 {
		return nil
	}
	return chains[0][0]
}

// certified finds the device of a verified certificate. A user name may be left
// out; another one than the device's is a mistake in its settings.
func (h *hook) certified(shown *x509.Certificate, name string) (tracker.Login, *rejection) {
	login, ok := h.fleet.SignInCertificate(shown)
	if !ok {
		return tracker.Login{}, &rejection{"revoked_certificate", packets.ErrNotAuthorized, badCredentials}
	}
	user, _, _ := strings.Cut(string(login.Device), ":")
	if name != "" && name != user && name != string(login.Device) {
		return tracker.Login{}, &rejection{"unknown_device", packets.ErrBadUsernameOrPassword, badCredentials}
	}
	return login, nil
}
