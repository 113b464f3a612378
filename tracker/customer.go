package tracker

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// CustomerID names a customer: a UUID (RFC 9562).
type CustomerID string

// Customer is a person or a firm that deliveries are for.
type Customer struct {
	Meta    `json:"-"`
	ID      CustomerID `json:"id"`
	Contact `json:"-"`
}

func (c *Customer) key() string            { return string(c.ID) }
func (c *Customer) personal() (KeyID, any) { return KeyID(c.ID), &c.Contact }

const customerBucket = "customers"

// Contact is what is personal of a customer, and how they may be written to.
type Contact struct {
	Name string `json:"name,omitempty"`
	// Phone is in the form of E.164: +4915112345678. Empty if unknown.
	Phone string `json:"phone,omitempty"`
	// Email is a bare address; empty if unknown.
	Email string `json:"email,omitempty"`
	// Language is a BCP 47 tag; empty for the server's default.
	Language string  `json:"language,omitempty"`
	Consent  Consent `json:"consent"`
}

// Consent says over which channels a customer may be written to about a
// delivery. The zero value is for nobody who was asked: see DefaultConsent.
type Consent struct {
	Email bool `json:"email"`
	SMS   bool `json:"sms"`
	Push  bool `json:"push"`
}

// DefaultConsent is that of customers of whom the sender says nothing else:
// messages about a delivery that they ordered need no other consent than the
// order (GDPR, article 6(1)(b)); push asks in the browser.
var DefaultConsent = Consent{Email: true, SMS: true}

// ErrBadInput is wrapped by errors about what can never be right. It names the
// part that is wrong as the API does.
var ErrBadInput = errors.New("bad input")

// MemberError says which member of an object is wrong, and how to mend it.
type MemberError struct {
	// Member is its path, such as customer.phone.
	Member string
	// Detail is a sentence without a subject: "must be …".
	Detail string
}

func (e *MemberError) Error() string { return e.Member + ": " + e.Detail }

// Unwrap makes it an ErrBadInput.
func (e *MemberError) Unwrap() error { return ErrBadInput }

// within is err about a member of the object that is the member name.
func within(name string, err error) error {
	var m *MemberError
	if errors.As(err, &m) {
		return &MemberError{Member: name + "." + m.Member, Detail: m.Detail}
	}
	return err
}

// Limits of texts, in characters.
const (
	maxName         = 200
	maxAddress      = 500
	maxInstructions = 2000
	// maxEmail is that of RFC 5321, section 4.5.3.1.3, less the brackets.
	maxEmail = 254
)

// Normalize is for contacts that are kept elsewhere. Errors are a *MemberError.
func (c *Contact) Normalize() error { return c.normalize() }

// normalize checks c and brings it into its stored form.
func (c *Contact) normalize() error {
	c.Name, c.Phone, c.Email = strings.TrimSpace(c.Name), strings.TrimSpace(c.Phone), strings.TrimSpace(c.Email)
	if err := checkLine("name", c.Name, maxName); err != nil {
		return err
	}
	for _, check := range []func() error{c.normalizePhone, c.checkEmail, c.normalizeLanguage} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// phonePattern is an international number of E.164: at most 15 digits, of which
// the country's code does not begin with 0.
var phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// phoneMarks are what people put between digits.
var phoneMarks = strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "/", "", ".", "", "(", "", ")", "")

func (c *Contact) normalizePhone() error {
	if c.Phone == "" {
		return nil
	}
	phone := phoneMarks.Replace(c.Phone)
	if rest, ok := strings.CutPrefix(phone, "00"); ok {
		phone = "+" + rest
	}
	if !phonePattern.MatchString(phone) {
		return &MemberError{"phone", "must be an international number with the country's code, such as +4915112345678."}
	}
	c.Phone = phone
	return nil
}

func (c *Contact) checkEmail() error {
	if c.Email == "" {
		return nil
	}
	a, err := mail.ParseAddress(c.Email)
	if err != nil || a.Name != "" || a.Address != c.Email || len(c.Email) > maxEmail {
		return &MemberError{"email", "must be one address, such as name@example.com, without a name or brackets."}
	}
	return nil
}

func (c *Contact) normalizeLanguage() error {
	if c.Language == "" {
		return nil
	}
	tag, err := language.Parse(c.Language)
	if err != nil {
		return &MemberError{"language", "must be a BCP 47 tag, such as en, de or pt-BR."}
	}
	c.Language = tag.String()
	return nil
}

// checkLine refuses what could forge a line of a message.
func checkLine(member, text string, most int) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return &MemberError{member, "must not hold line breaks or other control characters."}
	}
	return checkLength(member, text, most)
}

func checkLength(member, text string, most int) error {
	if !utf8.ValidString(text) {
		return &MemberError{member, "must be valid UTF-8."}
	}
	if utf8.RuneCountInString(text) > most {
		return &MemberError{member, fmt.Sprintf("must have at most %d characters.", most)}
	}
	return nil
}
