package notify

import (
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
	"unicode/utf8"

	"golang.org/x/net/html"

	"wayguard/tracker"
)

var everyChannel = []Channel{Email, SMS, Push}

// eachMessage calls fn with a sample of every message there is.
func eachMessage(t *testing.T, fn func(name string, k Kind, language string, c Channel, m Content)) {
	t.Helper()
	count := 0
	for _, language := range Languages() {
		for _, k := range Kinds() {
			for _, c := range everyChannel {
				m, err := Preview(k, language, c, Sender{})
				if err != nil {
					t.Fatalf("%s %s %s: %v", k, language, c, err)
				}
				count++
				fn(string(k)+" "+language+" "+string(c), k, language, c, m)
			}
		}
	}
	if count < 5*30*3 {
		t.Fatalf("only %d messages", count)
	}
}

// keyPattern is what a name of a template, or a value that is missing, looks like.
var keyPattern = regexp.MustCompile(`<no value>|%!|\{\{|\}\}|\b(subject|body|sms|label|footer|bundle|button)\.|\.(subject|body|sms)\b`)

func TestEveryMessageIsWhole(t *testing.T) {
	eachMessage(t, func(name string, _ Kind, _ string, c Channel, m Content) {
		for _, text := range []string{m.Subject, m.Text, m.HTML} {
			if found := keyPattern.FindString(strings.ReplaceAll(text, sampleLink, "")); found != "" {
				t.Errorf("%s holds %q", name, found)
			}
		}
		if m.Text == "" || (c == SMS) != (m.Subject == "") || (c == Email) != (m.HTML != "") {
			t.Errorf("%s: %+v", name, m)
		}
		if strings.ContainsAny(m.Subject, "\r\n") || utf8.RuneCountInString(m.Subject) > maxSubject {
			t.Errorf("%s: subject %q", name, m.Subject)
		}
		if m.Link == "" || c != Push && !strings.Contains(m.Text, m.Link) {
			t.Errorf("%s: link %q", name, m.Link)
		}
	})
}

// Each language has the same templates, with other words.
func TestNoTranslationIsMissing(t *testing.T) {
	all := tongues()
	var names []string
	for _, tmpl := range all[0].texts.Templates() {
		names = append(names, tmpl.Name())
	}
	slices.Sort(names)
	for _, other := range all[1:] {
		var have []string
		for _, tmpl := range other.texts.Templates() {
			have = append(have, tmpl.Name())
			if other.name == "en-US" || len(wordsOf(tmpl.Root)) < 12 {
				continue
			}
			if wordsOf(tmpl.Root) == wordsOf(all[0].texts.Lookup(tmpl.Name()).Root) {
				t.Errorf("%s is English in %s", tmpl.Name(), other.name)
			}
		}
		slices.Sort(have)
		have[slices.Index(have, other.name)] = all[0].name
		slices.Sort(have)
		if !slices.Equal(have, names) {
			t.Errorf("%s has %q, English %q", other.name, have, names)
		}
	}
}

func TestEveryAlertHasATitle(t *testing.T) {
	for _, l := range tongues() {
		seen := make(map[string]string)
		for _, typ := range tracker.AlertTypes() {
			title, err := l.say("alert", typ)
			if err != nil || strings.Contains(title, typ) || seen[title] != "" {
				t.Errorf("%s in %s: %q, as of %q, %v", typ, l.name, title, seen[title], err)
			}
			seen[title] = typ
		}
	}
}

// wordsOf is the plain text of a template.
func wordsOf(list *parse.ListNode) string {
	var b strings.Builder
	for _, n := range list.Nodes {
		if text, ok := n.(*parse.TextNode); ok {
			b.Write(text.Text)
		}
	}
	return strings.Trim(b.String(), " ().:,\n")
}

// An SMS fits 160 characters with a link of 60 and a sender of 11, which is the
// most that can stand in place of a number.
func TestEverySMSIsOne(t *testing.T) {
	const link, sender = 60, 11
	eachMessage(t, func(name string, _ Kind, _ string, c Channel, m Content) {
		if c != SMS {
			return
		}
		length := 0
		for _, r := range m.Text {
			switch {
			case strings.ContainsRune(gsm7, r):
				length++
			case strings.ContainsRune(gsmExtended, r):
				length += 2
			default:
				t.Errorf("%s: %q is no character of GSM 03.38", name, r)
			}
		}
		length += link - len(m.Link) + sender - len(defaultSender)
		if length > 160 {
			t.Errorf("%s takes %d: %s", name, length, m.Text)
		}
	})
}

// Customers' texts need nothing taken off to be sent as an SMS.
func TestSMSForCustomersAreSpelledRight(t *testing.T) {
	for _, l := range tongues() {
		for _, m := range manners {
			if m.to != ToCustomer {
				continue
			}
			w := &writer{tongue: l, sender: Sender{}.withDefaults()}
			n := &Notice{Kind: m.kind, To: Recipient{ToCustomer, "x"}}
			text, err := w.say(string(m.kind)+".sms", sampleView(n, w))
			if plain := strings.ReplaceAll(text, "\u00a0", " "); err != nil || gsmText(plain) != plain {
				t.Errorf("%s in %s: %v %q becomes %q", m.kind, l.name, err, plain, gsmText(plain))
			}
		}
	}
}

