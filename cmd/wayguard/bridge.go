package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"wayguard/tracker/ingest/bridge"
)

// upstream is another MQTT broker whose devices report here too; none unless it
// is given.
type upstream struct {
	Address      string `name:"mqtt-upstream" placeholder:"tls://HOST:8883" help:"Another MQTT broker to take devices' reports from: tcp, tls, ws or wss. It must let each device publish to its own topics only."`
	CA           string `name:"mqtt-upstream-ca" help:"Certificates (PEM) of the authority that signed that broker's; the system's unless given."`
	Cert         string `name:"mqtt-upstream-cert" help:"Client certificate chain (PEM) for that broker."`
	Key          string `name:"mqtt-upstream-key" help:"Private key (PEM) of the client certificate."`
	User         string `name:"mqtt-upstream-user" help:"User name for that broker."`
	PasswordFile string `name:"mqtt-upstream-password-file" help:"File that holds the password for that broker. The variable WAYGUARD_MQTT_UPSTREAM_PASSWORD can hold the password itself."`
	ClientID     string `name:"mqtt-upstream-client-id" help:"Client id for that broker, under which it keeps what comes while this server is away; no other client may have it (wayguard unless given)."`
	Share        string `name:"mqtt-upstream-share" placeholder:"GROUP" help:"Share group: servers of one group divide the messages among them, each under a client id of its own."`
}

// upstreamPasswordVariable holds the password itself.
const upstreamPasswordVariable = "WAYGUARD_MQTT_UPSTREAM_PASSWORD"

// defaultClientID is that of the only server at an upstream broker.
const defaultClientID = "wayguard"

// open checks the flags; o lacks only what they say. The result is nil where no
// broker is given. Nothing is connected yet.
func (u upstream) open(o bridge.Options) (*bridge.Bridge, error) {
	if u.Address == "" {
		if u != (upstream{}) {
			return nil, &inputError{errors.New("the flags of --mqtt-upstream mean nothing without it: give --mqtt-upstream tls://HOST:8883")}
		}
		return nil, nil
	}
	if u.Share != "" && u.ClientID == "" {
		return nil, &inputError{errors.New("--mqtt-upstream-share needs --mqtt-upstream-client-id: another one for each server of the group")}
	}
	var err error
	if o.Password, err = u.password(); err != nil {
		return nil, err
	}
	if o.TLS, err = u.tlsConfig(); err != nil {
		return nil, err
	}
	o.Address, o.Username, o.Share = u.Address, u.User, u.Share
	if o.ClientID = u.ClientID; o.ClientID == "" {
		o.ClientID = defaultClientID
	}
	b, err := bridge.New(o)
	if errors.Is(err, bridge.ErrOptions) {
		err = &inputError{fmt.Errorf("--mqtt-upstream: %w", err)}
	}
	return b, err
}

func (u upstream) password() (string, error) {
	return secret("--mqtt-upstream-password-file", u.PasswordFile, upstreamPasswordVariable)
}

// tlsConfig is nil where there is nothing to say about TLS.
func (u upstream) tlsConfig() (*tls.Config, error) {
	if u.CA == "" && u.Cert == "" && u.Key == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if u.CA != "" {
		text, err := os.ReadFile(u.CA)
		if err != nil {
			return nil, &inputError{fmt.Errorf("--mqtt-upstream-ca: %w", err)}
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, &inputError{fmt.Errorf("--mqtt-upstream-ca %s: the file holds no certificate in PEM form", u.CA)}
		}
	}
	if u.Cert == "" && u.Key == "" {
		return c, nil
	}
	if u.Cert == "" || u.Key == "" {
		return nil, &inputError{errors.New("--mqtt-upstream-cert and --mqtt-upstream-key go together: give both or neither")}
	}
	certificate, err := tls.LoadX509KeyPair(u.Cert, u.Key)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--mqtt-upstream-cert, --mqtt-upstream-key: %w", err)}
	}
	c.Certificates = []tls.Certificate{certificate}
	return c, nil
}
