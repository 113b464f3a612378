package firmware

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// vector is a file of testdata/vectors, which the C code reads too.
type vector struct {
	Name string `json:"name"`
	// Secret is in hexadecimal, of the device Device.
	Secret string `json:"secret"`
	Device string `json:"device"`
	// Seal is plain, authenticated or encrypted.
	Seal string `json:"seal"`
	// Centimetre says that coordinates are in 1e-7 degrees.
	Centimetre bool `json:"centimetre,omitempty"`
	// Kind is report or desired.
	Kind string `json:"kind"`
	// Report or Desired is what Frame holds, in the JSON form.
	Report  *Report  `json:"report,omitempty"`
	Desired *Desired `json:"desired,omitempty"`
	// Frame is in hexadecimal.
	Frame string `json:"frame"`
	// Later says that Frame is of a later version: it is read only.
	Later bool `json:"later,omitempty"`
	// Error is version, frame or tag where Frame must be refused.
	Error string `json:"error,omitempty"`
}

var vectorErrors = map[string]error{"version": ErrVersion, "frame": ErrFrame, "tag": ErrTag}

var vectorSeals = map[string]Protection{"plain": Plain, "authenticated": Authenticated, "encrypted": Encrypted}

const vectorFolder = "testdata/vectors"

func readVectors(t testing.TB) []vector {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(vectorFolder, "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors in %s: %v", vectorFolder, err)
	}
	var vectors []vector
	for _, name := range names {
		text, err := os.ReadFile(name)
		var v vector
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil || v.Name != strings.TrimSuffix(filepath.Base(name), ".json") {
			t.Fatalf("%s: named %q, %v", name, v.Name, err)
		}
		vectors = append(vectors, v)
	}
	return vectors
}

// resolution is that of the frame.
func (v *vector) resolution() Resolution {
	if v.Centimetre {
		return Centimetre
	}
	return Decimetre
}

// key is nil for plain frames.
func (v *vector) key(t testing.TB) *Key {
	t.Helper()
	secret, err := hex.DecodeString(v.Secret)
	if err != nil {
		t.Fatal(err)
	}
	derive := map[string]func([]byte, string) (*Key, error){"report": UpKey, "desired": DownKey}[v.Kind]
	key, err := derive(secret, v.Device)
	if err != nil {
		t.Fatal(err)
	}
	return keyOf(key, vectorSeals[v.Seal])
}

func (v *vector) frame(t testing.TB) []byte {
	t.Helper()
	frame, err := hex.DecodeString(v.Frame)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// encode is the frame that Go writes, nil where there is nothing to write.
func (v *vector) encode(t testing.TB) []byte {
	t.Helper()
	var frame []byte
	var err error
	switch key := v.key(t); {
	case v.Report != nil:
		frame, err = v.Report.Append(nil, key, vectorSeals[v.Seal], v.resolution())
	case v.Desired != nil:
		frame, err = v.Desired.Append(nil, key, vectorSeals[v.Seal])
	}
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			frame := v.frame(t)
			if v.Error == "" && !v.Later && !bytes.Equal(v.encode(t), frame) {
				t.Errorf("written:\n%x\nwant\n%x", v.encode(t), frame)
			}
			var err error
			if v.Kind == "report" {
				var got Report
				if got, err = ParseReport(frame, v.key(t)); v.Error == "" && !reflect.DeepEqual(got, *v.Report) {
					t.Errorf("read %+v (%v), want %+v", got, err, *v.Report)
				}
			} else {
				var got Desired
				if got, err = ParseDesired(frame, v.key(t)); v.Error == "" && !reflect.DeepEqual(got, *v.Desired) {
					t.Errorf("read %+v (%v), want %+v", got, err, *v.Desired)
				}
			}
			if !errors.Is(err, vectorErrors[v.Error]) {
				t.Errorf("error %v, want %q", err, v.Error)
			}
		})
	}
}