func TestEmailsAreSoundHTML(t *testing.T) {
	eachMessage(t, func(name string, _ Kind, language string, c Channel, m Content) {
		if c != Email {
			return
		}
		seen := checkHTML(t, name, m.HTML)
		if seen["lang"] != language || seen["h1"] != "1" || seen["color-scheme"] != "light dark" || seen["a"] != m.Link {
			t.Errorf("%s: %v", name, seen)
		}
	})
}

// checkHTML wants every element closed, nothing from outside and nothing to be
// filled in; it returns what was seen.
func checkHTML(t testing.TB, name, text string) map[string]string {
	t.Helper()
	seen := make(map[string]string)
	var open []string
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			if z.Err() != io.EOF || len(open) > 0 {
				t.Errorf("%s: %v, open %q", name, z.Err(), open)
			}
			return seen
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%s: </%s> closes %q", name, token.Data, open)
			}
			open = open[:len(open)-1]
		case html.StartTagToken:
			checkElement(t, name, &token, seen)
			if !slices.Contains([]string{"meta", "br"}, token.Data) {
				open = append(open, token.Data)
			}
		}
	}
}

func checkElement(t testing.TB, name string, token *html.Token, seen map[string]string) {
	t.Helper()
	attributes := make(map[string]string)
	for _, a := range token.Attr {
		attributes[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Val, "url(") || a.Key == "src" {
			t.Errorf("%s: %s=%q", name, a.Key, a.Val)
		}
	}
	allowed := []string{"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "p", "h1", "h2", "strong", "a", "br"}
	switch {
	case !slices.Contains(allowed, token.Data):
		t.Errorf("%s: <%s>", name, token.Data)
	case token.Data == "table" && attributes["role"] != "presentation":
		t.Errorf("%s: a table that is read as one", name)
	case token.Data == "html":
		seen["lang"] = attributes["lang"]
	case token.Data == "h1":
		seen["h1"] += "1"
	case token.Data == "a":
		seen["a"] = attributes["href"]
	case attributes["name"] == "color-scheme":
		seen["color-scheme"] = attributes["content"]
	}
}

func TestPlurals(t *testing.T) {
	for _, tt := range []struct {
		language, want string
		n              int
	}{
		{"en", "Your round: 0 stops", 0}, {"en", "Your round: one stop", 1}, {"en", "Your round: 2 stops", 2}, {"en", "Your round: 5 stops", 5},
		{"de", "Your round: 0 stops", 0}, {"de", "Your round: one stop", 1}, {"es", "Your round: 0 stops", 0}, {"es", "Your round: one stop", 1},
		{"fr", "Your round: one stop", 0}, {"fr", "Your round: one stop", 1}, {"fr", "Your round: 2 stops", 2}, {"en-US", "Your round: 5 stops", 5},
	} {
		if got := "Your round: " + tongueOf(tt.language).plural(tt.n, "one stop", "%d stops"); got != tt.want {
			t.Errorf("%s %d: %q", tt.language, tt.n, got)
		}
	}
	for language, want := range map[string][]string{
		"en": {"One stop of your round was changed.", "2 stops of your round were changed.", "5 stops of your round were changed."},
		"de": {"Auf Ihrer Tour wurde ein Halt geändert.", "Auf Ihrer Tour wurden 2 Halte geändert.", "Auf Ihrer Tour wurden 5 Halte geändert."},
		"es": {"En su ruta ha cambiado una parada.", "En su ruta han cambiado 2 paradas.", "En su ruta han cambiado 5 paradas."},
		"fr": {"Un stop de votre tournée a changé.", "2 stops de votre tournée ont changé.", "5 stops de votre tournée ont changé."},
	} {
		for i, n := range []int{1, 2, 5} {
			got, err := tongueOf(language).say("driver.round.sms", &view{Count: n})
			if err != nil || !strings.HasPrefix(got, want[i]) {
				t.Errorf("%s %d: %q", language, n, got)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	for wanted, want := range map[string]string{
		"": "de", "en": "en", "en-GB": "en", "en-US": "en-US", "de-AT": "de", "fr-CA": "fr", "es-419": "es", "pt-BR": "en", "zh": "en", "gsw": "de", "x!": "en",
	} {
		if got := languageOf(wanted, "de"); got != want {
			t.Errorf("%q: %s, want %s", wanted, got, want)
		}
	}
}

// Subjects go through mail headers whole.
func TestSubjectsSurviveHeaders(t *testing.T) {
	eachMessage(t, func(name string, _ Kind, _ string, c Channel, m Content) {
		read, err := mail.ReadMessage(strings.NewReader("Subject: " + m.Subject + "\r\n\r\n"))
		if err != nil || c == Email && read.Header.Get("Subject") != m.Subject {
			t.Errorf("%s: %v %q", name, err, m.Subject)
		}
	})
}
