package teltonika

import (
	"bytes"
	"reflect"
	"testing"

	"wayguard/tracker"
)

// FuzzDecode: no packet panics; what is accepted encodes to the same bytes, and
// its report is one that the fleet can take. The second argument asks for a
// right head and CRC, which are seldom hit by chance.
func FuzzDecode(f *testing.F) {
	for _, codec := range []Codec{Codec8, Codec8Extended, Codec16} {
		frame := appendPacket(nil, packetOf(codec, 2))
		f.Add(frame, false)
		f.Add(frame[8:len(frame)-4], true)
	}
	f.Add([]byte{0x8E, 1, 1}, true)
	f.Fuzz(func(t *testing.T, frame []byte, seal bool) {
		if seal {
			frame = sealed(frame)
		}
		c, err := Decode(box, frame, received)
		if err != nil {
			if !reflect.ValueOf(c).IsZero() {
				t.Fatalf("a refusal came with %+v", c)
			}
			return
		}
		if again := appendPacket(nil, c.Packet); !bytes.Equal(again, frame) {
			t.Fatalf("%x encodes to %x", frame, again)
		}
		if len(c.Report.Fixes) > min(len(c.Packet.Records), tracker.MaxFixes) {
			t.Fatalf("%d fixes of %d records", len(c.Report.Fixes), len(c.Packet.Records))
		}
		for _, x := range c.Report.Fixes {
			lon, lat := x.Point[0], x.Point[1]
			if !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) || x.Time < 0 || x.Time > latest || x.SpeedMPS < 0 {
				t.Fatalf("%+v", x)
			}
		}
	})
}
