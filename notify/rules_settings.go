package notify

import (
	"cmp"
	"maps"
	"slices"

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
