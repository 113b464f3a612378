package firmware

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"slices"
	"testing"
)

// plain is a frame around a body.
func plain(k kind, boot, sequence uint32, body []byte) []byte {
	frame := append(appendHead(nil, k, Header{Boot: boot, Sequence: sequence}), body...)
	return binary.BigEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame))
}

// split takes a body apart; whole says that it ends where a field does.
func split(body []byte) (numbers []uint64, contents [][]byte, whole bool) {
	r := reader{rest: body}
	for len(r.rest) > 0 && !r.bad {
		number := r.uvarint()
		content := r.bytes(r.uvarint())
		numbers, contents = append(numbers, number), append(contents, content)
	}
	return numbers, contents, !r.bad
}

func join(numbers []uint64, contents [][]byte) []byte {
	var body []byte
	for i := range numbers {
		body = appendField(body, numbers[i], contents[i])
	}
	return body
}

// grown is a body as a later version may write it: with fields between and
// behind all others, and with more bytes in those that can grow.
func grown(body []byte) []byte {
	numbers, contents, _ := split(body)
	for i, number := range numbers {
		if number != fieldFirmware && number != uint64(Scan) {
			contents[i] = append(slices.Clone(contents[i]), 0, 0xff, 7)
		}
	}
	for _, number := range []uint64{5, 5000, 24, 31} {
		at, _ := slices.BinarySearch(numbers, number)
		numbers = slices.Insert(numbers, at, number)
		contents = slices.Insert(contents, at, []byte("news"))
	}
	return join(numbers, contents)
}

func TestLaterVersionsAreRead(t *testing.T) {
	r, d := sample(), sampleDesired()
	report, err := r.Append(nil, nil, Plain, Decimetre)
	if err != nil {
		t.Fatal(err)
	}
	body := grown(report[headSize : len(report)-checkSize])
	if got, err := ParseReport(plain(kindReport, 3, 17, body), nil); err != nil || !reflect.DeepEqual(got, rounded(r, Decimetre)) {
		t.Errorf("report: %v\n%+v", err, got)
	}
	desired, err := d.Append(nil, nil, Plain)
	if err != nil {
		t.Fatal(err)
	}
	body = grown(desired[headSize : len(desired)-checkSize])
	if got, err := ParseDesired(plain(kindDesired, 2, 7, body), nil); err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("desired: %v\n%+v", err, got)
	}
}

// A column of a later version stands behind those that are known.
func TestLaterColumnsAreSkipped(t *testing.T) {
	content := []byte{1, 0x20, 0, 0, 2, 4, 99}
	got, err := ParseReport(plain(kindReport, 0, 1, appendField(nil, fieldFixes, content)), nil)
	if want := []Fix{{Lat: 10, Lon: 20}}; err != nil || !reflect.DeepEqual(got.Fixes, want) {
		t.Errorf("%+v, %v", got.Fixes, err)
	}
}

// wrongBodies are bodies that say something in another way than the one, or something that
// cannot be.
var wrongBodies = map[string][]byte{
	"long varint":          {0x81, 0, 1, 2},
	"time of zero":         {1, 1, 0},
	"time twice":           {1, 1, 2, 1, 1, 2},
	"time before 1970":     {1, 1, 1},
	"field 0":              {0, 0},
	"fields in disorder":   {3, 2, 1, 0, 1, 1, 2},
	"empty firmware":       {4, 0},
	"firmware not UTF-8":   {4, 1, 0xff},
	"applied version 0":    {3, 2, 0, 1},
	"outcome 4":            {3, 2, 1, 4},
	"no fix":               {2, 2, 0, 0},
	"too many fixes":       {2, 12, 0x81, 8, 0, 0, 0x80, 8, 0, 0x80, 8, 0, 0x80, 8},
	"empty unknown column": {2, 6, 1, 0x20, 0, 0, 2, 4},
	"empty flags":          {2, 8, 1, 16, 0, 0, 2, 4, 0, 0},
	"run beyond the end":   {2, 6, 1, 0, 0, 1, 2, 4},
	"run in two":           {2, 12, 3, 0, 0, 0, 0, 1, 2, 0, 1, 4, 0, 1},
	"latitude":             {2, 9, 0x01, 0x00, 0x00, 0x00, 0x82, 0xaa, 0xea, 0x55, 0x04},
	"longitude 180":        {2, 10, 0x01, 0x00, 0x00, 0x00, 0x02, 0x80, 0xd4, 0xd4, 0xab, 0x01},
	"fixes in disorder":    {2, 10, 2, 0, 20, 1, 2, 0, 0, 4, 0, 0},
	"battery of 101":       {16, 3, 0, 101, 0},
	"seal 3":               {20, 2, 0, 3},
	"ignition 2":           {21, 2, 0, 2},
	"button 0":             {22, 2, 0, 0},
	"empty scan":           {23, 1, 0},
	"reading without all":  {17, 1, 0},
}

var wrongDesiredBodies = map[string][]byte{
	"no interval":      {32, 2, 0, 1},
	"interval twice":   {32, 2, 1, 1, 32, 2, 1, 1},
	"a long interval":  {32, 4, 0x81, 0xf5, 0x24, 1},
	"report 0":         {33, 1, 0},
	"seal 2":           {34, 1, 2},
	"update cut short": append([]byte{35, 36}, bytes.Repeat([]byte{1}, 36)...),
	"time of zero":     {1, 1, 0},
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	for name, body := range wrongBodies {
		got, err := ParseReport(plain(kindReport, 0, 1, body), nil)
		wantNothing(t, got, err, name, ErrFrame)
	}
	for name, body := range wrongDesiredBodies {
		got, err := ParseDesired(plain(kindDesired, 0, 1, body), nil)
		wantNothing(t, got, err, name, ErrFrame)
	}
	for _, parse := range []func([]byte) (any, error){
		func(b []byte) (any, error) { r, err := ParseReport(b, nil); return r, err },
		func(b []byte) (any, error) { d, err := ParseDesired(b, nil); return d, err },
	} {
		got, err := parse(plain(kindReport, 0, 0, nil))
		wantNothing(t, got, err, "sequence 0", ErrFrame, ErrVersion)
		got, err = parse(make([]byte, MaxFrame+1))
		wantNothing(t, got, err, "a long frame", ErrFrame)
	}
}

// A frame of a few bytes cannot ask for much memory.
func TestSmallFramesStaySmall(t *testing.T) {
	body := appendField(nil, fieldFixes, []byte{0x80, 8, 0, 0, 0xff, 7, 0, 0xff, 7, 0, 0xff, 7})
	frame := plain(kindReport, 0, 1, body)
	if r, err := ParseReport(frame, nil); err != nil || len(r.Fixes) != MaxFixes {
		t.Fatalf("%d fixes, %v", len(r.Fixes), err)
	}
	twice := plain(kindReport, 0, 1, append(body, body...))
	got, err := ParseReport(twice, nil)
	wantNothing(t, got, err, "two batches", ErrFrame)
	var many []byte
	for range MaxReadings + 1 {
		many = append(many, byte(Ignition), 2, 0, 1)
	}
	got, err = ParseReport(plain(kindReport, 0, 1, many), nil)
	wantNothing(t, got, err, "many readings", ErrFrame)
}
