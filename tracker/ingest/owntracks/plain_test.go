package owntracks

import (
	"reflect"
	"testing"
)

// plainSeeds are payloads, and whether they are read without the library.
func plainSeeds() map[string]bool {
	return map[string]bool{
		typical:       true,
		plainLocation: true,
		` { "tst" : 1700000000 , "lat":-0,"lon":-180.0000001,
			"_type":"location" , "t":"", "batt":0.5 } `: true,
		`{"_type":"location","tst":1700000000,"lat":1.23456789012345,"lon":2}`:                 false, // 16 characters
		`{"_type":"location","tst":1700000000,"lat":999999999999999,"lon":2}`:                  true,
		`{"_type":"location","tst":1700000000,"lat":.0000000000001,"lon":2}`:                   false,
		`{"_type":"location","tst":1700000000,"lat":0.0000000000001,"lon":2,"vel":-1,"vel":2}`: false,
		`{"_type":"location","tst":1700000000,"lat":1e1,"lon":2}`:                              false,
		`{"_type":"location","tst":1700000000,"lat":01,"lon":2}`:                               false,
		`{"_type":"location","tst":1700000000,"lat":1.,"lon":2}`:                               false,
		`{"_type":"location","tst":1700000000,"lat":1.2.3,"lon":2}`:                            false,
		`{"_type":"location","tst":1700000000,"lat":- 1,"lon":2}`:                              false,
		`{"_type":"location","tst":1700000000,"lat":1 2,"lon":2}`:                              false,
		`{"_type":"location","tst":1700000000,"lat":null,"lon":2}`:                             false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":"2"}`:                              false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2,"tid":"é"}`:                      false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2,"tid":"\u0061"}`:                 false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2,"inregions":["home"]}`:           false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2,"topic":"owntracks/anna/van7"}`:  false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2}}`:                               false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2,}`:                               false,
		`{"_type":"location","tst":1700000000,"lat":1,"lon":2`:                                 false,
		`{"_type":"location","tst":0,"lat":91,"lon":2}`:                                        true, // refused
		`{"_type":"lwt","tst":1700000000}`:                                                     false,
		`{"tst":1700000000,"lat":1,"lon":2}`:                                                   false,
		`{"_type":"location","_type":"location","tst":1700000000,"lat":1,"lon":2}`:             false,
		"{\"_type\":\"location\",\"tid\":\"\n\",\"tst\":1700000000,\"lat\":1,\"lon\":2}":       false,
		`{}`: false,
		``:   false,
	}
}

func TestPlain(t *testing.T) {
	for payload, plain := range plainSeeds() {
		if _, ok, _ := decodePlain(device, []byte(payload), received); ok != plain {
			t.Errorf("%s: plain is %t, want %t", payload, ok, plain)
		}
		comparePlain(t, []byte(payload))
	}
}

// FuzzPlain: what is read without the library gives what the library gives.
func FuzzPlain(f *testing.F) {
	for payload := range plainSeeds() {
		f.Add([]byte(payload))
	}
	f.Fuzz(comparePlain)
}

func comparePlain(t *testing.T, payload []byte) {
	got, ok, err := decodePlain(device, payload, received)
	if !ok {
		return
	}
	c := content{device: device}
	want, wantErr := c.decode(payload, received)
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
		t.Errorf("%s:\ngot  %+v, %v\nwant %+v, %v", payload, got, err, want, wantErr)
	}
}
