package sms_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"wayguard/notify"
	"wayguard/notify/sms"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

const (
	testAccount = "AC0123456789abcdef0123456789abcdef"
	testToken   = "0123456789abcdeffedcba9876543210"
	testService = "MG0123456789abcdef0123456789abcdef"
	testNumber  = "+4915112345678"
	testSID     = "SM00000000000000000000000000000001"
)

// createMessage is what Twilio publishes of CreateMessage, at
// https://github.com/twilio/twilio-oai, spec/json/twilio_api_v2010.json: where it
// is sent, the fields that a form may have, with their patterns or limits, and
// that there must be To, From or MessagingServiceSid, and Body among others.
var createMessage = struct {
	host, method, path, media string
	fields                    map[string]func(string) bool
	required                  []string
	one                       []string
}{
	host: "api.twilio.com", method: http.MethodPost,
	path:  "/2010-04-01/Accounts/" + testAccount + "/Messages.json",
	media: "application/x-www-form-urlencoded",
	fields: map[string]func(string) bool{
		"To":                  regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`).MatchString,
		"From":                func(s string) bool { return s != "" },
		"MessagingServiceSid": regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`).MatchString,
		"Body":                func(s string) bool { n := utf8.RuneCountInString(s); return n > 0 && n <= 1600 },
		"StatusCallback": func(s string) bool {
			u, err := url.Parse(s)
			return err == nil && u.Scheme == "https" && u.Host != ""
		},
		"ValidityPeriod": func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 1 && n <= 36000 },
	},
	required: []string{"To", "Body"},
	one:      []string{"From", "MessagingServiceSid"},
}

// twilio is an HTTP server that takes requests as Twilio describes them.
type twilio struct {
	t      testing.TB
	server *httptest.Server

	mu    sync.Mutex
	forms []url.Values
	// answer replaces the one of success.
	answer func(w http.ResponseWriter)
}

func startTwilio(t testing.TB) *twilio {
	s := &twilio{t: t}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// transport leads to s whatever the name; its certificate is for example.com.
func (s *twilio) transport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(s.server.Certificate())
	tr := s.server.Client().Transport.(*http.Transport).Clone()
	tr.TLSClientConfig.RootCAs, tr.TLSClientConfig.ServerName = roots, "example.com"
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.server.Listener.Addr().String())
	}
	return tr
}

func (s *twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		s.t.Errorf("the form: %v", err)
	}
	s.check(r, form)
	s.mu.Lock()
	s.forms = append(s.forms, form)
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"account_sid": testAccount, "api_version": "2010-04-01", "body": form.Get("Body"), "sid": testSID, "status": "queued",
		"to": form.Get("To"), "num_segments": "1", "error_code": nil, "error_message": nil,
	})
}

// check is the description.
func (s *twilio) check(r *http.Request, form url.Values) {
	want := createMessage
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.Host != want.host || r.Method != want.method || r.URL.RequestURI() != want.path || media != want.media {
		s.t.Errorf("%s https://%s%s of %s", r.Method, r.Host, r.URL.RequestURI(), media)
	}
	if user, password, ok := r.BasicAuth(); !ok || user != testAccount || password != testToken {
		s.t.Error("the credentials are missing or wrong")
	}
	for name, values := range form {
		valid, known := want.fields[name]
		if !known || len(values) != 1 || !valid(values[0]) {
			s.t.Errorf("the field %s: %q", name, values)
		}
	}
	for _, name := range want.required {
		if !form.Has(name) {
			s.t.Errorf("the field %s is missing", name)
		}
	}
	if !slices.ContainsFunc(want.one, form.Has) {
		s.t.Errorf("one of %v is missing", want.one)
	}
}

// sent are the forms so far.
func (s *twilio) sent() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forms
}

// refuse answers in the shape of Twilio's errors.
func refuse(status, code int, message string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code": %d, "message": %q, "more_info": "https://www.twilio.com/docs/errors/%d", "status": %d}`, code, message, code, status)
	}
}

func (s *twilio) setAnswer(answer func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// lab is a fleet on a real store, and a carrier.
type lab struct {
	twilio     *twilio
	fleet      *tracker.Fleet
	suppressed *notify.Suppressed
	carrier    *sms.Carrier
	reports    chan report
	opts       sms.Options
	// reportError is what whoever hears of messages answers.
	reportError error
}

type report struct {
	receipt string
	failed  *notify.SendError
}

func newLab(t testing.TB, change ...func(*sms.Options)) *lab {
	t.Helper()
	l := &lab{twilio: startTwilio(t), fleet: openFleet(t), reports: make(chan report, 10)}
	var err error
	if l.suppressed, err = notify.OpenSuppressed(l.fleet); err != nil {
		t.Fatal(err)
	}
	l.opts = sms.Options{
		Account: sms.Account{SID: testAccount, Token: testToken}, Service: testService,
		PublicURL: &url.URL{Scheme: "https", Host: "fleet.example"},
		Fleet:     l.fleet, Suppressed: l.suppressed,
		Report: func(_ context.Context, receipt string, failed *notify.SendError) error {
			l.reports <- report{receipt, failed}
			return l.reportError
		},
		Outside: sms.Outside{Transport: l.twilio.transport()},
	}
	for _, c := range change {
		c(&l.opts)
	}
	l.carrier = l.open(t)
	return l
}

// open is another carrier on the same store.
func (l *lab) open(t testing.TB) *sms.Carrier {
	t.Helper()
	c, err := sms.New(l.opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *lab) send(t testing.TB, m *notify.Message) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return l.carrier.Send(ctx, m)
}

func openFleet(t testing.TB) *tracker.Fleet {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tracker.OpenKeyring(filepath.Join(dir, "keys"), tracker.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := tracker.Open(store, tracker.Options{Keyring: keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		keys.Close()
		store.Close()
	})
	return fleet
}

func message(text string) *notify.Message {
	return &notify.Message{
		ID: "m", To: notify.Recipient{Audience: notify.ToCustomer, ID: "c"}, Address: testNumber, Name: "N. N.", Language: "en",
		Content: notify.Content{Text: text}, Expires: time.Now().Add(20 * time.Minute),
	}
}
