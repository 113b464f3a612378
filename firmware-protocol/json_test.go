package firmware

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// example is the text of the package comment between a line that ends in that
// and the next line that is not indented.
func example(t *testing.T, after string) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), after+"\n//\n")
	if !found {
		t.Fatalf("doc.go has no %q", after)
	}
	var lines []string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "//\t") {
			break
		}
		lines = append(lines, strings.TrimPrefix(line, "//\t"))
	}
	return strings.Join(lines, "")
}

// The examples of the package comment are read as they say.
func TestExamplesOfJSON(t *testing.T) {
	var r Report
	if err := json.Unmarshal([]byte(example(t, "with no seal. A report:")), &r); err != nil {
		t.Fatal(err)
	}
	const at = Millis(1_767_225_599_000)
	want := Report{
		Boot: 3, Sequence: 17, Time: at + 1000, Applied: Applied{7, InForce}, Firmware: "1.4.2",
		Fixes: []Fix{{
			Time: at, Lat: 481_371_540, Lon: 115_761_240, Known: 15,
			Accuracy: 45, Speed: 122, Heading: 270, Altitude: 5193, Flags: Mocked | Jammed,
		}},
		Readings: []Reading{
			{Time: at, Kind: Battery, Value: 87, More: 3900}, {Time: at, Kind: Temperature, Value: 425}, {Time: at, Kind: Light, Value: 120},
			{Time: at, Kind: Shock, Value: 1125}, {Time: at, Kind: Seal, Value: SealClosed}, {Time: at, Kind: Ignition, Value: 1},
			{Time: at, Kind: Button, Value: 1}, {Time: at, Kind: Scan, Text: "4006381333931"},
		},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	var d Desired
	text := strings.Replace(example(t, "and a desired state:"), "<64 hexadecimal digits>", strings.Repeat("0a", 32), 1)
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != 7 || d.Moving != 10e9 || d.Resting != 300e9 || d.Report != 2 || d.Seal != SealArm || d.Update == nil || d.Update.SHA256[31] != 10 {
		t.Errorf("%+v", d)
	}
}

func TestWrongJSONIsRefused(t *testing.T) {
	const fix = `"time":1,"lat":1,"lon":2`
	report := func(more string) string { return `{"wg":1,"boot":0,"sequence":1` + more + `}` }
	for name, text := range map[string]string{
		"nothing": ``, "null": `null`, "array": `[]`, "cut": `{"wg":1`, "no form": `{"boot":1,"sequence":1}`,
		"form 2": `{"wg":2,"boot":1,"sequence":1}`, "no boot": `{"wg":1,"sequence":1}`, "no sequence": `{"wg":1,"boot":1}`,
		"sequence 0": `{"wg":1,"boot":1,"sequence":0}`, "boot as text": `{"wg":1,"boot":"1","sequence":1}`,
		"boot of 33 bits": `{"wg":1,"boot":4294967296,"sequence":1}`, "twice": report(`,"boot":0`),
		"no latitude": report(`,"fixes":[{"time":1,"lon":2}]`), "no time": report(`,"fixes":[{"lat":1,"lon":2}]`),
		"latitude 91": report(`,"fixes":[{"time":1,"lat":91,"lon":2}]`), "huge": report(`,"fixes":[{"time":1,"lat":1e300,"lon":2}]`),
		"time negative": report(`,"fixes":[{"time":-1,"lat":1,"lon":2}]`), "half a time": report(`,"time":0.5`),
		"heading 361": report(`,"fixes":[{` + fix + `,"heading_deg":361}]`), "speed negative": report(`,"fixes":[{` + fix + `,"speed_mps":-1}]`),
		"outcome": report(`,"applied":{"version":1,"outcome":"good"}`), "applied 0": report(`,"applied":{"version":0,"outcome":"in_force"}`),
		"two values": report(`,"readings":[{"time":1,"light_lux":1,"button":1}]`), "no value": report(`,"readings":[{"time":1}]`),
		"millivolts alone": report(`,"readings":[{"time":1,"battery_mv":1}]`), "seal": report(`,"readings":[{"time":1,"seal":"shut"}]`),
		"empty scan": report(`,"readings":[{"time":1,"scan":""}]`), "long firmware": report(`,"firmware":"` + strings.Repeat("x", 129) + `"`),
		"too long":       report(`,"x":"` + strings.Repeat("x", MaxFrame) + `"`),
		"too many fixes": report(`,"fixes":[` + strings.Repeat(`{`+fix+`},`, MaxFixes) + `{` + fix + `}]`),
		"no UTF-8":       report(`,"firmware":"` + "\xff" + `"`),
	} {
		r := Report{}
		err := r.UnmarshalJSON([]byte(text))
		wantNothing(t, r, err, name, ErrFrame, ErrVersion)
	}
	for name, text := range map[string]string{
		"no version": `{"wg":1}`, "seal": `{"wg":1,"version":1,"seal":"open"}`, "resting only": `{"wg":1,"version":1,"resting_s":5}`,
		"short hash": `{"wg":1,"version":1,"update":{"sha256":"00","size":1,"version":"1","url":"x"}}`,
	} {
		d := Desired{}
		err := d.UnmarshalJSON([]byte(text))
		wantNothing(t, d, err, name, ErrFrame, ErrVersion)
	}
}

// What a later version says besides is skipped, and order does not matter.
func TestLaterJSONIsRead(t *testing.T) {
	var r Report
	err := r.UnmarshalJSON([]byte(`{"later":{"boot":9},"wg":1,"boot":0,"sequence":1,
		"fixes":[{"time":2,"lat":1,"lon":180,"satellites":9,"heading_deg":359.6},{"time":1,"lat":1,"lon":2}],
		"readings":[{"time":1,"scan":"a"},{"time":1,"button":2}]}`))
	if err != nil || len(r.Fixes) != 2 || r.Fixes[0].Time != 1 || r.Fixes[1].Heading != 0 || r.Readings[0].Kind != Button {
		t.Errorf("%+v, %v", r, err)
	}
}
