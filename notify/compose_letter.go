package notify

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// letter is what layout.html shows.
type letter struct {
	Language, Subject, Greeting string
	Sender, Color, Ink          string
	Sections                    []*section
	Button, Colon               string
	Footer                      []string
}

// letter puts around the sections what an email has beside them.
func (w *writer) letter(name string, to Audience) (*letter, error) {
	about := struct {
		Name, Sender, Support string
		Count                 int
	}{name, w.sender.Name, w.sender.Support, len(w.sections)}
	reader, several := "staff", len(w.sections) > 1
	if to == ToCustomer {
		about.Count = len(w.deliveries())
		reader, several = "customer", about.Count > 1
	}
	var err error
	ask := func(name string) string {
		text, failed := w.say(name, about)
		err = errors.Join(err, failed)
		return oneLine(text, maxSentence)
	}
	l := &letter{
		Language: w.name, Subject: w.sections[0].Title, Greeting: ask("greeting"),
		Sender: w.sender.Name, Color: w.sender.Color, Ink: inkOn(w.sender.Color),
		Sections: w.sections, Button: ask("button." + reader), Colon: w.colon(), Footer: []string{ask("footer." + reader)},
	}
	if several {
		l.Subject = ask("bundle." + reader)
	}
	if to == ToCustomer && w.sender.Support != "" {
		l.Footer = append(l.Footer, ask("footer.support"))
	}
	return l, err
}

// deliveries are those that the message is about.
func (w *writer) deliveries() (ids []tracker.DeliveryID) {
	for _, s := range w.sections {
		if !slices.Contains(ids, s.notice.Delivery) {
			ids = append(ids, s.notice.Delivery)
		}
	}
	return ids
}

// link is where the whole message leads: nowhere if its parts lead apart.
func (w *writer) link() string {
	link := w.sections[0].Link
	for _, s := range w.sections {
		if s.Link != link {
			return ""
		}
	}
	return link
}

// text is the letter without markup.
func (l *letter) text() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line(l.Greeting, "\n")
	for _, s := range l.Sections {
		if len(l.Sections) > 1 {
			line("* ", s.Title, "\n")
		}
		for _, p := range s.Paragraphs {
			line(p, "\n")
		}
		for _, f := range s.Facts {
			line(f.Label, " ", f.Value)
		}
		if s.Link != "" {
			line("\n", l.Button, l.Colon, "\n", s.Link)
		}
		line()
	}
	line("-- ")
	for _, f := range l.Footer {
		line(f)
	}
	return b.String()
}

// maxSentences is how many an SMS or a push message holds; of the others only
// their number is told.
const maxSentences = 3

// newest are the sections that a short message tells of: of each delivery what is
// newest, and the code if that has none; of alerts every one.
func (w *writer) newest() (told []*section) {
	for _, s := range w.sections {
		known := func(o *section) bool {
			return o.notice.Delivery == s.notice.Delivery && (s.view.Code == "" || o.view.Code != "")
		}
		if s.notice.To.Audience == ToCustomer && slices.ContainsFunc(told, known) {
			continue
		}
		told = append(told, s)
	}
	return told
}

// sentences are those of a push message.
func (w *writer) sentences() (lines []string) {
	told := w.newest()
	for i, s := range told {
		if i == maxSentences {
			return append(lines, "(+"+strconv.Itoa(len(told)-i)+")")
		}
		lines = append(lines, s.sentence)
	}
	return lines
}

// sms is who writes, what there is to say, and where to see more. Where the
// deliveries have different pages, each stands behind its sentence.
func (w *writer) sms() string {
	parts := []string{w.sender.Name + ":"}
	if link := w.link(); link != "" {
		return gsmText(strings.Join(append(append(parts, w.sentences()...), link), " "))
	}
	told := w.newest()
	for i, s := range told {
		if i == maxSentences {
			parts = append(parts, "(+"+strconv.Itoa(len(told)-i)+")")
			break
		}
		parts = append(parts, s.sentence)
		if s.Link != "" {
			parts = append(parts, s.Link)
		}
	}
	return gsmText(strings.Join(parts, " "))
}

// inkOn is black or white, whichever is easier to read on a colour: that of the
// higher contrast by WCAG 2.2.
func inkOn(color string) string {
	l := luminance(color)
	if 1.05/(l+0.05) >= (l+0.05)/0.05 {
		return "#ffffff"
	}
	return "#000000"
}

// luminance is the relative luminance of #rrggbb, 0 to 1 (WCAG 2.2).
func luminance(color string) (sum float64) {
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
