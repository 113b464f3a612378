package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"wayguard/tracker"
)

func TestSettingsAreKept(t *testing.T) {
	r := startRules(t)
	off := false
	s := Settings{
		Sender: Sender{Name: " Fleet ", Support: "+49 30 000000"}, Language: "fr", TimeZone: "Europe/Paris",
		Quiet: map[Audience]Quiet{ToCustomer: {"22:00", "06:30"}}, Kinds: map[Kind]KindSettings{Departed: {On: &off, Channels: []Channel{SMS}}},
		Contacts: []StaffContact{{ID: "desk", Name: "Desk", Email: "desk@example.com", Phone: "+49 151 00000000", Alerts: []string{"*"}}},
		Partners: []PartnerContact{{Partner: "anna", Email: "anna@example.com"}},
	}
	kept, version, err := r.Change(t.Context(), firstVersion, s)
	r.must(err)
	if version != 2 || kept.Sender.Name != "Fleet" || kept.Contacts[0].Phone != "+4915100000000" || s.Contacts[0].Phone != "+49 151 00000000" {
		t.Errorf("kept %+v as %d", kept, version)
	}
	again, version := r.open(r.fleet).Settings()
	if version != 2 || !reflect.DeepEqual(again, kept) {
		t.Errorf("read %+v, %d; kept %+v", again, version, kept)
	}
	if _, _, err := r.Change(t.Context(), 1, Settings{}); !errors.Is(err, tracker.ErrStale) {
		t.Errorf("stale: %v", err)
	}
	if _, _, err := r.Change(t.Context(), 2, Settings{}); err != nil {
		t.Error(err)
	}
}

// Contacts are sealed, and with the next settings nobody can open them any more.
func TestContactsCannotBeReadInTheStore(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Contacts: []StaffContact{{ID: "desk", Name: "Some Body", Email: "somebody@example.com", Phone: "+4915155555555"}}, Partners: []PartnerContact{{Partner: "anna", Email: "other@example.com"}}})
	value, err := r.fleet.GetRecord(settingsBucket, settingsKey)
	r.must(err)
	var first storedSettings
	r.must(json.Unmarshal(value, &first))
	if _, err := r.keys.Open(first.Key, settingsSeal, first.Sealed); err != nil {
		t.Fatal(err)
	}
	r.set(Settings{})
	if _, err := r.keys.Open(first.Key, settingsSeal, first.Sealed); !errors.Is(err, tracker.ErrErased) {
		t.Errorf("the contacts of before can still be read: %v", err)
	}
	file, err := os.ReadFile(r.file())
	r.must(err)
	for _, secret := range []string{"Some Body", "somebody@example.com", "4915155555555", "other@example.com"} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

// A kill between storing settings and destroying the key of those before leaves a
// key, which the next start destroys.
func TestAStartDestroysWhatAKillLeft(t *testing.T) {
	r := startRules(t)
	r.set(Settings{})
	old := tracker.KeyID("6f0f2b6e-6b1c-4a52-9b5e-0c8f5f0c1d2e")
	r.must(r.keys.Add(old))
	next := &inForce{Settings{}, 3, "7f0f2b6e-6b1c-4a52-9b5e-0c8f5f0c1d2e"}
	r.must(r.keep(t.Context(), next, old))
	r.must(r.keys.Add(old)) // as if it had not come that far
	before, _ := r.keys.Len()
	r.open(r.fleet)
	if after, _ := r.keys.Len(); after != before-1 {
		t.Errorf("%d keys, before %d", after, before)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	r := startRules(t)
	contact := func(c StaffContact) Settings { return Settings{Contacts: []StaffContact{c}} }
	for member, s := range map[string]Settings{
		"sender.name":             {Sender: Sender{Name: "two\r\nlines"}},
		"sender.support":          {Sender: Sender{Support: "a\u202eb"}},
		"sender.color":            {Sender: Sender{Color: "red;x"}},
		"language":                {Language: "tlh"},
		"time_zone":               {TimeZone: "../etc/passwd"},
		"quiet_hours":             {Quiet: map[Audience]Quiet{ToDispatch: {}}},
		"quiet_hours.customer":    {Quiet: map[Audience]Quiet{ToCustomer: {"25:00", "07:00"}}},
		"kinds":                   {Kinds: map[Kind]KindSettings{"nothing": {}}},
		"kinds.ordered.channels":  {Kinds: map[Kind]KindSettings{Ordered: {Channels: []Channel{Email, Email}}}},
		"contacts[0].id":          contact(StaffContact{ID: "a/b"}),
		"contacts[0].email":       contact(StaffContact{ID: "a", Email: "x"}),
		"contacts[0].phone":       contact(StaffContact{ID: "a", Phone: "12"}),
		"contacts[0].alerts":      contact(StaffContact{ID: "a", Alerts: []string{"nothing.*"}}),
		"contacts[0].after_min":   contact(StaffContact{ID: "a", AfterMinutes: -1}),
		"contacts[0].channels":    contact(StaffContact{ID: "a", Channels: []Channel{"fax"}}),
		"contacts[0].quiet_hours": contact(StaffContact{ID: "a", Quiet: &Quiet{"x", "y"}}),
		"contacts":                {Contacts: []StaffContact{{ID: "a"}, {ID: "a"}}},
		"partners[0].partner":     {Partners: []PartnerContact{{Partner: "a"}}},
		"partners[0].email":       {Partners: []PartnerContact{{Partner: "a", Email: "x"}}},
	} {
		_, _, err := r.Change(t.Context(), tracker.AnyVersion, s)
		var wrong *tracker.MemberError
		if !errors.As(err, &wrong) || wrong.Member != member {
			t.Errorf("%s: %v", member, err)
		}
	}
	if _, version := r.Settings(); version != firstVersion {
		t.Errorf("version %d", version)
	}
}

func TestSettingsOfAKind(t *testing.T) {
	r := startRules(t)
	r.set(Settings{Kinds: map[Kind]KindSettings{Ordered: {Channels: []Channel{SMS}}}})
	n := r.one(found("delivery.created", r.deliver()), ToCustomer)
	if len(n.Channels) != 1 || n.Channels[0] != SMS {
		t.Errorf("%v", n.Channels)
	}
}

// What is shown of settings can be put in force again, and changes nothing.
func TestSettingsAsShownCanBePut(t *testing.T) {
	r := startRules(t)
	off := false
	r.set(Settings{Kinds: map[Kind]KindSettings{Departed: {On: &off}}, Contacts: []StaffContact{{ID: "desk", Email: "desk@example.com", Alerts: []string{"*"}}}})
	before, _ := r.Settings()
	shown := before.WithDefaults()
	r.set(shown)
	after, _ := r.Settings()
	if !reflect.DeepEqual(after.WithDefaults(), shown) || *shown.Kinds[Departed].On || !*shown.Kinds[Approaching].On {
		t.Errorf("shown %+v, then %+v", shown, after)
	}
}
