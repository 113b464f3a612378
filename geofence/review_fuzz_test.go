package geofence_test

import (
	"testing"

	"wayguard/geofence"
)

// reviewTypes has an event of every role.
var reviewTypes = [...]geofence.EventType{
	geofence.Enter, geofence.Dwell, geofence.Exit, geofence.StopBegin, geofence.StopUnplanned, geofence.StopEnd,
	geofence.Implausible, geofence.StopSkipped, geofence.DropConfirmed, geofence.DropWrongAddress,
	geofence.Silent, geofence.Back,
}

// eventKey is what makes an event's id.
type eventKey struct {
	typ     geofence.EventType
	subject string
	episode uint64
}

func keyOf(e *geofence.Event) eventKey { return eventKey{e.Type, e.Subject, e.Episode} }

// hostileEvent makes an event of four bytes; times are near each other, or at
// the ends of all time.
func hostileEvent(b []byte) geofence.Event {
	e := geofence.Event{
		Type: reviewTypes[int(b[0])%len(reviewTypes)], Subject: string('a' + rune(b[1]%3)),
		Episode: uint64(b[1]/3) % 8, Time: geofence.Millis(b[2]) * 60_000,
	}
	e.Point[0] = float64(b[3] % 2)
	switch b[2] {
	case 254:
		e.Time = -1 << 63
	case 255:
		e.Time = 1<<63 - 1
	}
	return e
}

// FuzzReconcile makes a log and findings of anything, and wants the corrections
// to leave what was found in force, once each, and nothing more to correct.
func FuzzReconcile(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x00\x02\x00\x05\x00\x00\x00\x02\x80\x02\x00\x06\x80"), true)
	f.Add([]byte("\x02\x03\x01\x00\x00\x06\x05\x01\x00\x03\x04\x80\x06\x09\x06\x80\x06\x09\xff\x80"), false)
	f.Fuzz(func(t *testing.T, data []byte, fresh bool) {
		const given = 8
		var told []geofence.Told
		var found []geofence.Event
		names := make(map[eventKey]bool)
		for ; len(data) >= 4; data = data[4:] {
			e := hostileEvent(data)
			if data[3] >= 0x80 {
				if data[3] >= 0xc0 {
					e.Episode |= 1 << 63
				}
				found = append(found, e)
			} else if !names[keyOf(&e)] {
				names[keyOf(&e)] = true
				told = append(told, geofence.Told{Event: e, Withdrawn: data[3] >= 0x60})
			}
		}
		review := geofence.Reconcile(told, found, fresh, given)
		told = applied(t, told, found, review)
		wantInForce(t, told, found)
		if again := geofence.Reconcile(told, found, fresh, given+1<<20); len(again.Corrections) != 0 {
			t.Errorf("a second time gives %v", again.Corrections)
		}
	})
}

func applied(t *testing.T, told []geofence.Told, found []geofence.Event, review geofence.Review) []geofence.Told {
	t.Helper()
	for _, c := range review.Corrections {
		switch {
		case c.Found < 0:
			if told[c.Told].Withdrawn {
				t.Errorf("%+v is retracted again", told[c.Told])
			}
			told[c.Told].Withdrawn = true
		case c.Told < 0:
			told = append(told, geofence.Told{Event: found[c.Found]})
		default:
			told[c.Told] = geofence.Told{Event: found[c.Found]}
		}
	}
	return told
}

func wantInForce(t *testing.T, told []geofence.Told, found []geofence.Event) {
	t.Helper()
	want := make(map[eventKey]geofence.Millis)
	for i := range found {
		e := &found[i]
		if _, twice := want[keyOf(e)]; !twice && e.Type != geofence.Silent && e.Type != geofence.Back {
			want[keyOf(e)] = e.Time
		}
	}
	seen := make(map[eventKey]bool)
	for i := range told {
		e := &told[i]
		if seen[keyOf(&e.Event)] {
			t.Errorf("%+v is told twice", e)
		}
		seen[keyOf(&e.Event)] = true
		if e.Withdrawn || e.Type == geofence.Silent || e.Type == geofence.Back {
			continue
		}
		if at, ok := want[keyOf(&e.Event)]; !ok || at != e.Time {
			t.Errorf("%+v is in force, want it at %d, %v", e, at, ok)
		}
		delete(want, keyOf(&e.Event))
	}
	if len(want) > 0 {
		t.Errorf("missing are %v", want)
	}
}
