package device

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
	"wayguard/tracker/ingest/broker"
	door "wayguard/tracker/ingest/native"
)

// A test starts this very program anew as a tracker, to kill it.
const (
	trackerVariable = "WAYGUARD_TEST_TRACKER" // broker, folder and secret
	firstVariable   = "WAYGUARD_TEST_FIRST"   // number of the first report; empty to send what is left
)

func TestMain(m *testing.M) {
	if os.Getenv(trackerVariable) == "" {
		os.Exit(m.Run())
	}
	if err := beTracker(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// beTracker says each report that Send took.
func beTracker() error {
	var address, dir, secret string
	if _, err := fmt.Sscan(os.Getenv(trackerVariable), &address, &dir, &secret); err != nil {
		return err
	}
	d, err := New(Options{
		Broker: address, ID: "van", Secret: secret, RetryMax: time.Second, AckTimeout: time.Second,
		BootFile: filepath.Join(dir, "starts"), QueueDir: filepath.Join(dir, "queue"),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	if first, err := strconv.Atoi(os.Getenv(firstVariable)); err == nil {
		for n := first; ; n++ {
			if err := d.Send(ctx, report(n)); err != nil {
				return err
			}
			fmt.Println(n)
		}
	}
	err = d.Flush(ctx)
	cancel()
	return errors.Join(err, <-done)
}

// TestKilled kills a tracker twenty times while it takes reports, sends them and
// now and then hears nothing of their acknowledgements: every report that it
// took arrives, and is stored once.
func TestKilled(t *testing.T) {
	t.Parallel()
	const kills, perRun, seed = 20, 100_000, 13
	rng := rand.New(rand.NewPCG(seed, seed))
	fleet, address := startServer(t)
	secret, err := fleet.CreateDevice(t.Context(), tracker.Device{ID: "van"})
	if err != nil {
		t.Fatal(err)
	}
	wire := startRelay(t, address)
	settings := fmt.Sprintf("%s %s %s", wire.address(), t.TempDir(), secret)
	var taken []int
	for run := range kills {
		wire.cut()
		if rng.IntN(2) == 0 {
			wire.deafen()
		}
		taken = append(taken, killedTracker(t, settings, run*perRun, time.Duration(50+rng.IntN(250))*time.Millisecond)...)
	}
	wire.cut()
	rest := exec.Command(os.Args[0])
	rest.Env = append(os.Environ(), trackerVariable+"="+settings)
	if out, err := rest.CombinedOutput(); err != nil {
		t.Fatalf("send what is left: %v\n%s", err, out)
	}
	stored := make(map[int]int)
	err = fleet.Track("van", time.Unix(0, 0), time.Unix(4e9, 0), func(p tracker.TrackPoint) bool {
		stored[int(p.Fix.Time-report(0).Fix.Time)/1000]++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range taken {
		if stored[n] != 1 {
			t.Errorf("seed %d: report %d was taken and is stored %d times", seed, n, stored[n])
		}
	}
	t.Logf("%d reports taken over %d kills, %d stored", len(taken), kills, len(stored))
	// One more than was said may be on disk for each kill.
	if len(taken) < 10*kills || len(stored) > len(taken)+kills {
		t.Errorf("%d reports taken, %d stored", len(taken), len(stored))
	}
}

// killedTracker runs a tracker for a while and returns what it took.
func killedTracker(t *testing.T, settings string, first int, after time.Duration) []int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), trackerVariable+"="+settings, firstVariable+"="+strconv.Itoa(first))
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var taken []int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		if len(taken) == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		taken = append(taken, n)
	}
	if _ = cmd.Wait(); failure.Len() > 0 {
		t.Fatalf("the tracker failed: %s", failure.String())
	}
	return taken
}

// startServer is a fleet with a broker.
func startServer(t *testing.T) (fleet *tracker.Fleet, address string) {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "fleet.db"), boltstore.Options{MmapBytes: 1 << 28})
	if err != nil {
		t.Fatal(err)
	}
	if fleet, err = tracker.Open(store, tracker.Options{Log: quiet}); err != nil {
		t.Fatal(err)
	}
	b, err := broker.New(broker.Options{Address: "127.0.0.1:0", Fleet: fleet, Doors: []tracker.Door{door.Door{}}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	stopFleet, stopBroker := background(t, fleet.Run), background(t, b.Run)
	t.Cleanup(func() {
		stopBroker()
		stopFleet()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return fleet, b.Addr().String()
}

// background runs something until the returned function is called.
func background(t *testing.T, run func(context.Context) error) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}
