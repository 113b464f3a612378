package owntracks

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/nacl/secretbox"

	"wayguard/tracker"
)

// keysOf give the device of these tests a passphrase.
func keysOf(passphrase string) Keys {
	return func(id tracker.DeviceID) (key tracker.OwnTracksKey, ok bool) {
		copy(key[:], passphrase)
		return key, id == device && passphrase != ""
	}
}

// sealed is a message as an app with a passphrase encrypts it.
func sealed(plain, passphrase string) string {
	key, _ := keysOf(passphrase)(device)
	nonce := [24]byte{0: 1, 23: 2}
	box := secretbox.Seal(nonce[:], []byte(plain), &nonce, (*[32]byte)(&key))
	return `{"_type":"encrypted","data":"` + base64.StdEncoding.EncodeToString(box) + `"}`
}

const plainLocation = `{"_type":"location","tst":1767225600,"lat":1,"lon":2,"batt":7}`

func TestEncrypted(t *testing.T) {
	own := sealed(plainLocation, "open sesame")
	for name, c := range map[string]struct {
		payload, passphrase string
		fixes               int
		reason              string
	}{
		"location":        {own, "open sesame", 1, ""},
		"32 bytes":        {sealed(plainLocation, strings.Repeat("k", 32)), strings.Repeat("k", 32), 1, ""},
		"data first":      {`{"data":` + strings.TrimSuffix(strings.SplitN(own, `"data":`, 2)[1], "}") + `,"_type":"encrypted"}`, "open sesame", 1, ""},
		"among others":    {`[` + own + `,{"_type":"lwt","tst":1},` + plainLocation + `]`, "open sesame", 2, ""},
		"an array":        {sealed(`[`+plainLocation+`,`+plainLocation+`]`, "x"), "x", 2, ""},
		"not encrypted":   {plainLocation, "open sesame", 1, ""},
		"card":            {sealed(`{"_type":"card","name":"x"}`, "x"), "x", 0, tracker.ReasonIgnored},
		"bad location":    {sealed(`{"_type":"location","tst":0}`, "x"), "x", 0, ReasonTime},
		"no JSON":         {sealed(`location`, "x"), "x", 0, ReasonJSON},
		"nothing":         {sealed(``, "x"), "x", 0, ReasonJSON},
		"no key":          {own, "", 0, ReasonKey},
		"another key":     {own, "open sesam", 0, ReasonSeal},
		"no data":         {`{"_type":"encrypted"}`, "x", 0, ReasonSeal},
		"data a number":   {`{"_type":"encrypted","data":7}`, "x", 0, ReasonSeal},
		"no base64":       {`{"_type":"encrypted","data":"TestCipherText"}`, "x", 0, ReasonSeal},
		"short":           {`{"_type":"encrypted","data":"AAAA"}`, "x", 0, ReasonSeal},
		"only a nonce":    {`{"_type":"encrypted","data":"` + strings.Repeat("A", 32) + `"}`, "x", 0, ReasonSeal},
		"encrypted twice": {sealed(sealed(plainLocation, "x"), "x"), "x", 0, ReasonSeal},
		"type twice":      {`{"_type":"encrypted","_type":"location","tst":1,"lat":1,"lon":2}`, "x", 0, ReasonUnknownType},
	} {
		r, err := Door{Keys: keysOf(c.passphrase)}.Decode(device, []byte(c.payload), received)
		if len(r.Fixes) != c.fixes || (err == nil) != (c.reason == "") {
			t.Errorf("%s: %d fixes, %v", name, len(r.Fixes), err)
		}
		if err != nil && tracker.RefusalOf(err).Reason() != c.reason {
			t.Errorf("%s: %s, want %s", name, tracker.RefusalOf(err).Reason(), c.reason)
		}
		if err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A message that was changed on the way, or cut off, gives nothing.
func TestEncryptedIsWholeOrNothing(t *testing.T) {
	whole := sealed(plainLocation, "x")
	door := Door{Keys: keysOf("x")}
	for i := range whole {
		changed := []byte(whole)
		changed[i] ^= 1
		for _, payload := range [][]byte{changed, []byte(whole[:i])} {
			if r, err := door.Decode(device, payload, received); err == nil || r.Fixes != nil {
				t.Fatalf("%s: %d fixes, %v", payload, len(r.Fixes), err)
			}
		}
	}
}

// Over HTTP what is encrypted may name its topic, too.
func TestEncryptedHTTP(t *testing.T) {
	h := HTTP{Keys: keysOf("x")}
	for topic, reason := range map[string]string{"owntracks/anna/van7": "", "owntracks/bert/van7": tracker.ReasonForeign} {
		plain := strings.TrimSuffix(plainLocation, "}") + `,"topic":"` + topic + `"}`
		r, err := h.Decode(device, []byte(sealed(plain, "x")), received)
		if reason == "" && (err != nil || len(r.Fixes) != 1) || reason != "" && (err == nil || tracker.RefusalOf(err).Reason() != reason) {
			t.Errorf("%s: %d fixes, %v", topic, len(r.Fixes), err)
		}
	}
}

// The recorded messages give encrypted what they give in plain text.
func TestFixturesEncrypted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataFolder(t, "owntracks_fixtures"), "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	door := Door{Keys: keysOf("a key")}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := door.Decode(device, payload, received)
		got, err := door.Decode(device, []byte(sealed(string(payload), "a key")), received)
		if len(got.Fixes) != len(want.Fixes) || (err == nil) != (wantErr == nil) ||
			err != nil && tracker.RefusalOf(err).Reason() != tracker.RefusalOf(wantErr).Reason() {
			t.Errorf("%s: %v, in plain text %v", filepath.Base(file), err, wantErr)
		}
	}
}

// FuzzEncrypted: whatever an app encrypts gives what it gives in plain text, but
// for its length and for being encrypted twice.
func FuzzEncrypted(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, plain string) {
		door := Door{Keys: keysOf("x")}
		want, wantErr := Decode(device, []byte(plain), received)
		payload := sealed(plain, "x")
		got, err := door.Decode(device, []byte(payload), received)
		if err == nil && (wantErr != nil || len(got.Fixes) != len(want.Fixes)) {
			t.Fatalf("%d fixes, in plain text %d, %v", len(got.Fixes), len(want.Fixes), wantErr)
		}
		if err != nil && wantErr == nil && len(payload) <= MaxPayload {
			t.Fatal(err)
		}
	})
}
