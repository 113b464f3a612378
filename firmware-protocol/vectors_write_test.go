package firmware

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteVectors writes testdata/vectors where WAYGUARD_WRITE_VECTORS is set:
// once, and again only with a new version of the format.
func TestWriteVectors(t *testing.T) {
	if os.Getenv("WAYGUARD_WRITE_VECTORS") == "" {
		t.Skip("WAYGUARD_WRITE_VECTORS is not set")
	}
	for _, v := range append(goodVectors(t), badVectors(t)...) {
		text, err := json.MarshalIndent(v, "", "\t")
		if err == nil {
			err = os.WriteFile(filepath.Join(vectorFolder, v.Name+".json"), append(text, '\n'), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

const vectorTime = Millis(1_767_225_600_000)

func vectorReports() map[string]Report {
	full := rounded(sample(), Decimetre)
	parked := Report{Boot: 1, Sequence: 2, Time: vectorTime}
	for i := range 60 {
		parked.Fixes = append(parked.Fixes, Fix{
			Time: vectorTime - 600_000 + Millis(i)*10_000, Lat: -337_000_010, Lon: 1_511_234_560,
			Known: KnownAccuracy | KnownSpeed | KnownHeading, Accuracy: 50, Heading: 180,
		})
	}
	crossing := Report{Boot: 9, Sequence: 1, Fixes: []Fix{
		{Time: vectorTime, Lat: 650_000_000, Lon: halfTurn - 10}, {Time: vectorTime, Lat: 650_000_000, Lon: -halfTurn},
		{Time: vectorTime + 1, Lat: 650_000_010, Lon: 10 - halfTurn}, {Time: vectorTime + 2, Lat: 650_000_000, Lon: halfTurn - 20},
		{Time: vectorTime + 2, Lat: 650_000_000, Lon: 0},
	}}
	ends := Report{Boot: math.MaxUint32, Sequence: math.MaxUint32, Time: MaxTime, Fixes: []Fix{
		{Lat: -quarterTurn, Lon: -halfTurn, Known: 15, Altitude: MinAltitude, Flags: Mocked | Jammed},
		{Time: MaxTime, Lat: quarterTurn, Lon: halfTurn - 1, Known: 15, Accuracy: MaxAccuracy, Speed: MaxSpeed, Heading: 358, Altitude: MaxAltitude},
		{Time: MaxTime, Lat: -quarterTurn, Lon: -halfTurn},
	}}
	sensors := Report{Boot: 2, Sequence: 5, Time: vectorTime, Readings: []Reading{
		{Kind: Battery, Value: 0, Time: vectorTime}, {Kind: Battery, Value: 100, More: math.MaxInt32, Time: vectorTime - 60_000},
		{Kind: Temperature, Value: math.MinInt32, Time: vectorTime}, {Kind: Temperature, Value: math.MaxInt32, Time: vectorTime},
		{Kind: Light, Value: 120, Time: vectorTime}, {Kind: Shock, Value: 1125, Time: vectorTime}, {Kind: Seal, Value: SealOpen, Time: vectorTime},
		{Kind: Ignition, Value: 1, Time: vectorTime}, {Kind: Button, Value: 1, Time: 0}, {Kind: Scan, Text: "päck 漢 \" 1", Time: MaxTime},
	}}
	return map[string]Report{
		"everything": full, "parked": parked, "antimeridian": crossing, "ends": ends, "sensors": sensors,
		"empty":       {Sequence: 1},
		"no_clock":    {Boot: 4, Sequence: 2, Fixes: []Fix{{Time: 0, Lat: 10, Lon: -10}}, Applied: Applied{1, InForce}},
		"one_fix":     {Boot: 1, Sequence: 1, Time: vectorTime, Fixes: []Fix{{Time: vectorTime - 500, Lat: 481_371_540, Lon: 115_761_240}}},
		"out_of_time": {Boot: 1, Sequence: 3, Time: vectorTime, Fixes: []Fix{{Time: vectorTime - 86_400_000}, {Time: vectorTime - 1}, {Time: vectorTime + 60_000}}},
	}
}

func goodVectors(t *testing.T) []vector {
	var all []vector
	add := func(v vector) {
		v.Secret, v.Device = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "berta:van-7"
		v.Frame = hex.EncodeToString(v.encode(t))
		all = append(all, v)
	}
	for seal := range vectorSeals {
		for name, r := range vectorReports() {
			add(vector{Name: "report_" + name + "_" + seal, Seal: seal, Kind: "report", Report: &r, Centimetre: name == "ends"})
		}
		d, small := sampleDesired(), Desired{Version: 1}
		add(vector{Name: "desired_everything_" + seal, Seal: seal, Kind: "desired", Desired: &d})
		add(vector{Name: "desired_nothing_" + seal, Seal: seal, Kind: "desired", Desired: &small})
	}
	r, d := rounded(sample(), Decimetre), sampleDesired()
	later := vector{Name: "report_later", Seal: "plain", Kind: "report", Report: &r, Later: true}
	add(later)
	last := &all[len(all)-1]
	frame := last.frame(t)
	last.Frame = hex.EncodeToString(plain(kindReport, r.Boot, r.Sequence, grown(frame[headSize:len(frame)-checkSize])))
	add(vector{Name: "desired_later", Seal: "plain", Kind: "desired", Desired: &d, Later: true})
	last = &all[len(all)-1]
	frame = last.frame(t)
	last.Frame = hex.EncodeToString(plain(kindDesired, d.Issue, d.Version, grown(frame[headSize:len(frame)-checkSize])))
	return all
}

// badVectors are desired states, which devices read, and reports.
func badVectors(t *testing.T) []vector {
	var all []vector
	for _, v := range goodVectors(t) {
		if v.Name != "desired_everything_"+v.Seal && v.Name != "report_everything_"+v.Seal {
			continue
		}
		v.Report, v.Desired = nil, nil
		add := func(why, err string, frame []byte) {
			bad := v
			bad.Name, bad.Error, bad.Frame = "bad_"+v.Kind+"_"+why+"_"+v.Seal, err, hex.EncodeToString(frame)
			all = append(all, bad)
		}
		changed := func(at int, xor byte) []byte {
			frame := v.frame(t)
			frame[(at+len(frame))%len(frame)] ^= xor
			return frame
		}
		tag := map[string]string{"plain": "frame"}[v.Seal]
		if tag == "" {
			tag = "tag"
		}
		add("version", "version", changed(0, 3))
		add("kind", "version", changed(1, 3))
		add("seal", "version", changed(1, 0x40))
		add("boot", tag, changed(5, 1))
		add("body", tag, changed(20, 0x10))
		add("tag", tag, changed(-1, 0x80))
		add("head_only", "frame", v.frame(t)[:headSize])
		add("nothing", "frame", nil)
	}
	for name, body := range wrongBodies {
		all = append(all, wrongVector("report", name, plain(kindReport, 0, 1, body)))
	}
	for name, body := range wrongDesiredBodies {
		all = append(all, wrongVector("desired", name, plain(kindDesired, 0, 1, body)))
	}
	return all
}

func wrongVector(kind, name string, frame []byte) vector {
	return vector{
		Name: "bad_" + kind + "_" + strings.ReplaceAll(name, " ", "_"), Kind: kind, Seal: "plain",
		Secret: strings.Repeat("00", SecretSize), Device: "berta:van-7", Error: "frame", Frame: hex.EncodeToString(frame),
	}
}
