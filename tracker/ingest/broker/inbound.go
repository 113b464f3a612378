package broker

import (
	"encoding/binary"
	"io"
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/mochi-mqtt/server/v2/system"
)

// inbound is what a device sends, on its way to mochi. Reports of QoS 1, nearly
// all there is, are taken out and never get there: mochi would copy each one
// twice and look through its books for it, a third of what a report costs the
// whole server. All else is handed on as it came, in its order: mochi reads on
// only when it is done with what it has.
//
// Its methods are called by mochi's reading goroutine only.
type inbound struct {
	// take is given each report; nil before the CONNECT and where reports are
	// to go through mochi.
	take taker
	// rest is called when the reports that were read have been taken, before
	// anything that may wait; nil like take.
	rest func()
	// keep is for how long a device may be silent, once take is set.
	keep time.Duration
	info *system.Info

	buf        []byte
	start, end int // of what was read and is neither taken nor handed on
	through    int // bytes from start on that are for mochi
	taken      bool
}

// taker takes a publish of QoS 1 or leaves it to mochi. What it is given is
// valid during the call only. An error ends the connection.
type taker func(topic, payload []byte, id uint16) (ok bool, err error)

// read is conn.Read of mochi's.
func (in *inbound) read(from net.Conn, p []byte, extend func(time.Time) error) (int, error) {
	for in.through == 0 {
		size := in.sort()
		if size == 0 {
			if err := in.fill(from, extend); err != nil {
				return 0, err
			}
			continue
		}
		if err := in.pass(size); err != nil {
			return 0, err
		}
	}
	n := min(in.through, in.end-in.start, len(p))
	if n == 0 {
		// A packet beyond the buffer needs none.
		n, err := from.Read(p[:min(in.through, len(p))])
		in.through -= n
		return n, err
	}
	copy(p, in.buf[in.start:in.start+n])
	in.start, in.through = in.start+n, in.through-n
	return n, nil
}

// sort returns the size of the packet at the start of the buffer; 0 asks for
// more of it.
func (in *inbound) sort() int {
	waiting := in.buf[in.start:in.end]
	if len(waiting) < 2 {
		return 0
	}
	remaining, n := binary.Uvarint(waiting[1:min(len(waiting), 1+binary.MaxVarintLen32)])
	switch {
	case n == 0 && len(waiting) <= binary.MaxVarintLen32:
		return 0
	case n <= 0 || n == binary.MaxVarintLen32 || remaining > math.MaxInt32:
		return math.MaxInt // no length of MQTT; mochi ends the connection
	}
	size := 1 + n + int(remaining)
	if in.report(waiting[0]) && len(waiting) < size && size <= readBuffer {
		return 0
	}
	return size
}

// report reports whether a packet that begins with head is a publish of QoS 1
// that may be taken; neither a repetition nor the wish to retain matters.
func (in *inbound) report(head byte) bool {
	const dup, retain = 1 << 3, 1 << 0
	return in.take != nil && head&^(dup|retain) == packets.Publish<<4|1<<1
}

// pass takes the packet of that size or marks it as mochi's.
func (in *inbound) pass(size int) error {
	waiting := in.buf[in.start:in.end]
	if size <= min(len(waiting), readBuffer) && in.report(waiting[0]) {
		ok, err := in.takeReport(waiting[:size])
		if err != nil {
			return err
		}
		if ok {
			in.start += size
			in.taken = true
			atomic.AddInt64(&in.info.BytesReceived, int64(size))
			atomic.AddInt64(&in.info.PacketsReceived, 1)
			return nil
		}
	}
	in.pause()
	in.through = size
	return nil
}

func (in *inbound) pause() {
	if in.rest != nil {
		in.rest()
	}
}

// takeReport leaves to mochi what is not in order.
func (in *inbound) takeReport(packet []byte) (bool, error) {
	_, n := binary.Uvarint(packet[1:])
	body := packet[1+n:]
	if len(body) < 2 {
		return false, nil
	}
	topic := int(binary.BigEndian.Uint16(body))
	if len(body) < 2+topic+2 {
		return false, nil
	}
	id := binary.BigEndian.Uint16(body[2+topic:])
	if topic == 0 || id == 0 {
		return false, nil
	}
	return in.take(body[2:2+topic], body[2+topic+2:], id)
}

// fill reads more. What mochi does before each packet that it reads, it has not
// done for those that were taken.
func (in *inbound) fill(from net.Conn, extend func(time.Time) error) error {
	in.pause()
	if in.taken {
		in.taken = false
		if err := extend(time.Now().Add(in.keep)); err != nil {
			return err
		}
	}
	into := in.buf
	if in.end == len(in.buf) && len(in.buf) < busyBuffer {
		into = make([]byte, max(readBuffer, 2*len(in.buf))) // the first one, or it was filled
	}
	in.end = copy(into, in.buf[in.start:in.end])
	in.buf, in.start = into, 0
	n, err := from.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}
