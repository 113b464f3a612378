package web

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wayguard/notify"
	"wayguard/tracker"
)

// frank tells dispatch of every entry, over one channel.
type frank struct{ channel notify.Channel }

func (f frank) Notices(e *tracker.Event, now time.Time) ([]notify.Notice, []notify.Skip) {
	if e.Type != "geofence.enter" {
		return nil, nil
	}
	return []notify.Notice{{
		Kind: "entered", To: notify.Recipient{Audience: notify.ToDispatch, ID: "desk"}, Channels: []notify.Channel{f.channel},
		Event: e.ID, Seq: e.Seq, Time: e.Time, Due: now, Expires: now.Add(time.Hour),
	}}, nil
}

func (frank) Holds(*notify.Notice, time.Time) (string, bool) { return "", true }

func (frank) Address(notify.Recipient, notify.Channel) (notify.Address, string, bool) {
	return notify.Address{Address: "desk@example.com", Name: "Desk", Language: "en", Zone: time.UTC}, "", true
}

func (f frank) Compose(notices []notify.Notice, _ notify.Address, c notify.Channel) (notify.Content, error) {
	content := notify.Content{Text: "A <b>van</b> has entered.", Link: "https://fleet.example/"}
	if c == notify.Email {
		content.Subject, content.HTML = "Entered <depot>", `<p>hello</p><script>alert(1)</script><img src="https://elsewhere.example/x.png">`
	}
	return content, nil
}

// refusing never takes anything.
type refusing struct{ channel notify.Channel }

func (r refusing) Channel() notify.Channel { return r.channel }

func (refusing) Send(context.Context, *notify.Message) (string, error) {
	return "", &notify.SendError{Code: "554", Reason: "refused", Permanent: true}
}

// withMessages gives a site a notifier that writes of what enters a fence.
func withMessages(t *testing.T, channel notify.Channel, carriers ...notify.Carrier) func(*Options) {
	return func(o *Options) {
		keys, err := tracker.OpenKeyring(filepath.Join(t.TempDir(), "keyring"), tracker.MasterKey{2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = keys.Close() })
		suppressed, err := notify.OpenSuppressed(o.Fleet)
		if err != nil {
			t.Fatal(err)
		}
		o.Notifier, err = notify.Open(notify.Options{Fleet: o.Fleet, Keys: keys, Suppressed: suppressed, Judge: frank{channel}, Carriers: carriers, Log: o.Log})
		if err != nil {
			t.Fatal(err)
		}
		runUntil(t, "notifier", o.Notifier.Run)
	}
}

// startMessages starts a server that writes of what enters a fence at 8, 50.
func startMessages(t *testing.T, channel notify.Channel, carriers ...notify.Carrier) *testSite {
	t.Helper()
	s := startSite(t, withMessages(t, channel, carriers...))
	s.fence("depot", 8, 50, 100)
	s.device("van")
	return s
}

type messagesPage struct {
	Messages []messageJSON
	Next     *string
}

