package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	texts "golang.org/x/text/message/catalog"
)

// customerLanguages are those that the customer's page is written in, the first
// one for everybody else.
var customerLanguages = []language.Tag{language.English, language.German, language.Spanish, language.French}

// phrases are what the page says in one language, by key. What has two texts
// counts something: the first is for one, the second for all other numbers.
type phrases map[string][]string

var customerPhrases = map[language.Tag]phrases{
	language.English: englishPhrases,
	language.German:  germanPhrases,
	language.Spanish: spanishPhrases,
	language.French:  frenchPhrases,
}

// customerTexts says things in the language of whoever reads them.
type customerTexts struct {
	matcher language.Matcher
	catalog *texts.Builder
}

func newCustomerTexts() (*customerTexts, error) {
	b := texts.NewBuilder(texts.Fallback(customerLanguages[0]))
	for _, tag := range customerLanguages {
		for _, key := range slices.Sorted(maps.Keys(customerPhrases[tag])) {
			if err := setPhrase(b, tag, key, customerPhrases[tag][key]); err != nil {
				return nil, fmt.Errorf("text %s in %s: %w", key, tag, err)
			}
		}
	}
	return &customerTexts{language.NewMatcher(customerLanguages), b}, nil
}

func setPhrase(b *texts.Builder, tag language.Tag, key string, forms []string) error {
	if len(forms) == 1 {
		return b.SetString(tag, key, forms[0])
	}
	return b.Set(tag, key, plural.Selectf(1, "%d", plural.One, forms[0], plural.Other, forms[1]))
}

// speech is one language.
type speech struct {
	tag     language.Tag
	printer *message.Printer
}

// say returns the text of a key. Texts go through templates, which escape them.
func (s *speech) say(key string, args ...any) string {
	return s.printer.Sprintf(message.Key(key, key), args...)
}

// Lang is for the attribute of a page.
func (s *speech) Lang() string { return s.tag.String() }

// speak is the language that the customer asked the sender for, else the one
// that their browser likes best.
func (t *customerTexts) speak(r *http.Request, wanted string) *speech {
	if tag, err := language.Parse(wanted); err == nil && wanted != "" {
		if _, i, sure := t.matcher.Match(tag); sure > language.No {
			return t.in(customerLanguages[i])
		}
	}
	liked, _, err := language.ParseAcceptLanguage(cut(r.Header.Get("Accept-Language"), maxAcceptLanguage))
	if err != nil {
		liked = nil
	}
	_, i, _ := t.matcher.Match(liked...)
	return t.in(customerLanguages[i])
}

// maxAcceptLanguage is longer than what any browser sends.
const maxAcceptLanguage = 200

func (t *customerTexts) in(tag language.Tag) *speech {
	return &speech{tag, message.NewPrinter(tag, message.Catalog(t.catalog))}
}
