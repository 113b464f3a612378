package notify

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

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
	var part *tracker.MemberError
	if err := p.Normalize(); errors.As(err, &part) {
		return wrong(member+part.Member, "%s", part.Detail)
	} else if err != nil {
		return err
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
