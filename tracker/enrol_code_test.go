package tracker_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

func (r *running) code(t *testing.T, c tracker.EnrolCode, valid time.Duration) string {
	t.Helper()
	code, _, err := r.CreateEnrolCode(t.Context(), c, valid)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestEnrol(t *testing.T) {
	path := newFile(t)
	r := start(t, path)
	code := r.code(t, tracker.EnrolCode{Device: "ann:van", Name: "Van 1", Kind: "van"}, 0)
	if len(code) < 9 || strings.ContainsAny(code, "ILOU") {
		t.Errorf("code %q", code)
	}
	if value := stored(t, r, path); strings.Contains(value, code) || strings.Contains(value, strings.ReplaceAll(code, "-", "")) {
		t.Error("the code can be read in the file")
	}
	r.stop()
	r = start(t, path)
	// As people type it.
	typed := " " + strings.ReplaceAll(strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(code)), "-", " ")
	if _, err := r.Enrol(t.Context(), typed, "ann:bus", tracker.Ask{}); !errors.Is(err, tracker.ErrEnrolDevice) {
		t.Errorf("for another device: %v", err)
	}
	if _, err := r.Enrol(t.Context(), typed, "", tracker.Ask{Certificate: true, Request: []byte("x")}); !errors.Is(err, tracker.ErrCertificateRequest) {
		t.Errorf("with a bad request: %v", err)
	}
	made, err := r.Enrol(t.Context(), typed, "", tracker.Ask{})
	if err != nil || made.Device != "ann:van" || !r.signsIn("ann:van", made.Secret) {
		t.Fatalf("enrolled %q, %v", made.Device, err)
	}
	if d, _ := r.Device("ann:van"); d.Name != "Van 1" || d.Kind != "van" {
		t.Errorf("device %+v", d)
	}
	killed := r.crash(t)
	for _, r := range []*running{r, killed} {
		if _, err := r.Enrol(t.Context(), code, "", tracker.Ask{}); !errors.Is(err, tracker.ErrEnrolCode) {
			t.Errorf("a second use: %v", err)
		}
		if !r.signsIn("ann:van", made.Secret) {
			t.Error("a second use replaced the credential")
		}
	}

	// A code for a device that exists replaces its credential.
	again, err := r.Enrol(t.Context(), r.code(t, tracker.EnrolCode{Device: "ann:van", Name: "other"}, 0), "ann:van", tracker.Ask{})
	if err != nil || r.signsIn("ann:van", made.Secret) || !r.signsIn("ann:van", again.Secret) {
		t.Errorf("enrolled again: %v", err)
	}
	if d, _ := r.Device("ann:van"); d.Name != "Van 1" {
		t.Errorf("its name is now %q", d.Name)
	}
}

func stored(t *testing.T, r *running, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEnrolByPrefix(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van-taken")
	code := r.code(t, tracker.EnrolCode{Prefix: "van-", Kind: "van", Uses: 3}, time.Hour)
	enrol := func(id tracker.DeviceID) (tracker.DeviceID, error) {
		c, err := r.Enrol(t.Context(), code, id, tracker.Ask{})
		return c.Device, err
	}
	for id, want := range map[tracker.DeviceID]error{
		"van-taken": tracker.ErrExists, "bus-1": tracker.ErrEnrolDevice, "van-a b": tracker.ErrDeviceID,
	} {
		if _, err := enrol(id); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
	if got, err := enrol("van-7"); got != "van-7" || err != nil {
		t.Errorf("van-7: %q %v", got, err)
	}
	got, err := enrol("")
	if _, bad := tracker.ParseDeviceID(string(got)); err != nil || bad != nil || !strings.HasPrefix(string(got), "van-") || len(got) != 10 {
		t.Errorf("an id of the server's: %q %v", got, err)
	}
	if open := r.EnrolCodes(); len(open) != 1 || open[0].Uses != 1 {
		t.Errorf("open: %+v", open)
	}
	if _, err := enrol(""); err != nil {
		t.Error(err)
	}
	if _, err := enrol(""); !errors.Is(err, tracker.ErrEnrolCode) {
		t.Errorf("a fourth use: %v", err)
	}
}

// Many who use one code at once: one gets in.
func TestEnrolRace(t *testing.T) {
	r := start(t, newFile(t))
	code := r.code(t, tracker.EnrolCode{Prefix: "van-"}, 0)
	var wg sync.WaitGroup
	outcomes := make(chan error, 16)
	for range cap(outcomes) {
		wg.Go(func() {
			_, err := r.Enrol(t.Context(), code, "", tracker.Ask{})
			outcomes <- err
		})
	}
	wg.Wait()
	close(outcomes)
	in := 0
	for err := range outcomes {
		if err == nil {
			in++
		} else if !errors.Is(err, tracker.ErrEnrolCode) {
			t.Error(err)
		}
	}
	if in != 1 || len(r.Devices()) != 1 {
		t.Errorf("%d got in, there are %d devices", in, len(r.Devices()))
	}
}

func TestEnrolCodesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newFile(t))
		short := r.code(t, tracker.EnrolCode{Device: "short"}, time.Minute)
		long := r.code(t, tracker.EnrolCode{Device: "long"}, 0)
		if open := r.EnrolCodes(); len(open) != 2 || open[0].Device != "short" || open[1].Expires.Sub(open[1].Created) != time.Hour {
			t.Fatalf("open: %+v", open)
		}
		time.Sleep(time.Minute)
		if _, err := r.Enrol(t.Context(), short, "", tracker.Ask{}); !errors.Is(err, tracker.ErrEnrolCode) {
			t.Errorf("an expired code: %v", err)
		}
		open := r.EnrolCodes()
		if len(open) != 1 || open[0].Device != "long" {
			t.Fatalf("open: %+v", open)
		}
		if err := r.DeleteEnrolCode(t.Context(), open[0].ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		killed := r.crash(t)
		for _, r := range []*running{r, killed} {
			if _, err := r.Enrol(t.Context(), long, "", tracker.Ask{}); !errors.Is(err, tracker.ErrEnrolCode) {
				t.Errorf("a revoked code: %v", err)
			}
		}
		if err := r.DeleteEnrolCode(t.Context(), open[0].ID, tracker.AnyVersion); !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("revoking it again: %v", err)
		}
		r.code(t, tracker.EnrolCode{Device: "next"}, 0)
		left := 0
		if err := r.ScanRecords("enrolment", "", func(tracker.Record) error { left++; return nil }); err != nil || left != 1 {
			t.Errorf("%d records are left, %v", left, err)
		}
		r.stop()
		killed.stop()
	})
}

