package teltonika

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// vector is one frame and what another decoder read from it.
type vector struct {
	Input   string `json:"input"`
	Decoded struct {
		Codec       Codec          `json:"codec"`
		DeclaredLen uint32         `json:"declared_len"`
		Count       int            `json:"count"`
		CRCOK       bool           `json:"crc_ok"`
		Records     []vectorRecord `json:"records"`
	} `json:"decoded"`
	frame []byte
}

type vectorRecord struct {
	Time     uint64         `json:"ts_ms"`
	Priority uint8          `json:"priority"`
	Lon      json.Number    `json:"lon"`
	Lat      json.Number    `json:"lat"`
	Altitude int16          `json:"alt"`
	Angle    uint16         `json:"angle"`
	Sats     uint8          `json:"sats"`
	Speed    uint16         `json:"speed_kmh"`
	Event    uint16         `json:"event"`
	Total    uint16         `json:"n_io_declared"`
	IO       map[string]any `json:"io"`
}

// readVectors reads the recorded frames, or skips without them.
func readVectors(t testing.TB) []vector {
	t.Helper()
	root := os.Getenv("WAYGUARD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	data, err := os.ReadFile(filepath.Join(root, "teltonika_vectors.jsonl"))
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skipf("needs the recorded data: set WAYGUARD_DATA to its folder (%v)", err)
	}
	var vectors []vector
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		must(t, d.Decode(&v))
		v.frame, err = hex.DecodeString(v.Input)
		must(t, err)
		vectors = append(vectors, v)
	}
	must(t, lines.Err())
	if len(vectors) < 10 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	return vectors
}

// degrees writes 1e-7 degrees as a decimal number that has no rounding.
func degrees(v int32) string {
	sign := ""
	n := int64(v)
	if n < 0 {
		sign, n = "-", -n
	}
	s := strings.TrimRight(fmt.Sprintf("%s%d.%07d", sign, n/1e7, n%1e7), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

// asVector shows r in the form of the vectors.
func asVector(r *Record) vectorRecord {
	v := vectorRecord{
		Time: r.Time, Priority: r.Priority, Lon: json.Number(degrees(r.GPS.Lon)), Lat: json.Number(degrees(r.GPS.Lat)),
		Altitude: r.GPS.Altitude, Angle: r.GPS.Angle, Sats: r.GPS.Satellites, Speed: r.GPS.Speed,
		Event: r.Event, Total: r.Total, IO: map[string]any{},
	}
	for _, e := range r.Elements {
		c := cursor{rest: e.Value}
		var value any = json.Number(fmt.Sprint(c.number(len(e.Value))))
		if e.Variable {
			value = hex.EncodeToString(e.Value)
		}
		v.IO[fmt.Sprint(e.ID)] = value
	}
	return v
}

func TestVectors(t *testing.T) {
	good, bad, elements := 0, 0, 0
	for i, v := range readVectors(t) {
		c, err := Decode(box, v.frame, received)
		if !v.Decoded.CRCOK {
			bad++
			if err == nil || !reflect.ValueOf(c).IsZero() {
				t.Errorf("vector %d: a bad CRC gave %v, %+v", i+1, err, c)
			}
			continue
		}
		good++
		if err != nil {
			t.Errorf("vector %d: %v", i+1, err)
			continue
		}
		p := c.Packet
		if p.Codec != v.Decoded.Codec || len(p.Records) != v.Decoded.Count || len(v.frame) != int(v.Decoded.DeclaredLen)+12 {
			t.Errorf("vector %d: codec %#x, %d records", i+1, p.Codec, len(p.Records))
		}
		for k := range p.Records {
			elements += len(p.Records[k].Elements)
			if got, want := asVector(&p.Records[k]), v.Decoded.Records[k]; !reflect.DeepEqual(got, want) {
				t.Errorf("vector %d, record %d:\n%+v, want\n%+v", i+1, k+1, got, want)
			}
		}
		if again := appendPacket(nil, p); !bytes.Equal(again, v.frame) {
			t.Errorf("vector %d encodes to %x", i+1, again)
		}
	}
	if good < 5 || bad < 1 || elements < 100 {
		t.Errorf("%d good vectors, %d bad ones, %d elements", good, bad, elements)
	}
}
