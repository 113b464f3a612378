package bridge

import (
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/firmware-protocol/device"
	"wayguard/geofence"
	"wayguard/tracker"
)

// tracked is a reference device at a broker, with the versions it was told of.
type tracked struct {
	*device.Device
	stop func()
	mu   sync.Mutex
	told []uint32
}

func (m *mosquitto) reference(dir string) *tracked {
	m.t.Helper()
	d := new(tracked)
	var err error
	d.Device, err = device.New(device.Options{
		Broker: "tcp://" + m.at, ID: string(van), BootFile: filepath.Join(dir, "boot"), QueueDir: filepath.Join(dir, "queue"),
		RetryMax: 100 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Obey: func(state firmware.Desired) firmware.Outcome {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.told = append(d.told, state.Version)
			return firmware.InForce
		},
	})
	must(m.t, err)
	d.stop = background(m.t, d.Run)
	m.t.Cleanup(d.stop)
	return d
}

func (d *tracked) versions() []uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.told)
}

func (h *house) desire(edit func(*firmware.Desired)) {
	h.t.Helper()
	_, err := h.fleet.ChangeDesired(h.t.Context(), van, func(d tracker.Desired) (firmware.Desired, error) {
		edit(&d.State)
		return d.State, nil
	})
	must(h.t, err)
}

func (h *house) answered(version uint32) {
	h.t.Helper()
	eventually(h.t, "an answer", func() bool {
		now, _ := h.fleet.Desired(van)
		return now.Applied != nil && !now.Behind() && now.Applied.Version == version
	})
}

// A device behind another broker obeys: at once where it is there, when it comes
// back where it is not, and after the broker has forgotten what it retained.
func TestDesiredGoesUpstream(t *testing.T) {
	m := startMosquitto(t)
	h := open(t, van)
	bridge := h.bridge("tcp://"+m.at, nil).connected()
	dir := t.TempDir()
	d := m.reference(dir)
	must(t, d.Send(t.Context(), device.Report{Fix: geofence.Fix{Time: firstTST * 1000, Point: [2]float64{13, 52.1}}}))
	h.wantStored(van, 1)
	h.desire(func(s *firmware.Desired) { s.Moving = time.Minute })
	h.answered(1)
	d.stop()
	h.desire(func(s *firmware.Desired) { s.Moving = time.Hour })
	h.desire(func(s *firmware.Desired) { s.Seal = firmware.SealArm })
	bridge.want("desired_sent_total", 3)
	d = m.reference(dir)
	h.answered(3)
	if got := d.versions(); !slices.Equal(got, []uint32{3}) {
		t.Errorf("a device that was away is told of versions %d, want the newest", got)
	}
	d.stop()
	h.desire(func(s *firmware.Desired) { s.Resting = time.Hour })
	bridge.want("desired_sent_total", 4)
	m.kill()
	m.start()
	bridge.want("connects_total", 2)
	m.reference(dir)
	h.answered(4)
}
