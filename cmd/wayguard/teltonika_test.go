package main

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// boxPacket is one record of Codec 8 without elements: 2026-01-01T00:00:00Z,
// 10 degrees east, 50 north, 100 m, 90 degrees, 9 satellites, 36 km/h.
const boxPacket = "0000000000000021" + "0801" + "0000019b76daa800" + "00" +
	"05f5e100" + "1dcd6500" + "0064" + "005a" + "09" + "0024" + "000000000000" + "01"

// boxCRC is CRC-16/IBM of what follows the first eight bytes.
func boxCRC(data []byte) (v uint16) {
	for _, x := range data {
		v ^= uint16(x)
		for range 8 {
			v = v>>1 ^ 0xA001*(v&1)
		}
	}
	return v
}

// TestTeltonikaBox speaks to the program as a box does, and kills the program
// as soon as the answer is there.
func TestTeltonikaBox(t *testing.T) {
	const imei = "356307042441013"
	address := freeAddress(t)
	p := startServe(t, t.TempDir(), "--teltonika", address, "--teltonika-from", "127.0.0.0/8")
	p.createDevice(t, imei)
	packet, err := hex.DecodeString(boxPacket)
	if err != nil {
		t.Fatal(err)
	}
	packet = binary.BigEndian.AppendUint32(packet, uint32(boxCRC(packet[8:])))
	box, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	_ = box.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := box.Write(append(append([]byte{0, byte(len(imei))}, imei...), packet...)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 5)
	if _, err := io.ReadFull(box, answer); err != nil || [5]byte(answer) != [5]byte{1, 0, 0, 0, 1} {
		t.Fatalf("answer %v, %v:\n%s", answer, err, p.output)
	}
	p.kill()
	p.again(t)
	var device struct{ ID string }
	p.call(t, http.MethodGet, "/api/v1/devices/"+imei, nil, http.StatusOK, &device)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if rows := p.track(t, imei, at, at.Add(time.Second)); len(rows) != 1 {
		t.Errorf("track after the kill: %v", rows)
	}
}
