package notify

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// Settings say who hears what. Members that are left out stand for the
// defaults: customers and drivers hear of everything that concerns them,
// dispatch and partners of nothing until somebody is named.
type Settings struct {
	Sender Sender `json:"sender"`
	// Language is that of whoever has none; default "en".
	Language string `json:"language,omitempty"`
	// TimeZone is for deliveries that are on no depot's round; default that of
	// the first depot that has one, else UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// Quiet are the hours in which nobody is woken. Default for customers 21:00
	// to 07:00, for the others none. Those of dispatch are each contact's own.
	Quiet map[Audience]Quiet `json:"quiet_hours,omitempty"`
	// Kinds are those that are not sent by default, or not as by default.
	Kinds    map[Kind]KindSettings `json:"kinds,omitempty"`
	Contacts []StaffContact        `json:"contacts,omitempty"`
	Partners []PartnerContact      `json:"partners,omitempty"`
}

// Sender is how messages present themselves.
type Sender struct {
	// Name is at most 30 characters, since every SMS begins with it; default
	// "Wayguard".
	Name string `json:"name,omitempty"`
	// Color is that of buttons, #rrggbb; default a dark blue.
	Color string `json:"color,omitempty"`
	// Support is whom customers can turn to: an address, a number or both, in
	// one line; empty for none.
	Support string `json:"support,omitempty"`
}

// Quiet is a time of day, such as 21:00 to 07:00, on the clock where the reader
// is; From equal to To is none. What can wait does until it ends. What cannot,
// and what would be worth nothing by then, goes by email only, which wakes
// nobody; a delivery that is promised for that very time is announced as by day.
type Quiet struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// KindSettings are those of one kind of message.
type KindSettings struct {
	// On is nil for the default, which is true.
	On *bool `json:"on,omitempty"`
	// Channels are tried in order; empty for the default.
	Channels []Channel `json:"channels,omitempty"`
}

// StaffContact is somebody in dispatch. One who is to be reached in several ways
// one after the other is several contacts.
type StaffContact struct {
	// ID is 1 to 64 of A-Z a-z 0-9 _ . -.
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"`
	// Alerts are types such as route.off, prefixes such as drop.*, or * for all;
	// security.* are not among that.
	Alerts []string `json:"alerts"`
	// AfterMinutes is for how long an alert must have been open without anybody
	// having taken it up; 0 for at once. This is how alerts escalate.
	AfterMinutes int `json:"after_min,omitempty"`
	// Channels are tried in order; empty for those of the kind.
	Channels []Channel `json:"channels,omitempty"`
	// Quiet is nil for none.
	Quiet *Quiet `json:"quiet_hours,omitempty"`
}

// PartnerContact is who hears of the outcomes of a partner's deliveries.
type PartnerContact struct {
	Partner  tracker.PartnerID `json:"partner"`
	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email"`
	Language string            `json:"language,omitempty"`
}

// Limits of settings.
const (
	maxSender   = 30
	maxSupport  = 100
	maxContacts = 100
	maxPartners = 1000
	maxEscalate = 24 * 60 // minutes
)

const (
	defaultSender = "Wayguard"
	// defaultColor has a contrast of 6.3 with white (WCAG 2.2 asks for 4.5).
	defaultColor = "#1659bd"
)

var defaultQuiet = map[Audience]Quiet{ToCustomer: {From: "21:00", To: "07:00"}}

