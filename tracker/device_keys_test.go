package tracker_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"wayguard/tracker"
)

// opens tells whose token it is.
func (r *running) opens(token string) tracker.DeviceID {
	id, ok := r.AuthenticateToken(token)
	if ok != (id != "") {
		return "?"
	}
	return id
}

// What was durable when the call returned is there after a kill; what was taken
// away is not.
func TestDoorTokensSurviveACrash(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	r.device(t, "bike")
	old, err := r.CreateDoorToken(t.Context(), "van", tracker.AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	van, err := r.CreateDoorToken(t.Context(), "van", tracker.AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	bike, err := r.CreateDoorToken(t.Context(), "bike", tracker.AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	r = r.crash(t)
	for token, want := range map[string]tracker.DeviceID{old: "", van: "van", bike: "bike", "": "", van + "x": "", strings.ToLower(van): ""} {
		if got := r.opens(token); got != want {
			t.Errorf("a token of %q is of %q", want, got)
		}
	}
	if err := r.DeleteDoorToken(t.Context(), "van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if err := r.DeleteDevice(t.Context(), "bike", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	r.device(t, "bike")
	for range 2 {
		if r.opens(van) != "" || r.opens(bike) != "" {
			t.Error("a token opens that was taken away, or whose device was deleted")
		}
		r = r.crash(t)
	}
}

func TestOwnTracksKeys(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "ann:van")
	for _, bad := range []string{strings.Repeat("x", 33), "a\x00b"} {
		if err := r.SetOwnTracksKey(t.Context(), "ann:van", tracker.AnyVersion, bad); !errors.Is(err, tracker.ErrOwnTracksKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, ok := r.OwnTracksKey("ann:van"); ok {
		t.Error("there is a key before one was set")
	}
	for _, good := range []string{"x", "schlüssel", strings.Repeat("x", 32)} {
		if err := r.SetOwnTracksKey(t.Context(), "ann:van", tracker.AnyVersion, good); err != nil {
			t.Fatal(err)
		}
		r = r.crash(t)
		key, ok := r.OwnTracksKey("ann:van")
		if want := good + strings.Repeat("\x00", 32-len(good)); !ok || string(key[:]) != want {
			t.Errorf("%q: %q, %v", good, key, ok)
		}
	}
	if err := r.DeleteDevice(t.Context(), "ann:van", tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	r.device(t, "ann:van")
	if _, ok := r.OwnTracksKey("ann:van"); ok {
		t.Error("the key of a deleted device is there")
	}
}

func TestDeviceKeysOfNobody(t *testing.T) {
	r := start(t, newFile(t))
	if _, err := r.CreateDoorToken(t.Context(), "van", tracker.AnyVersion); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("a token: %v", err)
	}
	for what, err := range map[string]error{
		"no token": r.DeleteDoorToken(t.Context(), "van", tracker.AnyVersion), "a key": r.SetOwnTracksKey(t.Context(), "van", tracker.AnyVersion, "x"), "no key": r.SetOwnTracksKey(t.Context(), "van", tracker.AnyVersion, ""),
	} {
		if !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The file holds no token.
func TestDoorTokensAreStoredHashed(t *testing.T) {
	r := start(t, newFile(t))
	r.device(t, "van")
	token, err := r.CreateDoorToken(t.Context(), "van", tracker.AnyVersion)
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	data, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "door-tokens") || strings.Contains(string(data), token) {
		t.Error("the file holds the token, or no bucket of tokens")
	}
}