// over waits until so many messages are over, and returns them.
func (s *testSite) over(state string, count int) []messageJSON {
	s.t.Helper()
	for range 1000 {
		var page messagesPage
		s.api(http.StatusOK, http.MethodGet, "/api/v1/messages?state="+state).decode(&page)
		if len(page.Messages) >= count {
			return page.Messages
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("there are not %d messages that are %s", count, state)
	return nil
}

func TestMessagesInTheMailbox(t *testing.T) {
	s := startMessages(t, notify.Email)
	s.report("van", fixAt(time.Now().Add(-time.Minute), 9, 50))
	s.visit("van", time.Now().Add(-30*time.Second), 3)
	sent := s.over("sent", 3)
	var one struct {
		messageJSON
		Content *contentJSON
	}
	path := "/api/v1/messages/" + sent[0].ID
	s.api(http.StatusOK, http.MethodGet, path).decode(&one)
	if one.Kind != "entered" || one.Receipt != "mailbox" || one.Content == nil || one.Content.Address != "desk@example.com" || !strings.Contains(one.Content.HTML, "hello") {
		t.Errorf("message %+v, content %+v", one.messageJSON, one.Content)
	}
	var page messagesPage
	s.api(http.StatusOK, http.MethodGet, "/api/v1/messages?limit=2").decode(&page)
	if len(page.Messages) != 2 || page.Next == nil || page.Messages[0].ID != sent[0].ID {
		t.Fatalf("first page %+v", page)
	}
	s.api(http.StatusOK, http.MethodGet, "/api/v1/messages?limit=2&before="+*page.Next).decode(&page)
	if len(page.Messages) != 1 || page.Next != nil || page.Messages[0].ID != sent[2].ID {
		t.Errorf("second page %+v", page)
	}
	for query, parameter := range map[string]string{"state=lost": "state", "channel=fax": "channel", "limit=0": "limit", "stat=sent": "stat"} {
		if p := s.api(http.StatusBadRequest, http.MethodGet, "/api/v1/messages?"+query).problem(); p.Parameter != parameter {
			t.Errorf("%s: %+v", query, p)
		}
	}
	s.api(http.StatusNotFound, http.MethodGet, "/api/v1/messages/none")
	s.api(http.StatusNotFound, http.MethodPost, "/api/v1/messages/none/resend")
}

// The pages show what was written to whoever is signed in, and let nothing that
// a mail holds act.
func TestMailboxPages(t *testing.T) {
	s := startMessages(t, notify.Email)
	s.report("van", fixAt(time.Now().Add(-time.Minute), 9, 50))
	s.visit("van", time.Now().Add(-30*time.Second), 1)
	id := s.over("sent", 1)[0].ID
	for path, want := range map[string][]string{
		"/mailbox":                 {"Entered &lt;depot&gt;", "desk@example.com", `href="/mailbox/` + id + `"`},
		"/mailbox?channel=email":   {`aria-current="page">email`, "Entered"},
		"/mailbox?channel=sms":     {"Nobody was written to yet"},
		"/mailbox/" + id:           {"A &lt;b&gt;van&lt;/b&gt;", `<iframe sandbox src="/mailbox/` + id + `/html"`, "https://fleet.example/"},
		"/mailbox/" + id + "/html": {"<script>"},
		"/mailbox.css":             {"iframe"},
	} {
		a := s.api(http.StatusOK, http.MethodGet, path)
		for _, text := range want {
			if !strings.Contains(string(a.body), text) {
				t.Errorf("%s lacks %q:\n%s", path, text, a.body)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if isMail := strings.HasSuffix(path, "/html"); isMail != (policy == mailPolicy) || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if path != "/mailbox.css" {
			if _, a := s.sendUnchecked(http.MethodGet, path); a.status != http.StatusUnauthorized {
				t.Errorf("%s without signing in: %d", path, a.status)
			}
		}
	}
}

// A dead letter can be sent again: once, however often it is asked for.
func TestDeadLettersCanBeSentAgain(t *testing.T) {
	s := startMessages(t, notify.SMS, refusing{notify.SMS})
	s.report("van", fixAt(time.Now().Add(-time.Minute), 9, 50))
	s.visit("van", time.Now().Add(-30*time.Second), 1)
	dead := s.over("dead", 1)[0]
	if dead.Reason != "sms: refused (554)" || len(dead.Tries) != 1 || dead.Tries[0].Attempts != 1 {
		t.Errorf("dead letter %+v", dead)
	}
	var again, twice messageJSON
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/messages/"+dead.ID+"/resend").decode(&again)
	s.api(http.StatusCreated, http.MethodPost, "/api/v1/messages/"+dead.ID+"/resend").decode(&twice)
	if again.ID != twice.ID || again.ID == dead.ID || *again.Repeats != dead.ID || again.Created.IsZero() {
		t.Errorf("repeated as %+v and %+v", again, twice)
	}
	list := s.over("dead", 1)
	if len(list) != 1 || list[0].ID != again.ID {
		t.Errorf("dead letters %+v", list)
	}
}

func TestNoNotifierNoMessages(t *testing.T) {
	s := startSite(t)
	for _, path := range []string{"/api/v1/messages", "/api/v1/messages/x", "/mailbox", "/mailbox/x"} {
		if _, a := s.sendUnchecked(http.MethodGet, path, withToken); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
