package notify

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/tracker"
)

// halves is a judge that writes to one half of the recipients by email, to the
// other by SMS, and when the event became known.
type halves struct{ *town }

func (h halves) Notices(e *tracker.Event, now time.Time) ([]Notice, []Skip) {
	notices, _ := h.town.Notices(e, now)
	for i := range notices {
		notices[i].Channels = []Channel{Email}
		if strings.HasSuffix(string(e.Device), "-sms") {
			notices[i].Channels = []Channel{SMS}
		}
	}
	return notices, nil
}

func (h halves) Compose(notices []Notice, _ Address, _ Channel) (Content, error) {
	return Content{Text: strconv.FormatInt(notices[0].Due.UnixNano(), 10)}, nil
}

// TestFloodWhileACarrierHangs makes 1,000 events a second, all of which somebody
// is to hear of, while the carrier of every other message answers to nothing.
// The rest arrive as if it did, and memory does not grow with what waits.
func TestFloodWhileACarrierHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("measures times")
	}
	const rate, devices = 1000, 100
	seconds, most := 4, 2*time.Second
	if long() {
		seconds, most = 60, time.Second
	}
	hanging := &sink{channel: Email, answer: func(ctx context.Context, _ *Message, _ int) error { <-ctx.Done(); return ctx.Err() }}
	text := &sink{channel: SMS}
	h := startHouse(t, t.TempDir(), halves{&town{}}, hanging, text)
	var ids []string
	for i := range devices {
		ids = append(ids, fmt.Sprintf("van-%d-%s", i, []string{"mail", "sms"}[i%2]))
	}
	h.recipients(ids...)
	before := heap()
	ticker := time.NewTicker(time.Second / 20)
	defer ticker.Stop()
	largest := before
	failed := make(chan error, seconds*rate)
	began := time.Now()
	for i := range seconds * 20 {
		<-ticker.C
		for j := range rate / 20 / 5 {
			err := h.fleet.Enqueue(t.Context(), h.visits(ids[(i*rate/20/5+j)%devices], 5), func(err error) {
				if err != nil {
					failed <- err
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if i%100 == 99 {
			largest = max(largest, heap())
		}
	}
	want := seconds * rate / 2
	until(t, fmt.Sprintf("%d messages", want), 30*time.Second, func() bool { return len(text.messages()) >= want })
	took := time.Since(began).Round(time.Millisecond)
	largest = max(largest, heap())
	if len(failed) > 0 {
		t.Fatal(<-failed)
	}
	p50, p99 := text.latencies(t)
	t.Logf("%d messages in %v: by SMS p50 %v, p99 %v, while email hangs; heap %d MB before, %d MB at most; resident %s",
		seconds*rate, took, p50, p99, before>>20, largest>>20, resident())
	if p99 > most {
		t.Errorf("p99 %v", p99)
	}
	// What waits is in the store: of each channel at most laneRoom in memory.
	if grown := int64(largest) - int64(before) - int64(want*400); grown > 48<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
	if n := len(text.messages()); n != want {
		t.Errorf("%d messages, want %d", n, want)
	}
}

// latencies are from when the server knew to when the carrier had it.
func (s *sink) latencies(t *testing.T) (p50, p99 time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []time.Duration
	for i := range s.got {
		ns, err := strconv.ParseInt(s.got[i].Text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s.at[i].Sub(time.Unix(0, ns)))
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident is what the system says, the mapped file included.
func resident() string {
	data, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// One recipient whose messages always fail, or hang, holds up nobody else, even
// with more of them than there is room for in memory.
func TestOneRecipientHoldsUpNobody(t *testing.T) {
	for name, answer := range map[string]func(context.Context) error{
		"fails": func(context.Context) error { return &SendError{Code: "451", Reason: "later"} },
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			mail := &sink{channel: Email, answer: func(ctx context.Context, m *Message, _ int) error {
				if m.To.ID == "van-bad" {
					return answer(ctx)
				}
				return nil
			}}
			h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email}}, mail)
			h.recipients("van-bad", "van-good")
			for range 3 {
				h.mustEnter("van-bad", laneRoom/2)
			}
			until(t, "the bad one's messages to be made", 30*time.Second, func() bool { return h.reader.behind() == 0 })
			h.mustEnter("van-good", 20)
			began := time.Now()
			until(t, "the good one's messages", 20*time.Second, func() bool { return len(mail.messages()) == 20 })
			t.Logf("20 messages in %v beside %d that fail", time.Since(began), 3*laneRoom/2)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("they took %v", took)
			}
		})
	}
}
