package firmware

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// addVectors makes the frames of the vectors the seeds of a fuzzer.
func addVectors(f *testing.F, kind string) {
	f.Helper()
	added := 0
	for _, v := range readVectors(f) {
		if frame := v.frame(f); v.Kind == kind && v.Seal == "plain" && len(frame) > checkSize {
			f.Add(frame[:len(frame)-checkSize])
			added++
		}
	}
	if added < 10 {
		f.Fatalf("only %d seeds", added)
	}
}

// known tells whether a body holds nothing but fields of this version, and each
// no more than this version writes.
func known(body []byte, read func(number uint64, field *reader)) bool {
	all := true
	fields(body, func(number uint64, field *reader) bool {
		size := len(field.rest)
		read(number, field)
		all = all && len(field.rest) == 0 && size > 0
		return true
	})
	return all
}

// FuzzParseReport gives the parser frames whose checksum is right. What it
// accepts is written again as it was, but for what a later version added.
func FuzzParseReport(f *testing.F) {
	addVectors(f, "report")
	f.Fuzz(func(t *testing.T, frame []byte) {
		frame, err := (*Key)(nil).seal(bytes.Clone(frame), Plain)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseReport(frame, nil)
		if err != nil {
			wantNothing(t, r, err, "refused", ErrFrame, ErrVersion, ErrTag)
			return
		}
		var scratch Report
		same := known(frame[headSize:len(frame)-checkSize], scratch.field)
		written := false
		for _, resolution := range []Resolution{Decimetre, Centimetre} {
			again, err := r.Append(nil, nil, Plain, resolution)
			if err != nil {
				t.Fatalf("accepted and not written: %v\n%+v", err, r)
			}
			written = written || bytes.Equal(again, frame)
		}
		if same && !written {
			t.Fatalf("written in two ways: %x\n%+v", frame, r)
		}
		// What is read once more is the same.
		again, err := r.Append(nil, nil, Plain, Centimetre)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := ParseReport(again, nil); err != nil || !reflect.DeepEqual(twice, r) {
			t.Fatalf("%v\n%+v, then\n%+v", err, r, twice)
		}
	})
}

func FuzzParseDesired(f *testing.F) {
	addVectors(f, "desired")
	f.Fuzz(func(t *testing.T, frame []byte) {
		frame, err := (*Key)(nil).seal(bytes.Clone(frame), Plain)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDesired(frame, nil)
		if err != nil {
			wantNothing(t, d, err, "refused", ErrFrame, ErrVersion, ErrTag)
			return
		}
		var scratch Desired
		same := known(frame[headSize:len(frame)-checkSize], scratch.field)
		again, err := d.Append(nil, nil, Plain)
		if err != nil || same && !bytes.Equal(again, frame) {
			t.Fatalf("%v: %x, then %x", err, frame, again)
		}
		if twice, err := ParseDesired(again, nil); err != nil || !reflect.DeepEqual(twice, d) {
			t.Fatalf("%v\n%+v, then\n%+v", err, d, twice)
		}
	})
}

// FuzzJSON: what is accepted as JSON can be written as JSON and as a frame, and
// is read as the same.
func FuzzJSON(f *testing.F) {
	for _, v := range readVectors(f) {
		text, err := json.Marshal(v.Report)
		if v.Desired != nil {
			text, err = json.Marshal(v.Desired)
		}
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r, r2 Report
		if err := r.UnmarshalJSON(text); err == nil {
			again, err := r.MarshalJSON()
			if err == nil {
				err = r2.UnmarshalJSON(again)
			}
			if err != nil || !reflect.DeepEqual(r, r2) {
				t.Fatalf("%v\n%+v, then\n%+v", err, r, r2)
			}
			if _, err := r.Append(nil, nil, Plain, Decimetre); err != nil {
				t.Fatal(err)
			}
		} else {
			wantNothing(t, r, err, "refused", ErrFrame, ErrVersion)
		}
		var d, d2 Desired
		if err := d.UnmarshalJSON(text); err == nil {
			again, err := d.MarshalJSON()
			if err == nil {
				err = d2.UnmarshalJSON(again)
			}
			if err != nil || !reflect.DeepEqual(d, d2) {
				t.Fatalf("%v\n%+v, then\n%+v", err, d, d2)
			}
		}
	})
}
