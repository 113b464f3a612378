package web

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// withBroker has devices find a broker on port 8883.
func withBroker(o *Options) {
	o.Broker = Broker{TLS: true, Addr: func() net.Addr { return &net.TCPAddr{Port: 8883} }}
}

func (s *testSite) enrolCode(body string) (code newEnrolCodeJSON) {
	s.t.Helper()
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/enrol-codes", withJSON(body)).decode(&code)
	return code
}

// use sends an enrolment code as a device does, without credentials.
func (s *testSite) use(want int, body string) (a answer, c credentialJSON) {
	s.t.Helper()
	a = s.send(http.MethodPost, "/api/v1/enrol", withJSON(body))
	if a.status != want {
		s.t.Fatalf("enrol %s: status %d, want %d: %.300s", body, a.status, want, a.body)
	}
	if a.status == http.StatusCreated {
		a.decode(&c)
	}
	return a, c
}

func TestEnrolment(t *testing.T) {
	s := startSite(t, withBroker)
	code := s.enrolCode(`{"device":"ann:van","name":"Van 1","kind":"van"}`)
	if code.Uses != 1 || code.Expires.Sub(code.Created) != time.Hour || !strings.HasSuffix(code.Link, "/enrol/"+code.Code) {
		t.Errorf("code %+v", code)
	}
	var list struct{ Codes []enrolCodeJSON }
	a := s.api(http.StatusOK, http.MethodGet, "/api/v1/enrol-codes")
	a.decode(&list)
	if len(list.Codes) != 1 || list.Codes[0] != code.enrolCodeJSON || strings.Contains(string(a.body), code.Code) {
		t.Errorf("list %s", a.body)
	}
	s.use(http.StatusUnprocessableEntity, `{"code":"`+code.Code+`","id":"bob"}`)
	_, made := s.use(http.StatusCreated, `{"code":"`+strings.ToLower(code.Code)+`"}`)
	if id, ok := s.fleet.Authenticate("ann:van", made.Secret); !ok || id != made.ID {
		t.Errorf("enrolled %s, its secret works: %v", made.ID, ok)
	}
	a, _ = s.use(http.StatusForbidden, `{"code":"`+code.Code+`"}`)
	if p := a.problem(); !strings.Contains(p.Detail, "used up") {
		t.Errorf("a second use: %+v", p)
	}
	revoked := s.enrolCode(`{"prefix":"bus-","uses":2,"valid":"30m"}`)
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/enrol-codes/"+revoked.ID)
	s.api(http.StatusNotFound, http.MethodDelete, "/api/v1/enrol-codes/"+revoked.ID)
	s.use(http.StatusForbidden, `{"code":"`+revoked.Code+`"}`)

	fleet := s.enrolCode(`{"prefix":"bus-","uses":2}`)
	s.device("bus-1")
	s.use(http.StatusConflict, `{"code":"`+fleet.Code+`","id":"bus-1"}`)
	s.use(http.StatusUnprocessableEntity, `{"code":"`+fleet.Code+`","id":"bus 2"}`)
	_, bus := s.use(http.StatusCreated, `{"code":"`+fleet.Code+`","id":"bus-2","credential":"certificate"}`)
	if bus.ID != "bus-2" || bus.Certificate == nil || bus.Certificate.Key == "" || bus.Setup.Native.Link != nil {
		t.Errorf("with a certificate: %+v", bus)
	}
	for outcome, want := range map[string]string{"enrolled": "2", "wrong_code": "2", "refused": "3"} {
		line := fmt.Sprintf("wayguard_http_enrolments_total{outcome=%q} %s\n", outcome, want)
		if metrics := string(s.api(http.StatusOK, http.MethodGet, "/metrics").body); !strings.Contains(metrics, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
}

// Wrong codes are limited by address; while the limit lasts, the right one is
// refused as well, and is not used up.
func TestEnrolmentIsLimited(t *testing.T) {
	s := startSite(t, func(o *Options) { o.Limits.AnonymousRequests = 1000 })
	code := s.enrolCode(`{"device":"van"}`)
	for i := range failureBurst {
		s.use(http.StatusForbidden, fmt.Sprintf(`{"code":"WRONG-%05d"}`, i))
	}
	a, _ := s.use(http.StatusTooManyRequests, `{"code":"`+code.Code+`"}`)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if n := len(s.fleet.EnrolCodes()); n != 1 {
		t.Errorf("%d codes are open, want 1", n)
	}
	// Other devices go on from elsewhere; all together there is a limit, too.
	for range enrolFailures {
		s.server.enrolling.all.take(everybody)
	}
	if wait := s.server.enrolling.all.wait(everybody); wait <= 0 {
		t.Error("many addresses are not limited together")
	}
}

func TestEnrolLimitsForgive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newEnrolLimits()
		for range enrolFailures {
			l.all.take(everybody)
		}
		if l.all.wait(everybody) == 0 {
			t.Error("no limit for all")
		}
		time.Sleep(enrolFailureEvery)
		if wait := l.all.wait(everybody); wait != 0 {
			t.Errorf("still %s after %s", wait, enrolFailureEvery)
		}
	})
}

