package tracker_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"os"
	"testing"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// privateKeys are what every PKCS #8 key on P-256 begins with, as DER and as that
// looks in JSON, and what PEM says.
var privateKeys = [][]byte{
	{0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01},
	[]byte("MIGHAgEAMBMGByqGSM49AgEG"), []byte("PRIVATE KEY"),
}

const passphrase = "open sesame, said the van"

// opened is a fleet that is used for a moment.
func opened(t *testing.T, path string, keys *tracker.Keyring, scrub func(*boltstore.Store) func() error, use func(*tracker.Fleet)) error {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	opts := tracker.Options{Keyring: keys, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if scrub != nil {
		opts.Scrub = scrub(store)
	}
	fleet, err := tracker.Open(store, opts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- fleet.Run(ctx) }()
	use(fleet)
	cancel()
	return <-ended
}

func scrubbed(s *boltstore.Store) func() error { return s.Scrub }

// plainSecrets are the records that hold the server's own, as they are stored.
func plainSecrets(t *testing.T, path string) (values [][]byte) {
	t.Helper()
	store, err := boltstore.Open(path, boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, bucket := range []string{"keys", "owntracks-keys"} {
		rows, err := store.Records(bucket, "", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			values = append(values, r.Value)
		}
	}
	return values
}

func wantNoneOf(t *testing.T, path string, secrets [][]byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(secrets, privateKeys...) {
		if n := bytes.Count(data, secret); n > 0 {
			t.Errorf("%d times in the file: %.40q", n, secret)
		}
	}
}

func ringOf(t *testing.T, path string) *tracker.Keyring {
	t.Helper()
	keys, err := tracker.OpenKeyring(ringFile(path), tracker.MasterKey{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	return keys
}

// A file whose secrets are in plain, as earlier releases left them, holds none of
// them once it was opened with a keyring, not even in its free pages; and all that
// depends on them goes on.
func TestSecretsOfTheServerAreWrapped(t *testing.T) {
	path := newFile(t)
	var van, bike tracker.Credential
	var frame []byte
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(opened(t, path, nil, nil, func(f *tracker.Fleet) {
		var err error
		van, err = f.AddDevice(t.Context(), tracker.Device{ID: "ann:van"}, tracker.Ask{})
		must(err)
		bike, err = f.AddDevice(t.Context(), tracker.Device{ID: "bike"}, tracker.Ask{Certificate: true})
		must(err)
		must(f.SetOwnTracksKey(t.Context(), "ann:van", tracker.AnyVersion, passphrase))
		frame, _ = f.FrameSecret("ann:van")
	}))
	plain := plainSecrets(t, path)
	before, err := os.ReadFile(path)
	must(err)
	if len(plain) < 4 || !bytes.Contains(before, privateKeys[1]) || !bytes.Contains(before, []byte(passphrase)) {
		t.Fatalf("%d secrets in plain", len(plain))
	}

	keys := ringOf(t, path)
	broken := errors.New("the disk is gone")
	err = opened(t, path, keys, func(*boltstore.Store) func() error { return func() error { return broken } }, func(*tracker.Fleet) {})
	if !errors.Is(err, broken) {
		t.Fatalf("a scrub that fails: %v", err)
	}
	for range 2 { // what was left to do, then nothing
		must(opened(t, path, keys, scrubbed, func(f *tracker.Fleet) {
			if _, ok := f.Authenticate("ann:van", van.Secret); !ok {
				t.Error("the secret does not work any more")
			}
			if got, _ := f.FrameSecret("ann:van"); !bytes.Equal(got, frame) {
				t.Error("the frame secret is another one")
			}
			if key, ok := f.OwnTracksKey("ann:van"); !ok || string(bytes.TrimRight(key[:], "\x00")) != passphrase {
				t.Errorf("OwnTracks key %q", key)
			}
			if got := base64.StdEncoding.EncodeToString(f.DeviceAuthority().Raw); !bytes.Contains(plain[0], []byte(got)) && !bytes.Contains(before, []byte(got)) {
				t.Error("the authority is another one")
			}
			must(f.SetOwnTracksKey(t.Context(), "ann:van", tracker.AnyVersion, passphrase))
		}))
		wantNoneOf(t, path, append(plain, []byte(passphrase), []byte(bike.Certificate.Key)))
	}
	if err := opened(t, path, nil, nil, func(*tracker.Fleet) {}); !errors.Is(err, tracker.ErrNoKeyring) {
		t.Errorf("without a keyring: %v", err)
	}
}

func TestNewFileHoldsNoPrivateKey(t *testing.T) {
	path := newFile(t)
	err := opened(t, path, ringOf(t, path), scrubbed, func(f *tracker.Fleet) {
		for _, err := range []error{
			second(f.AddDevice(t.Context(), tracker.Device{ID: "van"}, tracker.Ask{Certificate: true})),
			f.SetOwnTracksKey(t.Context(), "van", tracker.AnyVersion, passphrase),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNoneOf(t, path, [][]byte{[]byte(passphrase)})
}

func second[T any](_ T, err error) error { return err }
