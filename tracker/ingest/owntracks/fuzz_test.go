package owntracks

import (
	"encoding/json"
	"testing"
)

func seeds() []string {
	return []string{
		`{"_type":"location","acc":15,"alt":440,"batt":46,"conn":"w","lat":46.0681247,"lon":11.1512805,"t":"u","tid":"5t","tst":1551874878,"vac":2,"vel":0}`,
		`{"lon":-180,"lat":-90,"tst":0.001,"_type":"location","cog":360,"batt":12.6,"vac":-1}`,
		`[{"_type":"location","tst":1,"lat":1e0,"lon":2},{"_type":"lwt","tst":1}]`,
		`{"_type":"location","tst":1e999,"lat":-1e999,"lon":null,"lon":5}`,
		`{"_type":"location","tst":1,"lat":1,"lon":2,"nested":{"lat":[1,{"lon":"\u0000"}]}}`,
		`{"_type":"encrypted","data":"TestCipherText"}`,
		`[]`, `[[`, `{"_type":`, `nul`, "\xef\xbb\xbf{}", ``,
	}
}

// FuzzDecode: no payload panics; what is accepted lies in range, and another
// JSON library reads the same numbers out of it.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := Decode(device, payload, received)
		if err != nil {
			if r.Fixes != nil {
				t.Fatal("a refusal came with fixes")
			}
			return
		}
		locations := readLocations(t, payload)
		if len(r.Fixes) == 0 || len(r.Fixes) != len(locations) {
			t.Fatalf("%d fixes of %d locations", len(r.Fixes), len(locations))
		}
		for i, fix := range r.Fixes {
			lon, lat := fix.Point[0], fix.Point[1]
			if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) || fix.Time < 0 || fix.Time > maxTST*1000 {
				t.Fatalf("fix out of range: %+v", fix)
			}
			if want := locations[i]; want["lon"] != lon || want["lat"] != lat {
				t.Fatalf("fix %+v, want %v", fix, want)
			}
		}
	})
}

// readLocations decodes with encoding/json what Decode accepted.
func readLocations(t *testing.T, payload []byte) []map[string]any {
	t.Helper()
	var one map[string]any
	var all []map[string]any
	if json.Unmarshal(payload, &one) == nil {
		all = append(all, one)
	} else if err := json.Unmarshal(payload, &all); err != nil {
		t.Fatalf("accepted what encoding/json refuses: %v", err)
	}
	var locations []map[string]any
	for _, m := range all {
		if m["_type"] == "location" {
			locations = append(locations, m)
		}
	}
	return locations
}

func TestSeedsAreRefusedAndAccepted(t *testing.T) {
	accepted, refused := 0, 0
	for _, s := range seeds() {
		if _, err := Decode(device, []byte(s), received); err == nil {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 3 || refused < 3 {
		t.Errorf("%d seeds accepted, %d refused: the corpus must hold both", accepted, refused)
	}
}
