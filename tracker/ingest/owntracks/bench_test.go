package owntracks

import (
	"encoding/json"
	"testing"
)

// typical is what a phone with extended data sends.
const typical = `{"_type":"location","BSSID":"00:13:10:85:fe:01","SSID":"AndroidWifi","acc":5,"alt":50,"batt":100,"bs":0,"cog":277,"conn":"w","created_at":1709037052,"lat":51.1234567,"lon":0.7654321,"m":1,"tid":"aa","tst":1709037003,"vac":0,"vel":42}`

func BenchmarkDecode(b *testing.B) {
	payload := []byte(typical)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(device, payload, received); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeNaive is the same fields read by reflection, unchecked.
func BenchmarkDecodeNaive(b *testing.B) {
	payload := []byte(typical)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		var m struct {
			Type                                         string `json:"_type"`
			TST, Lat, Lon, Acc, Alt, Vac, Vel, Cog, Batt *float64
		}
		if err := json.Unmarshal(payload, &m); err != nil || m.Lat == nil {
			b.Fatal(err)
		}
	}
}
