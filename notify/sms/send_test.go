package sms_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"wayguard/notify"
	"wayguard/notify/sms"
	"wayguard/tracker"
)

func TestSend(t *testing.T) {
	for name, change := range map[string]func(o *sms.Options){
		"by a service": func(*sms.Options) {},
		"by a number":  func(o *sms.Options) { o.Service, o.From = "", "+4930123456" },
		"no callbacks": func(o *sms.Options) { o.PublicURL = nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, change)
			receipt, err := l.send(t, message("Your delivery’s here – now…"))
			if err != nil || receipt != testSID {
				t.Fatalf("%q, %v", receipt, err)
			}
			form := l.twilio.sent()[0]
			if form.Get("To") != testNumber || form.Get("Body") != "Your delivery's here - now..." {
				t.Errorf("%v", form)
			}
			if seconds, err := strconv.Atoi(form.Get("ValidityPeriod")); err != nil || seconds < 1190 || seconds > 1200 {
				t.Errorf("ValidityPeriod %q of a message that expires in 20 minutes", form.Get("ValidityPeriod"))
			}
			if form.Get("MessagingServiceSid") != l.opts.Service || form.Get("From") != l.opts.From {
				t.Errorf("%v", form)
			}
			callback := ""
			if l.opts.PublicURL != nil {
				callback = "https://fleet.example/hooks/twilio/status"
			}
			if form.Get("StatusCallback") != callback {
				t.Errorf("StatusCallback %q", form.Get("StatusCallback"))
			}
		})
	}
}

func TestRegion(t *testing.T) {
	l := newLab(t, func(o *sms.Options) { o.Account.Region = "ie1" })
	was := createMessage.host
	createMessage.host = "api.ie1.twilio.com"
	defer func() { createMessage.host = was }()
	if _, err := l.send(t, message("x")); err != nil {
		t.Error(err)
	}
}

// What Twilio answers says what to do next; nothing of it is repeated.
func TestRefusals(t *testing.T) {
	text := "The 'To' number " + testNumber + " of " + testAccount + " is not valid."
	for _, test := range []struct {
		name                    string
		answer                  func(http.ResponseWriter)
		code                    string
		permanent, dead, unsure bool
		after                   time.Duration
		busy                    bool
	}{
		{name: "no such number", answer: refuse(400, 21211, text), code: "21211", permanent: true, dead: true},
		{name: "landline", answer: refuse(400, 21614, text), code: "21614", permanent: true, dead: true},
		{name: "STOP", answer: refuse(400, 21610, text), code: "21610", permanent: true, dead: true},
		{name: "country", answer: refuse(403, 21408, text), code: "21408", permanent: true},
		{name: "unknown", answer: refuse(400, 29999, text), code: "29999", permanent: true},
		{name: "too many", answer: refuse(429, 20429, text, "Retry-After", "7"), code: "20429", after: 7 * time.Second, busy: true},
		{name: "too many, in prose", answer: html(429, "Retry-After", "7"), code: "HTTP 429", after: 7 * time.Second, busy: true},
		{name: "credentials", answer: refuse(401, 20003, text), code: "20003", after: time.Minute},
		{name: "sender", answer: refuse(400, 21606, text), code: "21606", after: time.Minute},
		{name: "out of order", answer: html(503), code: "HTTP 503"},
		{name: "broken down", answer: html(500), code: "HTTP 500", unsure: true},
		{name: "gateway", answer: html(502), code: "HTTP 502", unsure: true},
		{name: "redirect", answer: html(302, "Location", "https://other.example/"), code: "HTTP 302", after: time.Minute},
		{name: "nonsense", answer: html(201), unsure: true},
		{name: "cut off", answer: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, unsure: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t)
			l.twilio.setAnswer(test.answer)
			_, err := l.send(t, message("text of the message"))
			var failed *notify.SendError
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
			want := notify.SendError{Code: test.code, Reason: failed.Reason, Permanent: test.permanent, Dead: test.dead, Unsure: test.unsure, After: test.after, Busy: test.busy, Err: failed.Err}
			if *failed != want && !(want.After == 0 && failed.After > 0 && failed.After <= time.Second) {
				t.Errorf("%+v", failed)
			}
			checkSilent(t, err)
			if why, ok := l.suppressed.Find(notify.SMS, testNumber); ok != (test.name == "STOP") || ok && !why.Asked {
				t.Errorf("suppressed %v, %+v", ok, why)
			}
			l.twilio.setAnswer(nil)
			if _, err := l.send(t, message("x")); err != nil {
				t.Errorf("the next message: %v", err)
			}
			if n := len(l.twilio.sent()); n != 2 {
				t.Errorf("%d requests: the client tried again by itself", n)
			}
		})
	}
}

