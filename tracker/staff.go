package tracker

// StaffRole is what somebody who works here may do.
type StaffRole string

// The roles. Those who drive are drivers.
const (
	// StaffAdmin may do everything.
	StaffAdmin StaffRole = "admin"
	// StaffDispatcher looks after deliveries, rounds and alerts.
	StaffDispatcher StaffRole = "dispatcher"
)

// Staff is somebody who works here and does not drive. Its id is a UUID.
type Staff struct {
	Meta   `json:"-"`
	ID     string    `json:"id"`
	Role   StaffRole `json:"role"`
	Worker `json:"-"`
}

// Worker is what is personal of somebody who works here.
type Worker struct {
	Name string `json:"name"`
	// Email is a bare address; empty if unknown.
	Email string `json:"email,omitempty"`
	// Phone is in the form of E.164; empty if unknown.
	Phone string `json:"phone,omitempty"`
	// Language is a BCP 47 tag; empty for the server's default.
	Language string `json:"language,omitempty"`
}

const staffBucket = "staff"

func (s *Staff) name(key string)        { s.ID = key }
func (s *Staff) key() string            { return s.ID }
func (s *Staff) personal() (KeyID, any) { return KeyID(s.ID), &s.Worker }

// Staff are those who work here and do not drive. What is personal of them is
// sealed under keys of their own, which are destroyed with them: what they did
// then names nobody any more.
func (f *Fleet) Staff() Catalog[Staff, *Staff] {
	return Catalog[Staff, *Staff]{f, f.ledger.staff, func(*ledgerEdit, *Staff, bool) error { return nil }, ""}
}

func (s *Staff) normalize() error {
	if s.Role != StaffAdmin && s.Role != StaffDispatcher {
		return &MemberError{"role", "must be admin or dispatcher; those who drive are made at /api/v1/drivers."}
	}
	c := Contact{Name: s.Name, Email: s.Email, Phone: s.Phone, Language: s.Language}
	if err := c.normalize(); err != nil {
		return err
	}
	if c.Name == "" {
		return &MemberError{"name", "must say who it is."}
	}
	s.Worker = Worker{Name: c.Name, Email: c.Email, Phone: c.Phone, Language: c.Language}
	return nil
}
