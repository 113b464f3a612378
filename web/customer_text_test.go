package web

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/language"

	"wayguard/tracker"
)

var verbs = regexp.MustCompile(`%[a-z]`)

// TestEveryTextIsInEveryLanguage wants the same keys, the same holes and a plural
// wherever there is one in English.
func TestEveryTextIsInEveryLanguage(t *testing.T) {
	keys := slices.Sorted(maps.Keys(englishPhrases))
	for _, tag := range customerLanguages {
		own := customerPhrases[tag]
		if got := slices.Sorted(maps.Keys(own)); !slices.Equal(got, keys) {
			t.Errorf("%s has other keys than English: %v", tag, got)
		}
		for _, key := range keys {
			english, forms := englishPhrases[key], own[key]
			if len(forms) != len(english) || slices.Contains(forms, "") {
				t.Errorf("%s of %s: %q, in English %q", tag, key, forms, english)
				continue
			}
			for i := range forms {
				if got, want := verbs.FindAllString(forms[i], -1), verbs.FindAllString(english[i], -1); !slices.Equal(got, want) {
					t.Errorf("%s of %s: holes %v, in English %v", tag, key, got, want)
				}
			}
		}
	}
}

func TestEveryStateHasTexts(t *testing.T) {
	states := []tracker.DeliveryState{
		tracker.DeliveryCreated, tracker.DeliveryDeparted, tracker.DeliveryApproaching, tracker.DeliveryArrived, tracker.DeliveryDelivered, tracker.DeliveryLeft,
		tracker.DeliveryPartial, tracker.DeliveryDamaged, tracker.DeliveryRefused, tracker.DeliveryFailed, tracker.DeliveryReturned, tracker.DeliveryCancelled,
	}
	for _, s := range states {
		for _, key := range []string{string(s), "do." + string(s), "event." + string(s)} {
			if englishPhrases[key] == nil {
				t.Errorf("no text %s", key)
			}
		}
	}
	for _, key := range toldEvents {
		if englishPhrases[key] == nil {
			t.Errorf("no text %s", key)
		}
	}
	for _, s := range states {
		for _, kind := range tracker.WishesFor(s) {
			if englishPhrases["wish."+string(kind)] == nil {
				t.Errorf("no text for the wish %s", kind)
			}
		}
	}
}

func textsOf(t *testing.T) *customerTexts {
	t.Helper()
	texts, err := newCustomerTexts()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestPlurals(t *testing.T) {
	texts := textsOf(t)
	for tag, want := range map[language.Tag][4]string{
		language.English: {"0 stops before you", "1 stop before you", "2 stops before you", "5 stops before you"},
		language.German:  {"0 Halte vor Ihnen", "1 Halt vor Ihnen", "2 Halte vor Ihnen", "5 Halte vor Ihnen"},
		language.Spanish: {"0 paradas antes de usted", "1 parada antes de usted", "2 paradas antes de usted", "5 paradas antes de usted"},
		language.French:  {"0 arrêt avant vous", "1 arrêt avant vous", "2 arrêts avant vous", "5 arrêts avant vous"},
	} {
		for i, n := range []int{0, 1, 2, 5} {
			if got := texts.in(tag).say("stops", n); got != want[i] {
				t.Errorf("%s: %q, want %q", tag, got, want[i])
			}
		}
	}
}

func TestLanguageOfThePage(t *testing.T) {
	texts := textsOf(t)
	for _, c := range []struct{ customer, browser, want string }{
		{"", "", "en"},
		{"de", "fr", "de"},
		{"de-AT", "", "de"},
		{"es-419", "", "es"},
		{"", "fr-CH, fr;q=0.9, en;q=0.8", "fr"},
		{"ja", "es", "es"},
		{"ja", "ko", "en"},
		{"not a tag", "de", "de"},
		{"", "\xff;;q=9", "en"},
	} {
		r := &http.Request{Header: http.Header{"Accept-Language": {c.browser}}}
		if got := texts.speak(r, c.customer).Lang(); got != c.want {
			t.Errorf("customer %q, browser %q: %s, want %s", c.customer, c.browser, got, c.want)
		}
	}
}

func TestDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, berlin) }
	now := at(28, 23, 30) // the clocks are put forward that night
	texts := textsOf(t)
	for _, c := range []struct {
		tag      language.Tag
		from, to time.Time
		want     string
	}{
		{language.English, at(30, 9, 0), at(30, 12, 30), "Monday, 30 March, 09:00–12:30"},
		{language.German, at(30, 9, 0), at(30, 12, 30), "Montag, 30. März, 09:00–12:30"},
		{language.Spanish, at(30, 9, 0), at(30, 12, 30), "lunes, 30 de marzo, 09:00–12:30"},
		{language.French, at(30, 9, 0), at(30, 12, 30), "lundi 30 mars, 09:00–12:30"},
		{language.English, at(28, 23, 0), at(29, 1, 0), "today, 23:00 – tomorrow, 01:00"},
		{language.English, at(29, 0, 0), at(30, 0, 0), "tomorrow"},
		{language.English, at(29, 0, 0), at(31, 0, 0), "tomorrow – Monday, 30 March"},
		{language.English, at(29, 8, 0), time.Time{}, "tomorrow, 08:00 –"},
		{language.English, time.Time{}, at(29, 8, 0), "– tomorrow, 08:00"},
		{language.English, time.Time{}, time.Time{}, ""},
	} {
		if got := texts.in(c.tag).span(c.from, c.to, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.tag, got, c.want)
		}
	}
}
