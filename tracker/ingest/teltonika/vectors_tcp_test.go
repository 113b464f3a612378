package teltonika

import (
	"net"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

// Every recorded frame, sent as its box sends it: its positions are stored when
// the answer comes, and a bad one is answered 0 and stores nothing.
func TestVectorsOverTCP(t *testing.T) {
	for i, v := range readVectors(t) {
		h := open(t, []tracker.DeviceID{box}, nil)
		c := h.connect(box)
		c.send(v.frame)
		var want []geofence.Fix
		if v.Decoded.CRCOK {
			c.want(0, 0, 0, byte(v.Decoded.Count))
			content, err := Decode(box, v.frame, received)
			must(t, err)
			want = content.Report.Fixes
		} else {
			c.want(0, 0, 0, 0)
		}
		if got := len(h.stored(box)); got > len(want) || got == 0 != (len(want) == 0) {
			t.Errorf("vector %d: %d positions are stored, %d are in it", i+1, got, len(want))
		}
		kept, err := h.fleet.Quarantined()
		must(t, err)
		if v.Decoded.CRCOK != (len(kept) == 0) {
			t.Errorf("vector %d: %d in the quarantine", i+1, len(kept))
		}
	}
}

// A box that is gone within a frame stores nothing and is answered nothing,
// wherever it was cut off.
func TestCutOffOverTCP(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	frame := appendPacket(nil, packetOf(Codec8Extended, 2))
	for n := range frame {
		c := h.connect(box)
		c.send(frame[:n])
		must(t, c.Conn.(*net.TCPConn).CloseWrite())
		c.wantClosed()
	}
	h.wantStored(box)
	c := h.connect(box)
	c.send(frame)
	c.want(0, 0, 0, 2)
	h.wantStored(box, 0, 1)
	if kept, err := h.fleet.Quarantined(); err != nil || len(kept) != 0 {
		t.Errorf("quarantine: %+v, %v", kept, err)
	}
	c.wantNothing(10 * time.Millisecond)
}
