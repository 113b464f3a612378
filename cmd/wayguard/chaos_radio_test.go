package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// message is one publish of a radio.
type message struct {
	// key tells it from the others of its radio, such as the time of its fix.
	key     int64
	payload []byte
}

// radio is a lean MQTT 3.1.1 device, a thousand of which a test can afford. It
// keeps what is not acknowledged, and when it has connected again sends that
// first, oldest first.
type radio struct {
	id, secret, topic string
	// window is how many publishes may be unacknowledged.
	window int

	mu sync.Mutex
	// kept are those unacknowledged in the order of sending; this session has
	// sent the first so many of them.
	kept   []flight
	sent   int
	packet uint16
	acks   []ack
	// fault is the first thing that a broker must not do.
	fault error
}

type flight struct {
	message
	packet uint16
	at     time.Time // zero until it is sent
}

// ack is which publish was acknowledged, when, and how long that took.
type ack struct {
	key  int64
	at   time.Time
	took time.Duration
}

// session connects, sends what is kept and then what next gives, until next has
// no more and all is acknowledged, which is nil, or the connection ends. next
// may take its time.
func (r *radio) session(address string, next func() (message, bool)) error {
	conn, in, err := dialMQTT(address, r.id, r.secret)
	if err != nil {
		return err
	}
	defer conn.Close()
	r.mu.Lock()
	r.sent = 0
	r.mu.Unlock()
	room, broken := make(chan struct{}, r.window), make(chan error, 1)
	go func() {
		broken <- r.read(in, room)
		close(broken)
	}()
	if err = r.send(conn, room, broken, next); err == nil {
		_, err = conn.Write([]byte{0xe0, 0})
	}
	conn.Close()
	for range broken {
	}
	return err
}

// stay sends what next gives however often the connection ends. Once done is
// closed it has ten seconds for what is left.
func (r *radio) stay(address string, done <-chan struct{}, next func() (message, bool)) {
	var late <-chan time.Time
	for r.session(address, next) != nil {
		select {
		case <-done:
			late, done = time.After(10*time.Second), nil
		case <-late:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// send returns nil when all is acknowledged.
func (r *radio) send(conn net.Conn, room chan struct{}, broken <-chan error, next func() (message, bool)) error {
	take := func() error {
		select {
		case room <- struct{}{}:
			return nil
		case err := <-broken:
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
	}
	for {
		if !r.waiting() {
			m, more := next()
			if !more {
				break
			}
			r.keep(m)
		}
		if err := take(); err != nil {
			return err
		}
		if _, err := conn.Write(r.next()); err != nil {
			return err
		}
	}
	for range r.window {
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}

// waiting reports whether something is kept that this session has not sent.
func (r *radio) waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent < len(r.kept)
}

func (r *radio) keep(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, flight{message: m})
}

// next is the packet to be sent now.
func (r *radio) next() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &r.kept[r.sent]
	r.sent++
	if r.packet++; r.packet == 0 {
		r.packet = 1
	}
	again := !f.at.IsZero()
	f.packet, f.at = r.packet, time.Now()
	return publishPacket(r.topic, f.packet, f.payload, again)
}

// read takes acknowledgements, which must come in the order of the publishes
// (MQTT-4.6.0-2), until the connection ends.
func (r *radio) read(in io.Reader, room <-chan struct{}) error {
	var b [4]byte
	for {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return err
		}
		if err := r.acknowledge(b); err != nil {
			return err
		}
		<-room
	}
}

func (r *radio) acknowledge(b [4]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b[0] != 0x40 || b[1] != 2 || r.sent == 0 || r.kept[0].packet != binary.BigEndian.Uint16(b[2:]) {
		r.fault = fmt.Errorf("got %x, want the PUBACK of the oldest publish", b)
		return r.fault
	}
	f, now := r.kept[0], time.Now()
	r.acks = append(r.acks, ack{key: f.key, at: now, took: now.Sub(f.at)})
	r.kept = r.kept[1:]
	r.sent--
	return nil
}

// got are the acknowledgements so far.
func (r *radio) got() []ack {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.acks)
}

// newest is the key of what was sent or kept last, 0 for nothing.
func (r *radio) newest() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.kept) > 0:
		return r.kept[len(r.kept)-1].key
	case len(r.acks) > 0:
		return r.acks[len(r.acks)-1].key
	}
	return 0
}

var errRefused = errors.New("CONNECT is refused")

// dialMQTT returns a connection after its CONNACK, and what to read it with.
func dialMQTT(address, id, secret string) (net.Conn, io.Reader, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReaderSize(conn, 512)
	var answer [4]byte
	if _, err = conn.Write(connectPacket(id, id, secret)); err == nil {
		_, err = io.ReadFull(in, answer[:])
	}
	if err == nil && answer != [4]byte{0x20, 2, 0, 0} {
		err = fmt.Errorf("%w: %x", errRefused, answer)
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, in, conn.SetDeadline(time.Time{})
}

func connectPacket(client, id, secret string) []byte {
	const cleanSession, password, userName, keepAlive = 2, 64, 128, 60
	body := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 4, cleanSession | password | userName}, 0, keepAlive)
	for _, s := range []string{client, id, secret} {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(s))), s...)
	}
	return mqttPacket(0x10, body)
}

func publishPacket(topic string, packet uint16, payload []byte, again bool) []byte {
	head := byte(0x32)
	if again {
		head |= 8
	}
	body := append(binary.BigEndian.AppendUint16(nil, uint16(len(topic))), topic...)
	body = append(binary.BigEndian.AppendUint16(body, packet), payload...)
	return mqttPacket(head, body)
}

// mqttPacket puts the head and the length before a body; MQTT's lengths are
// coded as uvarints are.
func mqttPacket(head byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{head}, uint64(len(body))), body...)
}