func html(status int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>Service Unavailable "+testNumber+"</body></html>")
	}
}

// checkSilent fails where an error tells what nobody else may know.
func checkSilent(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{testNumber, testNumber[3:], testToken, testAccount, "text of the message"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error %q tells %q", err, secret)
			}
		}
	}
}

// A server that hangs holds up nobody for longer than they have; it may have the
// message.
func TestHang(t *testing.T) {
	l := newLab(t)
	release := make(chan struct{})
	defer close(release)
	l.twilio.setAnswer(func(http.ResponseWriter) { <-release })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, err := l.carrier.Send(ctx, message("x"))
	var failed *notify.SendError
	if !errors.As(err, &failed) || !failed.Unsure || failed.Permanent || time.Since(started) > 5*time.Second {
		t.Errorf("%+v after %v", err, time.Since(started))
	}
}

// Without a connection the message was not sent, for certain.
func TestUnreachable(t *testing.T) {
	l := newLab(t)
	l.twilio.server.Close()
	_, err := l.send(t, message("x"))
	var failed *notify.SendError
	if !errors.As(err, &failed) || failed.Unsure || failed.Permanent {
		t.Errorf("%+v", err)
	}
	checkSilent(t, err)
}

func TestTextTooLong(t *testing.T) {
	l := newLab(t)
	for _, text := range []string{"", strings.Repeat("x", 1601)} {
		var failed *notify.SendError
		if _, err := l.send(t, message(text)); !errors.As(err, &failed) || !failed.Permanent {
			t.Errorf("%d characters: %v", len(text), err)
		}
	}
	if _, err := l.send(t, message(strings.Repeat("é", 1600))); err != nil {
		t.Error(err)
	}
}

// Caps are in segments, outlive a restart, and end with the day.
func TestCaps(t *testing.T) {
	clock := tracker.NewClock(time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), 1)
	l := newLab(t, func(o *sms.Options) {
		o.Caps = sms.Caps{Daily: 6, PerRecipient: 4}
		o.Clock = clock
	})
	at := func(number, text string, life time.Duration) (*notify.SendError, bool) {
		m := message(text)
		m.Address, m.Expires = number, clock.Now().Add(life)
		_, err := l.send(t, m)
		var failed *notify.SendError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		return failed, err == nil
	}
	three := strings.Repeat("x", 400)
	if _, ok := at(testNumber, three, time.Hour); !ok {
		t.Fatal("three segments of four were refused")
	}
	l.carrier = l.open(t)
	failed, ok := at(testNumber, three, 30*time.Minute)
	if ok || failed.Code != "cap" || !failed.Permanent {
		t.Errorf("six segments of four: %+v", failed)
	}
	if failed, ok := at(testNumber, three, 2*time.Hour); ok || failed.Permanent || failed.After > time.Hour || failed.After < 59*time.Minute {
		t.Errorf("one that can wait for the next day: %+v", failed)
	}
	// What Twilio refuses costs nothing.
	l.twilio.setAnswer(refuse(429, 20429, ""))
	for range 5 {
		at("+4915100000001", three, time.Hour)
	}
	l.twilio.setAnswer(nil)
	if _, ok := at("+4915100000001", three, time.Hour); !ok {
		t.Error("what was refused was counted")
	}
	if failed, ok := at("+4915100000002", "x", time.Hour); ok || !strings.Contains(failed.Reason, "daily cap") {
		t.Errorf("the seventh segment of six: %+v", failed)
	}
	l.opts.Clock = tracker.NewClock(clock.Now().Add(2*time.Hour), 1)
	clock = l.opts.Clock
	l.carrier = l.open(t)
	if _, ok := at(testNumber, three, time.Hour); !ok {
		t.Error("the next day is no new one")
	}
}

// What is stored of the caps holds no number.
func TestCapsHoldNoNumber(t *testing.T) {
	l := newLab(t)
	if _, err := l.send(t, message("x")); err != nil {
		t.Fatal(err)
	}
	records := 0
	err := l.fleet.ScanRecords("sms_spent", "", func(r tracker.Record) error {
		records++
		if strings.Contains(r.Key+string(r.Value), testNumber[3:]) {
			t.Errorf("the record %q holds the number", r.Key)
		}
		return nil
	})
	if err != nil || records != 2 {
		t.Errorf("%d records, %v", records, err)
	}
}