// A revoked device must not come back with a code that was made for it before.
func TestRevokingEndsTheCodes(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	code := r.code(t, tracker.EnrolCode{Device: "van"}, 0)
	r.code(t, tracker.EnrolCode{Device: "bus"}, 0)
	if err := r.DeleteDevice(t.Context(), "van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	killed := r.crash(t)
	for _, r := range []*running{r, killed} {
		if _, err := r.Enrol(t.Context(), code, "", tracker.Ask{}); !errors.Is(err, tracker.ErrEnrolCode) {
			t.Errorf("the code of a revoked device: %v", err)
		}
		if open := r.EnrolCodes(); len(open) != 1 || open[0].Device != "bus" {
			t.Errorf("open: %+v", open)
		}
	}
}

func TestBadEnrolCodes(t *testing.T) {
	r := start(t, newFile(t))
	for name, tt := range map[string]struct {
		code  tracker.EnrolCode
		valid time.Duration
		want  error
	}{
		"for nobody":      {tracker.EnrolCode{}, 0, tracker.ErrBadEnrolCode},
		"for both":        {tracker.EnrolCode{Device: "a", Prefix: "b"}, 0, tracker.ErrBadEnrolCode},
		"bad prefix":      {tracker.EnrolCode{Prefix: "a b"}, 0, tracker.ErrBadEnrolCode},
		"two colons":      {tracker.EnrolCode{Prefix: "a:b:"}, 0, tracker.ErrBadEnrolCode},
		"bad id":          {tracker.EnrolCode{Device: "a b"}, 0, tracker.ErrDeviceID},
		"device twice":    {tracker.EnrolCode{Device: "a", Uses: 2}, 0, tracker.ErrBadEnrolCode},
		"too many uses":   {tracker.EnrolCode{Prefix: "a", Uses: 1001}, 0, tracker.ErrBadEnrolCode},
		"too long":        {tracker.EnrolCode{Device: "a"}, 8 * 24 * time.Hour, tracker.ErrBadEnrolCode},
		"before it began": {tracker.EnrolCode{Device: "a"}, -time.Second, tracker.ErrBadEnrolCode},
	} {
		if _, _, err := r.CreateEnrolCode(t.Context(), tt.code, tt.valid); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(r.EnrolCodes()); n != 0 {
		t.Errorf("%d codes were made", n)
	}
}

// TestEnrolIsOneTransaction kills the server around every commit of an
// enrolment: the device is there just when the code is used up.
func TestEnrolIsOneTransaction(t *testing.T) {
	path := newFile(t)
	bolt := openStore(t, path)
	var files [][]byte // the committer's
	var watching atomic.Bool
	keep := func() {
		if data, err := os.ReadFile(path); err != nil {
			t.Error(err)
		} else if watching.Load() {
			files = append(files, data)
		}
	}
	store := &hooked{Store: bolt}
	store.before = func() error { keep(); return nil }
	store.after = func(*tracker.Transaction) { keep() }
	r := startOn(t, path, store, bolt.Close)
	code := r.code(t, tracker.EnrolCode{Device: "van"}, 0)
	watching.Store(true)
	if _, err := r.Enrol(t.Context(), code, "", tracker.Ask{}); err != nil {
		t.Fatal(err)
	}
	r.stop()
	if len(files) < 2 {
		t.Fatalf("%d moments to look at", len(files))
	}
	for i, data := range files {
		copied := newFile(t)
		if err := os.WriteFile(copied, data, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := boltstore.Open(copied, boltstore.Options{MmapBytes: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		killed := startOn(t, copied, again, again.Close)
		if devices, codes := len(killed.Devices()), len(killed.EnrolCodes()); devices+codes != 1 {
			t.Errorf("moment %d: %d devices, %d codes", i, devices, codes)
		}
		killed.stop()
	}
}
