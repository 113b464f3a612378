package sms_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wayguard/notify"
	"wayguard/notify/sms"
	"wayguard/tracker"
)

// sign is Twilio's signature as https://www.twilio.com/docs/usage/security
// describes it: HMAC-SHA-1 over the address and the sorted fields.
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range sorted(form) {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sorted(form url.Values) (names []string) {
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// post sends a callback, signed with token.
func post(t testing.TB, h http.Handler, path, token string, form url.Values) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", sign(token, "https://fleet.example"+path, form))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code == http.StatusOK && w.Body.String() != "<Response/>" {
		t.Errorf("answer %q", w.Body)
	}
	return w.Code
}

func TestStatus(t *testing.T) {
	l := newLab(t)
	for _, test := range []struct {
		name, status, code string
		reported, failed   bool
		dead, asked        bool
	}{
		{name: "queued", status: "queued"},
		{name: "sent", status: "sent"},
		{name: "delivered", status: "delivered", reported: true},
		{name: "switched off", status: "undelivered", code: "30003", reported: true, failed: true},
		{name: "filtered", status: "undelivered", code: "30007", reported: true, failed: true},
		{name: "unknown", status: "failed", reported: true, failed: true},
		{name: "no such number", status: "undelivered", code: "30005", reported: true, failed: true, dead: true},
		{name: "stopped", status: "failed", code: "21610", reported: true, failed: true, dead: true, asked: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{"MessageSid": {testSID}, "MessageStatus": {test.status}, "To": {testNumber}, "AccountSid": {testAccount}}
			if test.code != "" {
				form.Set("ErrorCode", test.code)
			}
			if status := post(t, l.carrier.Status(), sms.StatusPath, testToken, form); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			select {
			case r := <-l.reports:
				if !test.reported || r.receipt != testSID || (r.failed != nil) != test.failed {
					t.Errorf("reported %+v", r)
				}
				if r.failed != nil && (r.failed.Dead != test.dead || r.failed.Permanent && test.code == "30003") {
					t.Errorf("%+v", r.failed)
				}
			default:
				if test.reported {
					t.Error("nothing was reported")
				}
			}
			if why, ok := l.suppressed.Find(notify.SMS, testNumber); ok != test.dead || why.Asked != test.asked {
				t.Errorf("suppressed %v: %+v", ok, why)
			}
			if err := l.suppressed.Remove(t.Context(), notify.SMS, testNumber); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What could not be noted is asked for again, what concerns others is not.
func TestStatusNotStored(t *testing.T) {
	l := newLab(t)
	form := url.Values{"MessageSid": {testSID}, "MessageStatus": {"delivered"}, "To": {testNumber}}
	for err, want := range map[error]int{tracker.ErrUnavailable: http.StatusServiceUnavailable, tracker.ErrNotFound: http.StatusOK, nil: http.StatusOK} {
		l.reportError = err
		if status := post(t, l.carrier.Status(), sms.StatusPath, testToken, form); status != want {
			t.Errorf("%v: status %d, want %d", err, status, want)
		}
	}
}

func TestInbound(t *testing.T) {
	l := newLab(t)
	say := func(fields ...string) {
		t.Helper()
		form := url.Values{"From": {testNumber}, "To": {"+4930123456"}, "MessageSid": {testSID}}
		for i := 0; i+1 < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		if status := post(t, l.carrier.Inbound(), sms.InboundPath, testToken, form); status != http.StatusOK {
			t.Errorf("%v: status %d", fields, status)
		}
	}
	stopped := func() bool { why, ok := l.suppressed.Find(notify.SMS, testNumber); return ok && why.Asked }
	for _, word := range []string{"STOP", " stop. ", "Unsubscribe", "STOPP", "Arrêt"} {
		say("Body", word)
		if !stopped() {
			t.Errorf("%q did not stop the messages", word)
		}
		say("Body", "Start")
		if stopped() {
			t.Errorf("START after %q did not let them through", word)
		}
	}
	for _, word := range []string{"HELP", "please stop the van at the gate", "", "thanks"} {
		say("Body", word)
		if stopped() {
			t.Errorf("%q stopped the messages", word)
		}
	}
	// A service with words of its own judges itself.
	say("Body", "BASTA", "OptOutType", "STOP")
	if !stopped() {
		t.Error("Twilio's judgement did not count")
	}
	say("Body", "STOP", "OptOutType", "HELP")
	say("Body", "HELP", "OptOutType", "START")
	if stopped() {
		t.Error("Twilio's judgement did not count")
	}
}

// Nobody but Twilio is believed.
func TestForgedCallbacks(t *testing.T) {
	l := newLab(t)
	form := url.Values{"From": {testNumber}, "Body": {"STOP"}}
	if status := post(t, l.carrier.Inbound(), sms.InboundPath, "another"+testToken, form); status != http.StatusForbidden {
		t.Errorf("another token: %d", status)
	}
	// A signature for one address is none for another.
	if status := post(t, l.carrier.Inbound(), sms.StatusPath, testToken, form); status != http.StatusForbidden {
		t.Errorf("another path: %d", status)
	}
	r := httptest.NewRequest(http.MethodPost, sms.InboundPath, strings.NewReader(form.Encode()))
	w := httptest.NewRecorder()
	l.carrier.Inbound().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("no signature: %d", w.Code)
	}
	if _, ok := l.suppressed.Find(notify.SMS, testNumber); ok {
		t.Error("a forged STOP counted")
	}
	form.Set("Body", strings.Repeat("x", 100_000))
	if status := post(t, l.carrier.Inbound(), sms.InboundPath, testToken, form); status != http.StatusForbidden {
		t.Errorf("a body that is too long: %d", status)
	}
}
