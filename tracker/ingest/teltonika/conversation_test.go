package teltonika

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wayguard/tracker"
)

const other = tracker.DeviceID("356307042441014")

func TestRecordsAreStoredOnce(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	for _, codec := range []Codec{Codec8, Codec8Extended, Codec16} {
		c := h.connect(box)
		for range 2 {
			c.send(appendPacket(nil, packetFrom(codec, 0, 3)))
			c.want(0, 0, 0, 3)
		}
		// Half of it again, with what came since, on another connection.
		c = h.connect(box)
		c.send(appendPacket(nil, packetFrom(codec, 2, 2)))
		c.want(0, 0, 0, 2)
		c.Close()
		h.wantStored(box, 0, 1, 2, 3)
		h.wantMetric("connections", 0)
	}
	h.wantMetric(`packets_total{outcome="acknowledged"}`, 9)
	h.wantMetric(`records_total{position="yes"}`, 24)
	h.wantMetric("ack_seconds", 9)
}

// Bytes come as the network likes, keep-alives between packets, and a packet
// may follow before the last is answered.
func TestPieces(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	c := h.connect(box)
	c.send([]byte{0xFF, 0xFF})
	for _, b := range appendPacket([]byte{0xFF}, packetFrom(Codec8, 0, 1)) {
		c.send([]byte{b})
	}
	c.want(0, 0, 0, 1)
	c.send(append(appendPacket(nil, packetFrom(Codec16, 1, 2)), appendPacket(nil, packetFrom(Codec8Extended, 3, 1))...))
	c.want(0, 0, 0, 2, 0, 0, 0, 1)
	h.wantStored(box, 0, 1, 2, 3)
	c.Close()
	h.wantMetric(`disconnects_total{reason="client"}`, 1)
}

func TestNoFixIsAcknowledged(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	c := h.connect(box)
	p := packetOf(Codec8, 3)
	p.Records[1].GPS.Satellites = 0
	c.send(appendPacket(nil, p))
	c.want(0, 0, 0, 3)
	h.wantStored(box, 0, 2)
	p.Records = p.Records[1:2]
	c.send(appendPacket(nil, p))
	c.want(0, 0, 0, 1)
	h.wantStored(box, 0, 2)
	h.wantMetric(`records_total{position="no"}`, 2)
	h.wantMetric(`packets_total{outcome="ignored"}`, 1)
}

func TestStrangersAreRefused(t *testing.T) {
	h := open(t, []tracker.DeviceID{box, "van", "anna:van7"}, nil)
	for imei, reason := range map[string]string{
		string(other): "unknown_device", "van": "bad_handshake", "": "bad_handshake", "anna:van7": "bad_handshake",
		"35630704244101x": "bad_handshake", string(box) + "0": "bad_handshake",
	} {
		before := h.metric(`connects_refused_total{reason="` + reason + `"}`)
		c := h.dial()
		c.hello(imei)
		c.want(0)
		c.wantClosed()
		h.wantMetric(`connects_refused_total{reason="`+reason+`"}`, before+1)
	}
	h.wantMetric("connects_total", 0)
}

func TestForeignNetworksAreTurnedAway(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, func(o *Options, _ *gate) {
		o.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	h.dial().wantClosed()
	h.wantMetric(`connects_refused_total{reason="foreign_network"}`, 1)
	h = open(t, []tracker.DeviceID{box}, func(o *Options, _ *gate) {
		o.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8")}
	})
	h.connect(box)
}

// What can never be right is answered 0 and kept once; after the third time
// the connection ends.
func TestQuarantine(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, nil)
	bad := changed(appendPacket(nil, packetOf(Codec8, 1)), 20)
	c := h.connect(box)
	for range 2 {
		c.send(bad)
		c.want(0, 0, 0, 0)
	}
	c.send(appendPacket(nil, packetOf(Codec8, 1)))
	c.want(0, 0, 0, 1)
	for range maxRefusals {
		c.send(bad)
		c.want(0, 0, 0, 0)
	}
	c.wantClosed()
	h.wantStored(box, 0)
	kept, err := h.fleet.Quarantined()
	must(t, err)
	if len(kept) != 1 || kept[0].Device != box || kept[0].Door != "teltonika" || kept[0].Reason != ReasonCRC || !bytes.Equal(kept[0].Payload, bad) {
		t.Errorf("quarantine: %+v", kept)
	}
	h.wantMetric(`refusals_total{reason="bad_crc"}`, 5)
	h.wantMetric(`disconnects_total{reason="refused"}`, 1)
}

// Where the next packet begins is not known after these.
func TestNothingFollowsABadHead(t *testing.T) {
	h := open(t, []tracker.DeviceID{box}, func(o *Options, _ *gate) { o.Limits.PacketBytes = 100 })
	for reason, head := range map[string][]byte{
		ReasonFrame:    []byte("GET / HT"),
		ReasonTooLarge: {0, 0, 0, 0, 0, 0, 0, 89},
	} {
		c := h.connect(box)
		c.send(head)
		c.want(0, 0, 0, 0)
		c.wantClosed()
		h.wantMetric(`refusals_total{reason="`+reason+`"}`, 1)
	}
	if kept, err := h.fleet.Quarantined(); err != nil || len(kept) != 2 {
		t.Errorf("quarantine: %+v, %v", kept, err)
	}
}

// While the store refuses there is no answer, the connection ends after the
// deadline, and what the box sends again then is stored.
func TestNoAcknowledgementWhileTheStoreRefuses(t *testing.T) {
	var store *gate
	h := open(t, []tracker.DeviceID{box}, func(o *Options, g *gate) {
		o.Limits.CommitTime, store = 300*time.Millisecond, g
	})
	pass := make(chan error)
	store.hold(pass)
	space := make(chan struct{})
	go func() {
		for {
			select {
			case pass <- errors.New("disk full"):
			case <-space:
				close(pass)
				return
			}
		}
	}()
	packet := appendPacket(nil, packetOf(Codec8, 2))
	for _, sent := range [][]byte{packet, packet, changed(packet, 20)} {
		c := h.connect(box)
		began := time.Now()
		c.send(sent)
		c.wantClosed()
		if d := time.Since(began); d < 250*time.Millisecond {
			t.Errorf("closed after %v", d)
		}
	}
	h.wantMetric(`packets_total{outcome="unavailable"}`, 3)
	close(space)
	for deadline := time.Now().Add(20 * time.Second); h.fleet.Ready() != nil && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	c := h.connect(box)
	c.send(packet)
	c.want(0, 0, 0, 2)
	h.wantStored(box, 0, 1)
	h.wantMetric(`packets_total{outcome="acknowledged"}`, 1)
}

// However records are put together into packets, in whatever codec and order,
// twice or once, the track is the same.
func TestPacketsPutTogetherAnyhow(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	h := open(t, []tracker.DeviceID{box}, nil)
	c := h.connect(box)
	const records = 40
	missing := make(map[int]bool)
	for i := range records {
		missing[i] = true
	}
	for len(missing) > 0 {
		first := random.IntN(records)
		n := 1 + random.IntN(min(8, records-first))
		for i := first; i < first+n; i++ {
			delete(missing, i)
		}
		codec := []Codec{Codec8, Codec8Extended, Codec16}[random.IntN(3)]
		c.send(appendPacket(nil, packetFrom(codec, first, n)))
		c.want(0, 0, 0, byte(n))
	}
	var all []int
	for i := range records {
		all = append(all, i)
	}
	h.wantStored(box, all...)
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}
