package device

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	firmware "wayguard/firmware-protocol"
)

// Options configure a Device. Broker, ID and Secret are required; every other
// field has a default that its zero value stands for.
type Options struct {
	// Broker is tcp://HOST:PORT or tls://HOST:PORT; without a scheme, tcp.
	Broker string
	// ID is USER:DEVICE, each part 1 to 64 of A-Z a-z 0-9 _ . -; in the native
	// protocol one part will do.
	ID string
	// BootFile has the device speak the native protocol, and is the file that
	// counts its starts. It must never be lost or shared by two devices. Empty
	// for OwnTracks.
	BootFile string
	// FrameSecret, of firmware.SecretSize bytes, has the device seal its native
	// reports, and take sealed desired states only. Nil for plain ones.
	FrameSecret []byte
	// Firmware is the version that the device says it runs; it may be empty.
	Firmware string
	// Obey, if not nil, is called with each new version of what is desired, at
	// most once, and says what became of it. Intervals and the seal are seen to
	// without it; an update of the firmware needs it.
	Obey func(firmware.Desired) firmware.Outcome
	// Username signs in; the ID unless set. Brokers whose password files cannot
	// hold a colon, such as Mosquitto's, need another.
	Username string
	// Secret is the device's password. It is sent in the clear over tcp.
	Secret string
	// TLS is for tls:// brokers: own roots or a client certificate. Nil uses
	// the system's roots and the host of Broker.
	TLS *tls.Config
	// QueueDir keeps unacknowledged reports in a folder, which is made if it is
	// missing and must not be shared by two devices. Each Send then waits for the
	// disk. Empty to keep them in memory.
	QueueDir string
	// QueueLimit is how many unacknowledged reports are kept; 10,000, which is
	// almost three hours of a fix each second and about 2 MB.
	QueueLimit int
	// AckTimeout is how long a report may stay unacknowledged before the
	// connection is given up; 30 s. MQTT 3.1.1 allows sending again only on a
	// new connection, and a server that cannot store says so by silence.
	AckTimeout time.Duration
	// DrainTimeout bounds how long Run outlives its context; 5 s.
	DrainTimeout time.Duration
	// RetryMax bounds the pause before connecting again; one minute.
	RetryMax time.Duration
	// Log defaults to slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.QueueLimit <= 0 {
		o.QueueLimit = 10_000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	orDuration(&o.AckTimeout, 30*time.Second)
	orDuration(&o.DrainTimeout, 5*time.Second)
	orDuration(&o.RetryMax, time.Minute)
	if o.Username == "" {
		o.Username = o.ID
	}
	return o
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d <= 0 {
		*d = fallback
	}
}

const (
	schemePlain = "tcp"
	schemeTLS   = "tls"
)

func parseBroker(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = schemePlain + "://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		// The text of err repeats the address, and with it whatever password
		// somebody put there.
		return nil, fmt.Errorf("%w: the broker address is not a URL", ErrOptions)
	}
	switch {
	case u.Scheme != schemePlain && u.Scheme != schemeTLS:
		return nil, fmt.Errorf("%w: broker scheme %q, want tcp or tls", ErrOptions, u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("%w: credentials do not belong in the broker address", ErrOptions)
	case u.Hostname() == "" || u.Port() == "":
		return nil, fmt.Errorf("%w: the broker address needs a host and a port", ErrOptions)
	}
	return u, nil
}

var nativeIDPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})?$`)

var idPattern = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,64}):([A-Za-z0-9_.-]{1,64})$`)

func splitID(id string) (user, name string, err error) {
	parts := idPattern.FindStringSubmatch(id)
	if parts == nil {
		return "", "", fmt.Errorf("%w: id %.140q must be USER:DEVICE, each part 1 to 64 of A-Z a-z 0-9 _ . -", ErrOptions, id)
	}
	return parts[1], parts[2], nil
}
