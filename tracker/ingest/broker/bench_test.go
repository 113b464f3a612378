package broker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"wayguard/tracker"
)

// BenchmarkAcknowledged is QoS 1 publishes from many devices with several
// each under way, through the broker, the engine and the store to the disk and
// back. Clients and server share the processors.
func BenchmarkAcknowledged(b *testing.B) {
	for _, c := range []struct{ devices, inFlight int }{{1, 1}, {200, 20}, {5000, 4}} {
		b.Run(fmt.Sprintf("%dx%d", c.devices, c.inFlight), func(b *testing.B) {
			h := open(b, nil, nil)
			h.register(c.devices)
			loads := h.loads(c.devices)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			var running sync.WaitGroup
			for _, l := range loads {
				running.Go(func() { l.run(c.inFlight, &left) })
			}
			running.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acks/s")
			b.StopTimer()
			if n := h.metric(`publishes_total{outcome="acknowledged"}`); n < float64(b.N) {
				b.Errorf("%v acknowledged of %d", n, b.N)
			}
		})
	}
}

// load is a device that publishes as fast as it is acknowledged.
type load struct {
	*raw
	packet    []byte // one PUBLISH; its packet id and tst are patched
	id, tst   []byte // where in packet
	published int
}

// tstDigits is the width of the placeholder for tst.
const tstDigits = 10

func loadID(i int) tracker.DeviceID { return tracker.DeviceID(fmt.Sprintf("load:dev%d", i)) }

// register makes devices, many in one commit.
func (h *house) register(n int) {
	h.t.Helper()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(512)
	for i := range n {
		id := loadID(i)
		group.Go(func() error {
			secret, err := h.fleet.CreateDevice(h.t.Context(), tracker.Device{ID: id})
			mu.Lock()
			defer mu.Unlock()
			h.secrets[id] = secret
			return err
		})
	}
	must(h.t, group.Wait())
}

// loads connects registered devices.
func (h *house) loads(n int) []*load {
	h.t.Helper()
	loads := make([]*load, n)
	for i := range loads {
		loads[i] = &load{raw: h.connect(4, loadID(i), nil)}
		loads[i].prepare(fmt.Sprintf("owntracks/load/dev%d", i))
	}
	return loads
}

func (l *load) prepare(topic string) {
	payload := `{"_type":"location","acc":8,"alt":34,"batt":87,"cog":270,"lat":52.5201234,"lon":13.4054321,"tid":"v7","tst":1700000000,"vac":3,"vel":42}`
	l.packet = l.encode(publication(1, 1, topic, []byte(payload)))
	at := bytes.Index(l.packet, []byte(topic)) + len(topic)
	l.id = l.packet[at : at+2]
	at = bytes.Index(l.packet, []byte("1700000000"))
	l.tst = l.packet[at : at+tstDigits]
}

// run publishes, inFlight at a time, until nothing is left to do.
func (l *load) run(inFlight int, left *atomic.Int64) {
	const puback = 4 // bytes
	batch := make([]byte, 0, inFlight*len(l.packet))
	acks := make([]byte, inFlight*puback)
	_ = l.conn.SetReadDeadline(time.Time{})
	for waiting, room, have := 0, inFlight, 0; ; {
		batch = batch[:0]
		for ; room > 0 && left.Add(-1) >= 0; room-- {
			batch = l.append(batch)
			waiting++
		}
		if len(batch) > 0 {
			if _, err := l.conn.Write(batch); err != nil {
				l.t.Error(err)
				return
			}
		}
		if waiting == 0 {
			return
		}
		n, err := l.conn.Read(acks[have:])
		if err != nil {
			l.t.Error(err)
			return
		}
		have += n
		room += have / puback
		waiting -= have / puback
		copy(acks, acks[have-have%puback:have])
		have %= puback
	}
}

func (l *load) append(b []byte) []byte {
	l.published++
	binary.BigEndian.PutUint16(l.id, uint16(l.published%65535+1))
	strconv.AppendInt(l.tst[:0], locationTST+int64(l.published), 10)
	return append(b, l.packet...)
}

// BenchmarkIdleConnections gives the memory of a connected device that says
// nothing, on the server's side and the test's together.
func BenchmarkIdleConnections(b *testing.B) {
	h := open(b, nil, nil)
	const devices = 2000
	h.register(devices)
	for b.Loop() {
		before := memory()
		loads := h.loads(devices)
		b.ReportMetric(float64(memory()-before)/devices, "B/conn")
		for _, l := range loads {
			_ = l.conn.Close()
		}
		h.wantMetric("connections", 0)
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
