package tracker_test

import (
	"errors"
	"path/filepath"
	"testing"

	"wayguard/tracker"
)

func TestRegisterAll(t *testing.T) {
	f := start(t, filepath.Join(t.TempDir(), "fleet.db"))
	secret, err := f.CreateDevice(t.Context(), tracker.Device{ID: "van", Name: "Van"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][]tracker.DeviceID{{"van", "bike", "anna:phone", "bike"}, {"bike"}, nil} {
		if err := f.RegisterAll(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.RegisterAll(t.Context(), []tracker.DeviceID{"truck", "no id"}); !errors.Is(err, tracker.ErrDeviceID) {
		t.Errorf("a malformed id: %v", err)
	}
	if n := len(f.Devices()); n != 3 {
		t.Errorf("%d devices, want 3", n)
	}
	if d, _ := f.Device("van"); d.Name != "Van" {
		t.Errorf("the name of a device that was there is now %q", d.Name)
	}
	if _, ok := f.Authenticate("van", secret); !ok {
		t.Error("a device that was there has lost its secret")
	}
	for _, name := range []string{"bike", "anna:phone", "anna"} {
		if _, ok := f.Authenticate(name, ""); ok {
			t.Errorf("%s signs in without a secret", name)
		}
	}
}
