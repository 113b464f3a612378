package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
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

// packetAt is boxPacket so many seconds later.
func packetAt(t *testing.T, second int) []byte {
	t.Helper()
	packet, err := hex.DecodeString(boxPacket)
	if err != nil {
		t.Fatal(err)
	}
	at := packet[10:18]
	binary.BigEndian.PutUint64(at, binary.BigEndian.Uint64(at)+1000*uint64(second))
	return binary.BigEndian.AppendUint32(packet, uint32(boxCRC(packet[8:])))
}

// callIn connects and says the IMEI; the error is also that of a refusal.
func callIn(address, imei string) (net.Conn, error) {
	box, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_ = box.SetDeadline(time.Now().Add(30 * time.Second))
	answer := make([]byte, 1)
	if _, err = box.Write(append([]byte{0, byte(len(imei))}, imei...)); err == nil {
		_, err = io.ReadFull(box, answer)
	}
	if err == nil && answer[0] != 1 {
		err = errors.New("the IMEI was refused")
	}
	if err != nil {
		box.Close()
		return nil, err
	}
	return box, nil
}

// report sends a packet of one record and tells whether it was acknowledged.
func report(box net.Conn, packet []byte) bool {
	answer := make([]byte, 4)
	if _, err := box.Write(packet); err != nil {
		return false
	}
	_, err := io.ReadFull(box, answer)
	return err == nil && binary.BigEndian.Uint32(answer) == 1
}

// TestTeltonikaBoxSurvivesKills has a box report one record after the other, and
// again what was not acknowledged, while the program is killed at any moment.
// What was acknowledged is there, each record once.
func TestTeltonikaBoxSurvivesKills(t *testing.T) {
	const imei = "356307042441013"
	kills := 5
	if testing.Short() {
		kills = 2
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	address := freeAddress(t)
	p := startServe(t, t.TempDir(), "--teltonika", address, "--teltonika-from", "127.0.0.0/8")
	p.createDevice(t, imei)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	acknowledged := 0
	for round := range kills {
		box, err := callIn(address, imei)
		if err != nil {
			t.Fatal(err)
		}
		dead := time.AfterFunc(time.Duration(random.IntN(300))*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
		for report(box, packetAt(t, acknowledged)) {
			acknowledged++
		}
		dead.Stop()
		box.Close()
		p.kill()
		p.launch(t, "serve", "--data", p.dir, "--http", p.http, "--mqtt", p.mqtt, "--teltonika", address, "--teltonika-from", "127.0.0.0/8")
		rows := len(p.track(t, imei, start, start.Add(time.Hour)))
		// The one on its way may be stored and not acknowledged.
		if rows < acknowledged || rows > acknowledged+1 {
			t.Fatalf("kill %d: %d records are stored, %d were acknowledged", round+1, rows, acknowledged)
		}
	}
	if acknowledged == 0 {
		t.Fatal("nothing was acknowledged")
	}
}

// TestTeltonikaBox speaks to the program as a box does, and kills the program
// as soon as the answer is there.
func TestTeltonikaBox(t *testing.T) {
	const imei = "356307042441013"
	address := freeAddress(t)
	p := startServe(t, t.TempDir(), "--teltonika", address, "--teltonika-from", "127.0.0.0/8")
	p.createDevice(t, imei)
	box, err := callIn(address, imei)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if !report(box, packetAt(t, 0)) {
		t.Fatalf("not acknowledged:\n%s", p.output)
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
