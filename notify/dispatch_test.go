package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// noon is when the tests on time happen.
var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// onTime runs a test in a bubble whose clock jumps to whatever is next.
func onTime(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		test(t)
	})
}

// failing answers each attempt with the same error.
func failing(err error) func(context.Context, *Message, int) error {
	return func(context.Context, *Message, int) error { return err }
}

// What a carrier says decides whether, when and over which channel it goes on.
func TestWhatFollowsFromAnAnswer(t *testing.T) {
	hang := func(ctx context.Context, _ *Message, _ int) error { <-ctx.Done(); return ctx.Err() }
	once := func(err error) func(context.Context, *Message, int) error {
		return func(_ context.Context, _ *Message, attempt int) error {
			if attempt == 1 {
				return err
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		email, sms func(context.Context, *Message, int) error
		state      State
		channel    Channel
		least      time.Duration // from the event to the end
		most       time.Duration
		reason     string
		suppressed bool
	}{
		"taken":              {state: Sent, channel: Email, most: time.Second},
		"temporary":          {email: once(&SendError{Code: "451", Reason: "later"}), state: Sent, channel: Email, least: leastRetry, most: firstRetry + leastRetry + time.Second},
		"no reason":          {email: once(errors.New("secret-van-a")), state: Sent, channel: Email, most: firstRetry + leastRetry + time.Second},
		"after 20 s":         {email: once(&SendError{Reason: "busy", After: 20 * time.Second}), state: Sent, channel: Email, least: 20 * time.Second, most: 21 * time.Second},
		"after too long":     {email: once(&SendError{Reason: "busy", After: 40 * time.Minute}), state: Sent, channel: SMS, most: time.Second},
		"permanent":          {email: failing(&SendError{Code: "554", Reason: "no", Permanent: true}), state: Sent, channel: SMS, most: time.Second},
		"dead address":       {email: failing(&SendError{Code: "550", Reason: "unknown", Dead: true}), state: Sent, channel: SMS, most: time.Second, suppressed: true},
		"never answers":      {email: hang, state: Sent, channel: SMS, least: 19 * time.Minute, most: 31 * time.Minute},
		"always temporary":   {email: failing(&SendError{Reason: "later"}), state: Sent, channel: SMS, least: 15 * time.Minute, most: 31 * time.Minute},
		"both permanent":     {email: failing(&SendError{Reason: "no", Permanent: true}), sms: failing(&SendError{Code: "21211", Reason: "nor", Permanent: true}), state: Dead, channel: SMS, most: time.Second, reason: "email: no; sms: nor (21211)"},
		"both never answers": {email: hang, sms: hang, state: Dead, channel: SMS, least: 40 * time.Minute, most: 61 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			onTime(t, func(t *testing.T) {
				mail, text := &sink{channel: Email, answer: test.email}, &sink{channel: SMS, answer: test.sms}
				h := startHouse(t, t.TempDir(), &town{channels: []Channel{Email, SMS}}, mail, text)
				h.recipients("van-a")
				h.mustEnter("van-a", 1)
				began := time.Now()
				e := h.settled(2*time.Hour, 1)[0]
				took := e.Done.Sub(began)
				if e.State != test.state || e.Channel != test.channel || took < test.least || took > test.most {
					t.Errorf("%s over %s after %v (%s), tries %+v", e.State, e.Channel, took, e.Reason, e.Tries)
				}
				if test.reason != "" && e.Reason != test.reason {
					t.Errorf("reason %q", e.Reason)
				}
				if _, found := h.suppressed.Find(Email, "secret-van-a@email.example"); found != test.suppressed {
					t.Errorf("suppressed: %v", found)
				}
				if dead := h.metrics.dead.Load(); (dead == 1) != (test.state == Dead) {
					t.Errorf("%d dead letters", dead)
				}
				h.stop()
				if strings.Contains(h.log.String(), "secret-") {
					t.Errorf("the log holds an address:\n%s", h.log)
				}
			})
		})
	}
}

// A message waits as long as the judge says, and is not sent where that has made
// it untrue.
func TestWhatIsNotSent(t *testing.T) {
	for name, test := range map[string]struct {
		judge  *town
		change func(*house, *town)
		state  State
		after  time.Duration
		reason string
	}{
		"held":        {judge: &town{hold: 30 * time.Second}, state: Sent, after: 30 * time.Second},
		"retracted":   {judge: &town{hold: 30 * time.Second}, change: func(h *house, j *town) { j.deny(h.entries(Filter{})[0].Notices[0].Event, "retracted") }, state: Dropped, after: 30 * time.Second, reason: "retracted"},
		"no address":  {judge: &town{away: map[Channel]string{Email: "no address", SMS: "no consent"}}, state: Dropped, reason: "email: no address; sms: no consent"},
		"one address": {judge: &town{away: map[Channel]string{Email: "no address"}}, state: Sent},
		"expired":     {judge: &town{lasts: -time.Second}, state: Dropped, reason: "email: expired before it could be sent"},
		"suppressed": {judge: &town{hold: time.Second, away: map[Channel]string{SMS: "no consent"}}, change: func(h *house, _ *town) {
			if err := h.suppressed.Add(h.t.Context(), Email, "secret-van-a@email.example", Suppression{Reason: "asked to stop", Asked: true}); err != nil {
				h.t.Fatal(err)
			}
		}, state: Dropped, after: time.Second, reason: "email: suppressed: asked to stop; sms: no consent"},
	} {
		t.Run(name, func(t *testing.T) {
			onTime(t, func(t *testing.T) {
				test.judge.channels = []Channel{Email, SMS}
				mail, text := &sink{channel: Email}, &sink{channel: SMS}
				h := startHouse(t, t.TempDir(), test.judge, mail, text)
				h.recipients("van-a")
				began := time.Now()
				h.mustEnter("van-a", 1)
				if test.change != nil {
					until(t, "the message", time.Second, func() bool { return len(h.entries(Filter{})) == 1 })
					test.change(h, test.judge)
				}
				e := h.settled(time.Hour, 1)[0]
				if took := e.Done.Sub(began); e.State != test.state || e.Reason != test.reason || took < test.after || took > test.after+time.Second {
					t.Errorf("%s after %v: %q", e.State, took, e.Reason)
				}
				if sent := len(mail.messages()) + len(text.messages()); (sent == 1) != (test.state == Sent) {
					t.Errorf("%d messages were sent", sent)
				}
			})
		})
	}
}

// Messages that nobody was ready for wait in the store, and come at their time
// however often the server starts anew.
func TestWaitingOutlivesARestart(t *testing.T) {
	onTime(t, func(t *testing.T) {
		mail := &sink{channel: Email}
		j := &town{channels: []Channel{Email}, hold: 3 * time.Hour}
		h := startHouse(t, t.TempDir(), j, mail)
		h.recipients("van-a")
		h.mustEnter("van-a", 5)
		until(t, "messages", time.Second, func() bool { return len(h.entries(Filter{State: Waiting})) == 5 })
		if n := h.lanes[Email].waiting(); n != 0 {
			t.Errorf("%d messages are in memory hours before they are due", n)
		}
		for range 3 {
			time.Sleep(50 * time.Minute)
			h.stop()
			h = startHouse(t, h.dir, j, mail)
		}
		if n := len(mail.messages()); n != 0 {
			t.Fatalf("%d messages came too early", n)
		}
		for _, e := range h.settled(time.Hour, 5) {
			if late := e.Done.Sub(e.Notices[0].Due); late < 0 || late > time.Second {
				t.Errorf("sent %v after it was due", late)
			}
		}
		if n := len(mail.messages()); n != 5 {
			t.Errorf("%d messages were sent", n)
		}
		h.stop()
	})
}

// Notices of one recipient that wait for each other become one message, in the
// order of their events, that waits no longer than a minute more.
func TestBundles(t *testing.T) {
	onTime(t, func(t *testing.T) {
		mail := &sink{channel: Email}
		j := &town{channels: []Channel{Email}, hold: 30 * time.Second, bundle: "day"}
		h := startHouse(t, t.TempDir(), j, mail)
		h.recipients("van-a", "van-b")
		for range 8 { // every 20 s
			h.mustEnter("van-a", 1)
			time.Sleep(20 * time.Second)
		}
		h.mustEnter("van-b", 1)
		time.Sleep(time.Second)
		h.stop()
		h = startHouse(t, h.dir, j, mail)
		h.mustEnter("van-b", 1)
		h.settled(time.Hour, 3)
		time.Sleep(time.Minute)
		var sizes []string
		for _, m := range mail.messages() {
			sizes = append(sizes, m.To.ID+" "+strings.Repeat("|", len(strings.Fields(m.Text))-3))
		}
		// The first is due after 30 s, and goes after 90 at the latest.
		want := []string{"van-a ||||", "van-a ||||", "van-b ||"}
		if !slices.Equal(sizes, want) {
			t.Errorf("messages %q, want %q", sizes, want)
		}
		for _, e := range h.entries(Filter{}) {
			if !slices.IsSortedFunc(e.Notices, func(a, b Notice) int { return int(a.Seq) - int(b.Seq) }) {
				t.Errorf("the notices of %s are out of order", e.ID)
			}
		}
		h.stop()
	})
}
