package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	firmware "wayguard/firmware-protocol"
)

// The moments at which clocks of trackers end up: no date at all, before a
// week-number rollover, and where 32 bits, with and without a sign, run over.
var oddTimes = []int64{1, 315964800, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32, math.MaxUint32 + 1}

// nativeMessage is a report of the shuttles' fixes of some seconds, in the
// native protocol.
func nativeMessage(t *testing.T, boot, sequence uint32, seconds ...int64) message {
	t.Helper()
	report := firmware.Report{Boot: boot, Sequence: sequence}
	for _, tst := range seconds {
		at := shuttlePlace(tst)
		report.Fixes = append(report.Fixes, firmware.Fix{
			Time: firmware.Millis(tst * 1000), Known: firmware.KnownAccuracy, Accuracy: 50,
			Lon: int32(math.Round(at[0] * 1e7)), Lat: int32(math.Round(at[1] * 1e7)),
		})
	}
	frame, err := report.Append(nil, nil, firmware.Plain, firmware.Centimetre)
	if err != nil {
		t.Fatal(err)
	}
	return message{seconds[len(seconds)-1], frame}
}

// native has the radio speak Wayguard's own protocol.
func (r *radio) native() *radio {
	r.topic = "wg/1/" + r.id + "/up"
	return r
}

// TestOddTimes sends fixes whose time cannot be right, alone, before all others
// and among good ones: they are acknowledged, stored and marked, once, and move
// nothing.
func TestOddTimes(t *testing.T) {
	trouble(t)
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	fleet := p.enrol(t, "odd", 3, 50)
	first, among, batched := fleet[0], fleet[1], fleet[2].native()
	begin := time.Now().Unix() - 3600
	var odd []message
	for _, tst := range oddTimes {
		odd = append(odd, shuttleMessage(tst))
	}
	good := shuttleMessages(begin, 600)
	p.sendAll(t, first, append(slices.Clone(odd), good...)...)
	mixed := slices.Clone(good)
	for i, m := range odd {
		mixed = slices.Insert(mixed, 50+100*i, m)
	}
	p.sendAll(t, among, mixed...)
	p.sendAll(t, batched, nativeMessage(t, 1, 1, oddTimes...))
	for i := range uint32(60) {
		at := begin + 10*int64(i)
		p.sendAll(t, batched, nativeMessage(t, 1, 2+i, 1, at, at+1, at+2, at+3, at+4, at+5, at+6, at+7, at+8, at+9, math.MaxUint32+int64(i)))
	}
	check := func(when string) {
		for _, r := range fleet {
			fixes, marked := p.stored(t, r.id), 0
			for _, f := range fixes {
				sane := f.Time.Time().Unix() >= begin && f.Time.Time().Unix() < begin+600
				if f.evaluated() != sane {
					t.Errorf("%s: %s: the fix of %v is marked %q", when, r.id, f.Time.Time(), f.marks)
				}
				if !sane {
					marked++
				}
			}
			if len(fixes)-marked != 600 || marked < len(oddTimes) {
				t.Errorf("%s: %s has %d fixes, %d of them marked", when, r.id, len(fixes), marked)
			}
			var device struct{ Last struct{ Time time.Time } }
			p.call(t, http.MethodGet, "/api/v1/devices/"+r.id, nil, http.StatusOK, &device)
			if got := device.Last.Time.Unix(); got != begin+599 {
				t.Errorf("%s: %s was last seen at %v", when, r.id, device.Last.Time)
			}
		}
		if _, events := p.audit(t, fleet...); events < 3*600/shuttleLeg {
			t.Errorf("%s: only %d events", when, events)
		}
	}
	check("running")
	p.kill()
	p.again(t)
	check("after a kill")
}

// TestReboot has devices start again and count from one again. One of the native
// protocol counts its starts, so that new reports are not taken for old ones,
// and old ones that it sends again, before and after a kill of the server, are
// known. One of OwnTracks has no numbers, and sends again what it kept, in part
// written anew.
func TestReboot(t *testing.T) {
	trouble(t)
	const reports = 300
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	fleet := p.enrol(t, "reboot", 2, 50)
	native, phone := fleet[0].native(), fleet[1]
	begin := time.Now().Unix() - 7200
	life := func(boot uint32) (messages []message) {
		for i := range uint32(reports) {
			at := begin + int64(boot*reports+i)
			messages = append(messages, nativeMessage(t, boot, 1+i, at))
		}
		return messages
	}
	rewritten := func(from int64, n int) (messages []message) {
		for _, m := range shuttleMessages(from, n) {
			messages = append(messages, message{m.key, append(slices.Clone(m.payload[:len(m.payload)-1]), `,"batt":50}`...)})
		}
		return messages
	}
	for boot := range uint32(3) {
		p.sendAll(t, native, life(boot)...)
		p.sendAll(t, phone, shuttleMessages(begin+int64(boot*reports), reports)...)
		p.sendAll(t, native, life(boot)...)
		p.kill()
		p.again(t)
		p.sendAll(t, native, life(boot)...)
		p.sendAll(t, phone, shuttleMessages(begin, reports)...)
		p.sendAll(t, phone, rewritten(begin, reports)...)
		want := reports * int(boot+1)
		for _, r := range fleet {
			if got := len(p.stored(t, r.id)); got != want {
				t.Errorf("%s has %d fixes after life %d, want %d", r.id, got, boot+1, want)
			}
		}
	}
	acked, events := p.audit(t, fleet...)
	t.Logf("%d acknowledgements, %d events", acked, events)
	if known := p.metric(t, fmt.Sprintf("wayguard_reports_total{outcome=%q}", "duplicate")); known < reports {
		t.Errorf("%v reports were known", known)
	}
}