func TestBadEnrolments(t *testing.T) {
	s := startSite(t, func(o *Options) { o.Limits.AnonymousRequests = 1000 })
	for body, want := range map[string]string{
		`{}`:                                 "either the device",
		`{"device":"a","prefix":"b"}`:        "either the device",
		`{"device":"a b"}`:                   "1 to 64",
		`{"prefix":"a b"}`:                   "prefix",
		`{"device":"a","uses":2}`:            "once",
		`{"prefix":"a","uses":1001}`:         "1000 times",
		`{"prefix":"a","uses":-1}`:           "1 or more",
		`{"device":"a","valid":"8d"}`:        "at most 7 days",
		`{"device":"a","valid":"soon"}`:      "duration",
		`{"device":"a","valid":"-1h"}`:       "duration",
		`{"device":"a","kind":"ship"}`:       "van, bike",
		`{"device":"a","name":"a\u0000b"}`:   "control",
		`{"device":"a","valid":"99999999d"}`: "duration",
	} {
		if p := s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/enrol-codes", withJSON(body)).problem(); !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	code := s.enrolCode(`{"device":"van"}`).Code
	for body, want := range map[string]int{
		`{"code":"` + code + `","credential":"pigeon"}`:                422,
		`{"code":"` + code + `","csr":"x"}`:                            422,
		`{"code":"` + code + `","credential":"certificate","csr":"x"}`: 422,
		`{"code":"` + code + `","valid":"1h"}`:                         400,
		`{"code":17}`:                                                  422,
		`{"code":"` + strings.Repeat("A", 100_000) + `"}`:              403,
		`{"code":""}`: 403,
		`[]`:          400,
	} {
		s.use(want, body)
	}
	s.use(http.StatusCreated, `{"code":"`+code+`"}`)
}

func TestEnrolPages(t *testing.T) {
	s := startSite(t, withBroker)
	code := s.enrolCode(`{"device":"ann:van"}`)
	for _, path := range []string{"/enrol", "/enrol/" + code.Code, "/enrol/" + code.Code} {
		a := s.send(http.MethodGet, path)
		if a.status != http.StatusOK || strings.Contains(path, code.Code) != strings.Contains(string(a.body), code.Code) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.send(http.MethodGet, "/enrol/%22%3E%3Cscript%3E"); strings.Contains(string(a.body), "<script") {
		t.Errorf("a code becomes markup: %s", a.body)
	}
	form := func(code string) answer {
		return s.send(http.MethodPost, "/enrol", withBody("application/x-www-form-urlencoded", "code="+code))
	}
	if a := form("WRONG"); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "does not work") {
		t.Errorf("a wrong code: %d %s", a.status, a.body)
	}
	a := form(code.Code)
	if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	link := between(t, string(a.body), `class="action" href="`, `"`)
	config := ownTracksOf(t, strings.ReplaceAll(link, "&#43;", "+"))
	if id, ok := s.fleet.Authenticate(config.Username, config.Password); !ok || id != "ann:van" {
		t.Errorf("the link's secret does not work: %+v", config)
	}
	other := s.enrolCode(`{"device":"box-1"}`)
	if a := form(other.Code); a.status != http.StatusOK || !strings.Contains(string(a.body), `src="data:image/png;base64,`) {
		t.Errorf("a device that is no phone: %d %.300s", a.status, a.body)
	}
}

func between(t *testing.T, text, before, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, before)
	inside, _, ends := strings.Cut(rest, after)
	if !found || !ends {
		t.Fatalf("no %s…%s in %s", before, after, text)
	}
	return inside
}

// Nothing of enrolment gets into the log, be it right or wrong.
func TestLogHoldsNoEnrolment(t *testing.T) {
	s := startSite(t, withBroker)
	code := s.enrolCode(`{"device":"ann:van"}`).Code
	_, made := s.use(http.StatusCreated, `{"code":"`+code+`"}`)
	s.use(http.StatusForbidden, `{"code":"GUESS-GUESS"}`)
	var cert credentialJSON
	s.api(http.StatusOK, http.MethodPost, "/api/v1/devices/ann:van/certificate").decode(&cert)
	s.stop()
	key := strings.Split(cert.Certificate.Key, "\n")[1]
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), made.Secret, "GUESS", key} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