var (
	colorPattern   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	contactPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// normalize checks s and brings it into its stored form. It replaces slices and
// writes into none. Errors are a *tracker.MemberError.
func (s *Settings) normalize() error {
	for _, check := range []func() error{s.Sender.normalize, s.checkPlace, s.checkQuiet, s.checkKinds, s.normalizeContacts, s.normalizePartners} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func wrong(member, format string, args ...any) error {
	return &tracker.MemberError{Member: member, Detail: fmt.Sprintf(format, args...)}
}

func (s *Sender) normalize() error {
	s.Name, s.Support = strings.TrimSpace(s.Name), strings.TrimSpace(s.Support)
	for _, line := range []struct {
		member, text string
		most         int
	}{{"sender.name", s.Name, maxSender}, {"sender.support", s.Support, maxSupport}} {
		if line.text != oneLine(line.text, line.most) {
			return wrong(line.member, "must be one line of at most %d characters, without control characters.", line.most)
		}
	}
	if s.Color != "" && !colorPattern.MatchString(s.Color) {
		return wrong("sender.color", "must be a colour such as %s.", defaultColor)
	}
	return nil
}

func (s *Settings) checkPlace() error {
	if s.Language != "" && !slices.Contains(Languages(), s.Language) {
		return wrong("language", "must be one of %s.", strings.Join(Languages(), ", "))
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		return wrong("time_zone", "must be a name of the IANA time zone database, such as Europe/Berlin.")
	}
	return nil
}

func (s *Settings) checkQuiet() error {
	for audience, q := range s.Quiet {
		if !slices.Contains([]Audience{ToCustomer, ToDriver, ToPartner}, audience) {
			return wrong("quiet_hours", "must be those of customer, driver or partner; each contact of dispatch has its own.")
		}
		if err := q.check("quiet_hours." + string(audience)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Settings) checkKinds() error {
	for kind, set := range s.Kinds {
		if _, ok := mannerOf(kind); !ok {
			return wrong("kinds", "must be kinds of messages; there is no %.40q.", string(kind))
		}
		if err := checkChannels("kinds."+string(kind)+".channels", set.Channels); err != nil {
			return err
		}
	}
	return nil
}

func checkChannels(member string, given []Channel) error {
	for i, c := range given {
		if !slices.Contains(channels, c) || slices.Contains(given[:i], c) {
			return wrong(member, "must be some of email, sms and push, each once.")
		}
	}
	return nil
}

func (s *Settings) normalizeContacts() error {
	if len(s.Contacts) > maxContacts {
		return wrong("contacts", "must be at most %d.", maxContacts)
	}
	s.Contacts = slices.Clone(s.Contacts)
	seen := make(map[string]bool)
	for i := range s.Contacts {
		c := &s.Contacts[i]
		if err := c.normalize(fmt.Sprintf("contacts[%d].", i)); err != nil {
			return err
		}
		if seen[c.ID] {
			return wrong("contacts", "must have different ids: %s is there twice.", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

func (c *StaffContact) normalize(member string) error {
	if !contactPattern.MatchString(c.ID) {
		return wrong(member+"id", "must be 1 to 64 of A-Z a-z 0-9 _ . -.")
	}
	if err := normalizePerson(member, &c.Name, &c.Email, &c.Phone, c.Language); err != nil {
		return err
	}
	if c.AfterMinutes < 0 || c.AfterMinutes > maxEscalate {
		return wrong(member+"after_min", "must be 0 to %d minutes.", maxEscalate)
	}
	c.Alerts = append([]string{}, c.Alerts...)
	for _, pattern := range c.Alerts {
		if !knownPattern(pattern) {
			return wrong(member+"alerts", "must be types of alerts, such as route.off, prefixes such as drop.* and security.*, or *; there is none of %.40q.", pattern)
		}
	}
	if err := checkChannels(member+"channels", c.Channels); err != nil || c.Quiet == nil {
		return err
	}
	return c.Quiet.check(member + "quiet_hours")
}

func normalizePerson(member string, name, email, phone *string, language string) error {
	p := tracker.Contact{Name: *name, Email: *email, Phone: *phone, Language: language}
	if err := p.Normalize(); err != nil {
		part := &tracker.MemberError{Member: "name", Detail: "is wrong."}
		_ = asMember(err, &part)
		return wrong(member+part.Member, "%s", part.Detail)
	}
	*name, *email, *phone = p.Name, p.Email, p.Phone
	return nil
}

// knownPattern tells whether there is anything that a pattern matches.
func knownPattern(pattern string) bool {
	if pattern == securityPattern || pattern == "*" {
		return true
	}
	return slices.ContainsFunc(tracker.AlertTypes(), func(typ string) bool { return matches(pattern, typ) })
}

const securityPattern = "security.*"

func matches(pattern, typ string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return pattern == typ || open && strings.HasPrefix(typ, prefix)
}

func (s *Settings) normalizePartners() error {
	if len(s.Partners) > maxPartners {
		return wrong("partners", "must be at most %d.", maxPartners)
	}
	s.Partners = slices.Clone(s.Partners)
	for i := range s.Partners {
		p, none := &s.Partners[i], ""
		member := fmt.Sprintf("partners[%d].", i)
		if p.Partner == "" || p.Email == "" {
			return wrong(member+"partner", "must be given, and an email too.")
		}
		if slices.ContainsFunc(s.Partners[:i], func(o PartnerContact) bool { return o.Partner == p.Partner }) {
			return wrong(member+"partner", "must be there once.")
		}
		if err := normalizePerson(member, &p.Name, &p.Email, &none, p.Language); err != nil {
			return err
		}
	}
	return nil
}

// kind is how messages of a kind are to be sent.
func (s *Settings) kind(m manner) (on bool, order []Channel) {
	set := s.Kinds[m.kind]
	if len(set.Channels) > 0 {
		m.channels = set.Channels
	}
	return set.On == nil || *set.On, m.channels
}

func (s *Settings) quietOf(a Audience) Quiet {
	if q, ok := s.Quiet[a]; ok {
		return q
	}
	return defaultQuiet[a]
}

func (s *Settings) contact(id string) (StaffContact, bool) {
	i := slices.IndexFunc(s.Contacts, func(c StaffContact) bool { return c.ID == id })
	if i < 0 {
		return StaffContact{}, false
	}
	return s.Contacts[i], true
}

func (s *Settings) partner(id tracker.PartnerID) (PartnerContact, bool) {
	i := slices.IndexFunc(s.Partners, func(p PartnerContact) bool { return p.Partner == id })
	if i < 0 {
		return PartnerContact{}, false
	}
	return s.Partners[i], true
}

// WithDefaults are the settings as they work, with every kind of message. Put in
// force, they stay so whatever the defaults become.
func (s Settings) WithDefaults() Settings {
	s.Sender, s.Language = s.Sender.withDefaults(), cmp.Or(s.Language, Languages()[0])
	quiet := maps.Clone(defaultQuiet)
	maps.Copy(quiet, s.Quiet)
	kinds := make(map[Kind]KindSettings)
	for _, k := range Kinds() {
		m, _ := mannerOf(k)
		on, order := s.kind(m)
		kinds[k] = KindSettings{On: &on, Channels: order}
	}
	s.Quiet, s.Kinds = quiet, kinds
	s.Contacts, s.Partners = append([]StaffContact{}, s.Contacts...), append([]PartnerContact{}, s.Partners...)
	return s
}

func (s Sender) withDefaults() Sender {
	s.Name, s.Color = cmp.Or(s.Name, defaultSender), cmp.Or(s.Color, defaultColor)
	return s
}
