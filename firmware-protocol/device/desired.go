package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	firmware "wayguard/firmware-protocol"
	"wayguard/geofence"
)

// desired is what the server desires of the device, kept in a file.
type desired struct {
	file string
	key  *firmware.Key // nil for plain frames
	obey func(firmware.Desired) firmware.Outcome

	mu   sync.Mutex
	kept kept
	// last is the time of the newest fix that was not left out, now says that the
	// next one is to be sent whenever it comes.
	last geofence.Millis
	now  bool
}

// kept is what must outlive the process, lest a command be carried out twice.
type kept struct {
	State   firmware.Desired `json:"state"`
	Outcome firmware.Outcome `json:"outcome"`
	// Armed is how the seal is.
	Armed bool `json:"armed"`
}

// loadDesired reads the file, which need not be there yet.
func loadDesired(o Options) (*desired, error) {
	d := &desired{file: o.BootFile + ".desired", obey: o.Obey}
	text, err := os.ReadFile(d.file)
	if err == nil {
		err = json.Unmarshal(text, &d.kept)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what is desired: %w", err)
	}
	if o.FrameSecret != nil {
		if d.key, err = firmware.DownKey(o.FrameSecret, o.ID); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOptions, err)
		}
	}
	return d, nil
}

// applied is what the next report says of it.
func (d *desired) applied() firmware.Applied {
	if d == nil {
		return firmware.Applied{}
	}
	k := d.current()
	return firmware.Applied{Version: k.State.Version, Outcome: k.Outcome}
}

// take does what a message of the server says, and reports whether that is to be
// answered. A version is carried out once, whatever the number of its issues, and
// none that is older than the newest. One message is taken at a time.
func (d *desired) take(payload []byte) (answer bool, err error) {
	var state firmware.Desired
	if len(payload) > 0 && payload[0] == '{' && d.key == nil {
		err = state.UnmarshalJSON(payload)
	} else {
		state, err = firmware.ParseDesired(payload, d.key)
	}
	if err != nil {
		return false, err
	}
	old := d.current()
	switch was := &old.State; {
	case state.Version < was.Version, state.Version == was.Version && state.Issue <= was.Issue:
		return false, nil
	case state.Version == was.Version:
		old.State = state
		return true, d.keep(old, false)
	}
	return true, d.carryOut(state, &old)
}

func (d *desired) current() kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept
}

// carryOut is on disk before anything is done: after a power cut, a version that
// was begun says that it was refused, and is not begun again.
func (d *desired) carryOut(state firmware.Desired, old *kept) error {
	next := kept{State: state, Outcome: firmware.Refused, Armed: old.Armed}
	if d.obey != nil {
		if err := d.keep(next, false); err != nil {
			return err
		}
		next.Outcome = d.obey(state)
	} else {
		next.Outcome = firmware.InForce
		if state.Update != nil {
			next.Outcome = firmware.Failed // nobody here could fetch it
		}
	}
	if next.Outcome != firmware.Refused && state.Seal != firmware.SealAsItIs {
		next.Armed = state.Seal == firmware.SealArm
	}
	return d.keep(next, state.Report != 0 && state.Report != old.State.Report)
}

// keep puts next on disk and into force; now asks for the next fix at once.
func (d *desired) keep(next kept, now bool) error {
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := replace(d.file, text); err != nil {
		return fmt.Errorf("keep what is desired: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept, d.now = next, d.now || now
	return nil
}

// movingMPS is the speed from which on a device is on the move.
const movingMPS = 1

// skips reports whether a fix comes sooner than desired after the last that did
// not.
func (d *desired) skips(f *geofence.Fix) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	interval := d.kept.State.Moving
	still := f.Known&geofence.KnownSpeed != 0 && f.SpeedMPS < movingMPS
	if still && d.kept.State.Resting != 0 {
		interval = d.kept.State.Resting
	}
	// A receiver is not on time to the millisecond.
	interval -= min(interval/20, 500*time.Millisecond)
	passed := f.Time - d.last
	if !d.now && d.kept.Outcome != firmware.Refused && passed >= 0 && passed < geofence.Millis(interval.Milliseconds()) {
		return true
	}
	d.last, d.now = f.Time, false
	return false
}

// Desired returns what the server desires of the device; its Version is 0 before
// the first time, and always where the device does not speak the native protocol.
func (d *Device) Desired() firmware.Desired {
	if d.desired == nil {
		return firmware.Desired{}
	}
	return d.desired.current().State
}

// Armed reports whether the seal is, by the last order that was carried out.
func (d *Device) Armed() bool {
	return d.desired != nil && d.desired.current().Armed
}
