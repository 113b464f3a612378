package notify

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// section is one notice, or several about the same thing, in words.
type section struct {
	notice     *Notice
	view       *view
	Title      string
	Paragraphs []string
	Facts      []fact
	Link       string
	// sentence is what an SMS says.
	sentence string
}

type fact struct {
	Label, Value string
	// Loud is for what must be found at a glance.
	Loud bool
}

// Compose writes one message of notices that share a recipient and a bundle, the
// newest first. A message about several things has a section of each.
func (r *Rules) Compose(notices []Notice, a Address, channel Channel) (Content, error) {
	if len(notices) == 0 {
		return Content{}, errors.New("there is nothing to write about")
	}
	set := r.settings.Load()
	w := &writer{tongue: tongueOf(cmp.Or(a.Language, set.Language)), sender: set.Sender.withDefaults(), short: channel == SMS}
	for _, same := range gathered(notices) {
		v := r.view(same, a, w)
		s, err := w.section(same[0], v)
		if err != nil {
			return Content{}, err
		}
		w.sections = append(w.sections, s)
	}
	return w.write(channel, word(a.Name, maxNameShown), notices[0].To.Audience)
}

// gathered puts the newest first, and those about the same thing together.
func gathered(notices []Notice) (groups [][]*Notice) {
	sorted := make([]*Notice, len(notices))
	for i := range notices {
		sorted[i] = &notices[i]
	}
	slices.SortStableFunc(sorted, func(a, b *Notice) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Seq, a.Seq)) })
	for _, n := range sorted {
		i := slices.IndexFunc(groups, func(g []*Notice) bool { return sameThing(g[0], n) })
		if i < 0 {
			groups = append(groups, []*Notice{n})
			continue
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// sameThing tells whether two notices make one section: drivers look at their
// list whatever was changed in it.
func sameThing(a, b *Notice) bool {
	if a.Kind != b.Kind {
		return false
	}
	if a.To.Audience == ToDriver {
		return a.Round == b.Round
	}
	return a.Delivery == b.Delivery && a.Device == b.Device && (a.Delivery != "" || a.Event == b.Event)
}

// writer puts one message together.
type writer struct {
	*tongue
	sender   Sender
	short    bool
	sections []*section
}

// section puts a notice into words.
func (w *writer) section(n *Notice, v *view) (*section, error) {
	var err error
	ask := func(name string, with any) string {
		text, failed := w.say(name, with)
		err = errors.Join(err, failed)
		return text
	}
	if _, isAlert := alertType(n.Kind); isAlert {
		v.Title = ask("alert", v.Type)
	}
	if n.Kind == PartnerOutcome {
		v.State = ask("state", v.State)
	}
	name := stem(n.Kind)
	s := &section{notice: n, view: v, Link: v.Link}
	s.Title, s.sentence = oneLine(ask(name+".subject", v), maxSubject), oneLine(ask(name+".sms", v), maxSentence)
	s.Paragraphs = strings.Split(ask(name+".body", v), "\n\n")
	for _, f := range v.facts(n) {
		f.Label = ask("label."+f.Label, nil) + w.colon()
		s.Facts = append(s.Facts, f)
	}
	return s, err
}

const (
	// maxSubject is what mail programs show of one, and twice that.
	maxSubject = 120
	// maxSentence is two SMS.
	maxSentence = 300
)

// facts are what a message lists, by the names of their labels.
func (v *view) facts(n *Notice) (facts []fact) {
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, fact{Label: label, Value: value})
		}
	}
	if v.Code != "" {
		facts = append(facts, fact{Label: "code", Value: v.Code, Loud: true})
	}
	if n.To.Audience != ToCustomer {
		add("vehicle", v.Vehicle)
		add("round", v.Round)
		add("device", v.Device)
		add("delivery", v.Delivery)
	} else if slices.Contains([]Kind{Ordered, Changed, Departed, Delayed, NotDelayed}, n.Kind) {
		add("window", v.Window)
	}
	if v.Parcels > 0 {
		add("parcels", fmt.Sprint(v.Parcels))
	}
	add("reference", v.Reference)
	return facts
}

// write is the message for a channel. name is the recipient's, empty if unknown.
func (w *writer) write(channel Channel, name string, to Audience) (Content, error) {
	switch channel {
	case SMS:
		return Content{Text: w.sms(), Link: w.link()}, nil
	case Push:
		// The sentences say what a subject would, and more.
		return Content{Subject: w.sender.Name, Text: strings.Join(w.sentences(), "\n"), Link: w.link()}, nil
	case Email:
		return w.email(name, to)
	}
	return Content{}, fmt.Errorf("nothing can be written for %q", channel)
}

func (w *writer) email(name string, to Audience) (Content, error) {
	l, err := w.letter(name, to)
	if err != nil {
		return Content{}, err
	}
	var b bytes.Buffer
	if err := layout().Execute(&b, l); err != nil {
		return Content{}, fmt.Errorf("write an email: %w", err)
	}
	return Content{Subject: l.Subject, Text: l.text(), HTML: b.String(), Link: w.link()}, nil
}
