package web

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"wayguard/notify"
)

// subscription is what a browser says of itself.
func subscription(t testing.TB, endpoint string) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return `"endpoint":"` + endpoint + `","keys":{"p256dh":"` + base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()) + `","auth":"AAAAAAAAAAAAAAAAAAAAAA"}`
}

func TestPush(t *testing.T) {
	s := startSite(t)
	var key struct {
		Key   string
		Sends bool
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/push/key").decode(&key)
	if key.Sends {
		t.Error("messages are said to leave a server without carriers")
	}
	point, err := base64.RawURLEncoding.DecodeString(key.Key)
	if err != nil || len(point) != 65 || point[0] != 4 {
		t.Errorf("key %q, %v", key.Key, err)
	}
	var made struct{ ID string }
	body := `{"contact":"night",` + subscription(t, "https://push.example/abc") + `}`
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/push/subscriptions", withJSON(body)).decode(&made)
	first := made.ID
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/push/subscriptions", withJSON(body)).decode(&made)
	night := notify.Recipient{Audience: notify.ToDispatch, ID: "night"}
	if got := s.server.browsers.Of(night, ""); made.ID != first || len(got) != 1 || got[first].Endpoint != "https://push.example/abc" {
		t.Errorf("%q, then %q: %+v", first, made.ID, got)
	}
	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/push/subscriptions/"+first+"?contact=day")
	if len(s.server.browsers.Of(night, "")) != 1 {
		t.Error("another contact's browser went")
	}
	for range 2 {
		s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/push/subscriptions/"+first+"?contact=night")
	}
	if len(s.server.browsers.Of(night, "")) != 0 {
		t.Error("the browser is still there")
	}
}

// Whoever names no contact hears of all alerts, until the settings say otherwise.
func TestPushToOneself(t *testing.T) {
	s := startSite(t, withRules(t))
	ines := s.staff("dispatcher")
	_, token := s.key(kindStaff, ines)
	path := "/api/v1/push/subscriptions"
	body := withJSON(`{` + subscription(t, "https://push.example/ines") + `}`)
	var made struct{ ID string }
	for range 2 {
		s.api(http.StatusCreated, http.MethodPost, path, body, as(token)).decode(&made)
	}
	settings, _ := s.server.rules.Settings()
	if len(settings.Contacts) != 1 || settings.Contacts[0].ID != ines || settings.Contacts[0].Name != "Ines" || settings.Contacts[0].Alerts[0] != "*" {
		t.Fatalf("contacts %+v", settings.Contacts)
	}
	if settings.Kinds != nil || settings.Quiet != nil {
		t.Errorf("defaults were put in force: %+v", settings)
	}
	to := notify.Recipient{Audience: notify.ToDispatch, ID: ines}
	if got := s.server.browsers.Of(to, ""); len(got) != 1 {
		t.Errorf("browsers %+v", got)
	}
	s.api(http.StatusNoContent, http.MethodDelete, path+"/"+made.ID, as(token))
	if len(s.server.browsers.Of(to, "")) != 0 {
		t.Error("the browser is still there")
	}
}

// A driver's browser is the driver's, whatever the request says.
func TestPushToDriver(t *testing.T) {
	s := startSite(t, withRules(t))
	dora := s.newDriver()
	_, token := s.key(kindDriver, dora)
	path := "/api/v1/push/subscriptions"
	one := subscription(t, "https://push.example/dora")
	var made struct{ ID string }
	s.api(http.StatusCreated, http.MethodPost, path, withJSON(`{`+one+`}`), as(token)).decode(&made)
	to := notify.Recipient{Audience: notify.ToDriver, ID: dora}
	if len(s.server.browsers.Of(to, "")) != 1 {
		t.Error("the driver has no browser")
	}
	s.api(http.StatusUnprocessableEntity, http.MethodPost, path, withJSON(`{"contact":"night",`+one+`}`), as(token))
	s.api(http.StatusUnprocessableEntity, http.MethodDelete, path+"/"+made.ID+"?contact=night", as(token))
	if settings, _ := s.server.rules.Settings(); len(settings.Contacts) != 0 {
		t.Errorf("contacts %+v", settings.Contacts)
	}
	s.api(http.StatusNoContent, http.MethodDelete, path+"/"+made.ID, as(token))
	if len(s.server.browsers.Of(to, "")) != 0 {
		t.Error("the browser is still there")
	}
}

func TestBadPush(t *testing.T) {
	s := startSite(t)
	good := subscription(t, "https://push.example/abc")
	for name, body := range map[string]string{
		"contact":  `{"contact":"a/b",` + good + `}`,
		"endpoint": `{"contact":"night",` + subscription(t, "http://push.example/abc") + `}`,
		"no keys":  `{"contact":"night","endpoint":"https://push.example/abc"}`,
		"key":      `{"contact":"night",` + strings.Replace(good, `"p256dh":"B`, `"p256dh":"C`, 1) + `}`,
	} {
		if a := s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/push/subscriptions", withJSON(body)); !strings.Contains(string(a.body), "must be") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	s.api(http.StatusUnprocessableEntity, http.MethodDelete, "/api/v1/push/subscriptions/x?contact=a/b")
}

// A customer's browser hears of the delivery whose link it has.
func TestPushToCustomer(t *testing.T) {
	s := startDay(t)
	d, other := s.ordered(), s.ordered()
	page := s.link(d.ID)
	if a := s.send(http.MethodGet, page); !strings.Contains(string(a.body), `data-push="`+page+`/push"`) || !strings.Contains(string(a.body), "/push.js") {
		t.Error("the page has no button for push messages")
	}
	if a := s.send(http.MethodGet, page+"/push"); a.status != http.StatusOK || !strings.Contains(string(a.body), s.server.browsers.PublicKey()) {
		t.Errorf("%d %s", a.status, a.body)
	}
	var made struct{ ID string }
	a := s.send(http.MethodPost, page+"/push", withJSON(`{`+subscription(t, "https://push.example/mine")+`}`))
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a.decode(&made)
	to := notify.Recipient{Audience: notify.ToCustomer, ID: string(d.Customer)}
	if !s.server.browsers.Has(to, d.ID) || s.server.browsers.Has(to, other.ID) {
		t.Error("the browser hears of the wrong deliveries")
	}
	if c, _ := s.fleet.Customer(d.Customer); !c.Consent.Push {
		t.Error("the customer's consent is not noted")
	}
	for _, bad := range []option{withJSON(`{"endpoint":"https://push.example/x"}`), withJSON(`{"contact":"night",` + subscription(t, "https://push.example/x") + `}`)} {
		if a := s.send(http.MethodPost, page+"/push", bad); a.status/100 != 4 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if a := s.send(method, "/t/aaaaaaaaaaaaaaaaaaaaaaaaaa/push", withJSON(`{`+subscription(t, "https://push.example/x")+`}`)); a.status != http.StatusNotFound {
			t.Errorf("%s with a wrong link: %d %s", method, a.status, a.body)
		}
	}
	if a := s.send(http.MethodDelete, page+"/push/"+made.ID); a.status != http.StatusNoContent || s.server.browsers.Has(to, d.ID) {
		t.Errorf("%d %s", a.status, a.body)
	}
	limited := false
	for range 10 {
		limited = limited || s.send(http.MethodPost, page+"/push", withJSON(`{`+subscription(t, "https://push.example/mine")+`}`)).status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("a link may be used without end")
	}
}
