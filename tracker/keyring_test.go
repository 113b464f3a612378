package tracker_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"wayguard/tracker"
)

func openRing(t *testing.T, path string, master tracker.MasterKey) *tracker.Keyring {
	t.Helper()
	k, err := tracker.OpenKeyring(path, master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

func newKeyID() tracker.KeyID { return tracker.KeyID(uuid.NewString()) }

func TestKeyringKeeps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	master := tracker.MasterKey{1}
	k := openRing(t, path, master)
	anna, ben := newKeyID(), newKeyID()
	if err := k.Add(anna, ben); err != nil {
		t.Fatal(err)
	}
	text := []byte("4 Mill Lane")
	sealed, err := k.Seal(anna, "deliveries/1", text)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, text) {
		t.Fatal("the sealed text holds the plain one")
	}
	again := openRing(t, path, master)
	if plain, err := again.Open(anna, "deliveries/1", sealed); err != nil || !bytes.Equal(plain, text) {
		t.Errorf("after a restart: %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return again.Open(anna, "deliveries/2", sealed) },
		"another's key":   func() ([]byte, error) { return again.Open(ben, "deliveries/1", sealed) },
		"a changed text": func() ([]byte, error) {
			return again.Open(anna, "deliveries/1", append(sealed[:20:20], sealed[21:]...))
		},
		"nothing":           func() ([]byte, error) { return again.Open(anna, "deliveries/1", nil) },
		"nobody's key":      func() ([]byte, error) { return again.Open(newKeyID(), "deliveries/1", sealed) },
		"a version to come": func() ([]byte, error) { return again.Open(anna, "deliveries/1", append([]byte{9}, sealed[1:]...)) },
	} {
		if plain, err := open(); err == nil || plain != nil {
			t.Errorf("opened with %s: %q", name, plain)
		}
	}
}

// A key that was removed must be gone from the file itself.
func TestKeyringDestroys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	k := openRing(t, path, tracker.MasterKey{1})
	anna, ben := newKeyID(), newKeyID()
	if err := k.Add(anna, ben); err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal(anna, "x", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // once more changes nothing
		if err := k.Remove(anna); err != nil {
			t.Fatal(err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const slot = 128
	if bytes.Equal(before[slot:2*slot], after[slot:2*slot]) || bytes.Count(after[slot:2*slot], []byte{0}) != slot {
		t.Error("the key still stands in the file")
	}
	again := openRing(t, path, tracker.MasterKey{1})
	for _, ring := range []*tracker.Keyring{k, again} {
		if _, err := ring.Open(anna, "x", sealed); !errors.Is(err, tracker.ErrErased) {
			t.Errorf("open: %v", err)
		}
		if n, damaged := ring.Len(); n != 1 || damaged != 0 {
			t.Errorf("%d keys, %d damaged", n, damaged)
		}
	}
	// Its place is used again, and a new key of the same name opens nothing old.
	if err := again.Add(anna); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open(anna, "x", sealed); err == nil {
		t.Error("a new key opened what the old one sealed")
	}
	if info, err := os.Stat(path); err != nil || info.Size() != int64(len(before)) {
		t.Errorf("the file has %d bytes, want %d (%v)", info.Size(), len(before), err)
	}
}

func TestKeyringWithAnotherMaster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	openRing(t, path, tracker.MasterKey{1})
	if _, err := tracker.OpenKeyring(path, tracker.MasterKey{2}); !errors.Is(err, tracker.ErrMasterKey) {
		t.Errorf("opened: %v", err)
	}
}

// A file that a kill cut short at any byte keeps every key that was whole.
func TestKeyringCutShort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyring")
	k := openRing(t, path, tracker.MasterKey{1})
	ids := []tracker.KeyID{newKeyID(), newKeyID(), newKeyID()}
	if err := k.Add(ids...); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const slot = 128
	for n := range len(whole) + 1 {
		if err := os.WriteFile(path+"-cut", whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		cut, err := tracker.OpenKeyring(path+"-cut", tracker.MasterKey{1})
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		keys, damaged := cut.Len()
		if want := max(0, n/slot-1); keys != want || damaged != 0 {
			t.Fatalf("cut at %d: %d keys, want %d; %d damaged", n, keys, want, damaged)
		}
		late := newKeyID()
		if err := cut.Add(late); err != nil {
			t.Fatal(err)
		}
		if err := cut.Close(); err != nil {
			t.Fatal(err)
		}
		again := openRing(t, path+"-cut", tracker.MasterKey{1})
		if more, damaged := again.Len(); more != keys+1 || damaged != 0 {
			t.Fatalf("cut at %d, then one key more: %d keys, %d damaged", n, more, damaged)
		}
	}
}

// A slot that the disk has spoilt is neither used nor overwritten.
func TestKeyringDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	k := openRing(t, path, tracker.MasterKey{1})
	if err := k.Add(newKeyID(), newKeyID()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[128+40] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again := openRing(t, path, tracker.MasterKey{1})
	if keys, damaged := again.Len(); keys != 1 || damaged != 1 {
		t.Errorf("%d keys, %d damaged", keys, damaged)
	}
	if err := again.Add(newKeyID()); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after[128:256], data[128:256]) {
		t.Errorf("the damaged slot was overwritten (%v)", err)
	}
}

func TestMasterKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	key, made, err := tracker.MakeMasterKey(path)
	if err != nil || !made || key == (tracker.MasterKey{}) {
		t.Fatalf("made %v: %v", made, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, made, err := tracker.MakeMasterKey(path)
	if err != nil || made || again != key {
		t.Errorf("read again: made %v, the same %v, %v", made, again == key, err)
	}
	for _, text := range []string{"", "abc", string(bytes.Repeat([]byte("0"), 63)), string(bytes.Repeat([]byte("0"), 66)), string(bytes.Repeat([]byte("g"), 64))} {
		if _, err := tracker.ParseMasterKey(text); !errors.Is(err, tracker.ErrBadMasterKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
