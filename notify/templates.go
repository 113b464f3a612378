package notify

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"sync"
	"text/template"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// templates holds a file for each language, with the same names in each: of a
// kind the subject, the body in paragraphs, and what is said in an SMS or a push
// message; then what all share. layout.html is that of every email.
//
//go:embed templates
var templates embed.FS

// tongue writes messages in one language.
type tongue struct {
	// name is its BCP 47 tag.
	name string
	tag  language.Tag
	calendar
	texts *template.Template
}

// tongues are all languages, the default first.
var tongues = sync.OnceValue(func() []*tongue {
	made := []*tongue{
		{name: "en", calendar: english}, {name: "de", calendar: german}, {name: "es", calendar: spanish}, {name: "fr", calendar: french},
		{name: "en-US", calendar: american()},
	}
	for _, t := range made {
		t.parse()
	}
	return made
})

// Languages are the BCP 47 tags that messages are written in, the default first.
func Languages() []string {
	var names []string
	for _, t := range tongues() {
		names = append(names, t.name)
	}
	return names
}

var layout = sync.OnceValue(func() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/layout.html"))
})

// parse panics where a file is broken, which is our own mistake.
func (t *tongue) parse() {
	t.tag = language.MustParse(t.name)
	base, _ := t.tag.Base()
	source, err := templates.ReadFile("templates/" + base.String() + ".tmpl")
	if err != nil {
		panic(err)
	}
	text := string(source)
	if t.french() {
		text = frenchSpaces.Replace(text)
	}
	t.texts = template.Must(template.New(t.name).Funcs(template.FuncMap{"plural": t.plural}).Parse(text))
}

// frenchSpaces keeps marks on the line of the word before them.
var frenchSpaces = strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " ?", "\u00a0?", " !", "\u00a0!")

func (t *tongue) french() bool { return t.name == "fr" }

// colon is what stands between a label and its value.
func (t *tongue) colon() string {
	if t.french() {
		return "\u00a0:"
	}
	return ":"
}

// plural chooses between a form for one and another for more, by the rules of the
// language (CLDR): in French none counts as one. A %d becomes the number.
func (t *tongue) plural(n int, one, other string) string {
	format := other
	if plural.Cardinal.MatchPlural(t.tag, max(n, 0), 0, 0, 0, 0) == plural.One {
		format = one
	}
	return strings.ReplaceAll(format, "%d", fmt.Sprint(n))
}

// say writes the text of a name.
func (t *tongue) say(name string, v any) (string, error) {
	var b bytes.Buffer
	if err := t.texts.ExecuteTemplate(&b, name, v); err != nil {
		return "", fmt.Errorf("write %s in %s: %w", name, t.name, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// languageOf is the best language for somebody who reads one, or has none.
func languageOf(wanted, otherwise string) string {
	if wanted == "" {
		wanted = otherwise
	}
	return tongueOf(wanted).name
}

// tongueOf finds the language nearest to a tag, the first one where there is
// none.
func tongueOf(name string) *tongue {
	all := tongues()
	if i := slices.IndexFunc(all, func(t *tongue) bool { return t.name == name }); i >= 0 {
		return all[i]
	}
	tag, err := language.Parse(name)
	if err != nil {
		return all[0]
	}
	_, i, _ := matcher().Match(tag)
	return all[i]
}

var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, t := range tongues() {
		tags = append(tags, t.tag)
	}
	return language.NewMatcher(tags)
})

// stem is the name under which the texts of a kind stand.
func stem(k Kind) string {
	switch {
	case strings.HasPrefix(string(k), alertKinds):
		return "alert"
	case strings.HasPrefix(string(k), escalationKinds):
		return "escalation"
	case strings.HasPrefix(string(k), string(Security)):
		return string(Security)
	}
	return string(k)
}
