package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"wayguard/tracker/boltstore"
	"wayguard/web"
)

// serveCmd runs the server.
type serveCmd struct {
	Data     string    `required:"" placeholder:"DIR" help:"Folder for the data; made if it is missing."`
	HTTP     string    `name:"http" default:":8080" help:"Address of the API and the pages."`
	MQTT     string    `name:"mqtt" default:":1883" help:"Address of the MQTT broker for devices."`
	Boxes    boxes     `embed:""`
	Keys     masterKey `embed:""`
	Trackers trackers  `embed:""`
	Hooks    webhooks  `embed:""`
	Carriers carriers  `embed:""`
	Messages messaging `embed:""`
	Secure   secure    `embed:""`
	Tiles    tiles     `embed:"" prefix:"tile-"`
	Keep     keeping   `embed:"" prefix:"keep-"`
	Planning planning  `embed:""`
	GoBack   bool      `help:"If the last write to the data file is damaged, start from before it: what devices sent last is lost. A copy of the file is kept."`
	Mmap     int       `default:"17179869184" help:"Address space to reserve for the data file, in bytes."`
	Log      logging   `embed:""`

	Lab   bool     `name:"mqtt-lab" help:"For tests of the broker only: anyone may connect to --mqtt, which must be a loopback address, and use any topic; devices of owntracks/USER/DEVICE are registered by their first report."`
	Other upstream `embed:""`
}

// secure is how connections are encrypted and who may come in.
type secure struct {
	PublicURL      *url.URL       `name:"public-url" help:"Where browsers find the server if a proxy is in front of it: https://HOST."`
	TrustedProxy   []netip.Prefix `help:"Networks whose X-Forwarded-For is believed, such as 10.0.0.0/8; with --public-url this machine's own unless given."`
	TLSCert        string         `name:"tls-cert" help:"Certificate chain (PEM) for HTTP and MQTT; read again when the file changes."`
	TLSKey         string         `name:"tls-key" help:"Private key (PEM) of the certificate."`
	AdminTokenFile string         `help:"File that holds the API token with the role admin. The variable WAYGUARD_ADMIN_TOKEN can hold the token itself."`
}

// tiles are an operator's own map.
type tiles struct {
	URL         string `name:"url" help:"Template of a map's tiles with {z}, {x} and {y}; without one the map is a built-in outline of the world."`
	Kind        string `enum:"raster,vector" default:"raster" help:"What the tiles are: ${enum} (vector tiles of the OpenMapTiles schema)."`
	Attribution string `help:"Whom the map is from, as its licence asks."`
}

func (t tiles) source() *web.Tiles {
	if t.URL == "" {
		return nil
	}
	return &web.Tiles{Kind: t.Kind, URL: t.URL, Attribution: t.Attribution}
}

// adminTokenVariable holds the admin token itself. It is no flag, since
// command lines can be read by everyone on the machine.
const adminTokenVariable = "WAYGUARD_ADMIN_TOKEN"

// safeTokenLength is the length from which a token is taken for random enough:
// half of what 128 bits take in hexadecimal.
const safeTokenLength = 16

// adminToken returns the token of the file or of the environment, empty for
// none.
func (s secure) adminToken(log *slog.Logger) (string, error) {
	token := os.Getenv(adminTokenVariable)
	if s.AdminTokenFile != "" {
		data, err := os.ReadFile(s.AdminTokenFile)
		if err != nil {
			return "", &inputError{fmt.Errorf("--admin-token-file: %w", err)}
		}
		if token = strings.TrimSpace(string(data)); token == "" {
			return "", &inputError{fmt.Errorf("--admin-token-file %s: the file is empty", s.AdminTokenFile)}
		}
	}
	if token != "" && len(token) < safeTokenLength {
		log.Warn("the admin token is short enough to guess; make a better one with: openssl rand -hex 16")
	}
	return token, nil
}

// certificates is nil for plain connections.
func (s secure) certificates(log *slog.Logger) (*certificates, error) {
	if s.TLSCert == "" && s.TLSKey == "" {
		return nil, nil
	}
	if s.TLSCert == "" || s.TLSKey == "" {
		return nil, &inputError{errors.New("--tls-cert and --tls-key go together: give both or neither")}
	}
	c, err := loadCertificates(s.TLSCert, s.TLSKey, log)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--tls-cert, --tls-key: %w", err)}
	}
	return c, nil
}

// proxies are the networks whose word on where a request came from is taken.
func (s secure) proxies() []netip.Prefix {
	if s.PublicURL == nil || len(s.TrustedProxy) > 0 {
		return s.TrustedProxy
	}
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// signinTTL is how long the link that is printed at the start can be used.
const signinTTL = 24 * time.Hour

// Run is what kong calls.
func (c *serveCmd) Run(ctx context.Context) error {
	log := c.Log.logger()
	token, err := c.Secure.adminToken(log)
	if err != nil {
		return err
	}
	encryption, err := c.Secure.certificates(log)
	if err != nil {
		return err
	}
	router, err := c.Planning.open()
	if err != nil {
		return err
	}
	s, err := openServer(serverOptions{
		router: router, dataDir: c.Data, store: boltstore.Options{MmapBytes: c.Mmap, GoBack: c.GoBack, Log: log}, keep: c.Keep.retention(),
		masterKey: c.Keys, httpAddress: c.HTTP, mqttAddress: c.MQTT, boxes: c.Boxes, trackers: c.Trackers, webhooks: c.Hooks, messaging: c.Messages, carriers: c.Carriers, upstream: c.Other, lab: c.Lab,
		certificates: encryption, publicURL: c.Secure.PublicURL, proxies: c.Secure.proxies(), adminToken: token,
		tiles: c.Tiles.source(), log: log,
	})
	if err != nil {
		return err
	}
	if err := c.greet(os.Stdout, s); err != nil {
		return err
	}
	return s.run(ctx)
}

// greet tells the operator where to go.
func (c *serveCmd) greet(out io.Writer, s *server) error {
	link, err := s.web.NewSigninLink(signinTTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Wayguard %s\n  data  %s\n  MQTT  %s\n  page  %s\n        (opens once, within %d hours)\n",
		version(), c.Data, s.broker.Addr(), link, int(signinTTL.Hours()))
	if err == nil && c.Lab {
		_, err = fmt.Fprintf(out, "  WARNING: %s\n", labWarning)
	}
	if err == nil && c.Secure.TLSCert == "" && c.Secure.PublicURL == nil {
		_, err = fmt.Fprintln(out, "  Connections are not encrypted: pages can be opened from this machine only.\n"+
			"  Give --tls-cert and --tls-key, or --public-url with a proxy in front.")
	}
	return err
}
