package tracker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Depot is a place that rounds begin and end at. Its id is a name of 1 to 64 of
// A-Z a-z 0-9 _ . -.
type Depot struct {
	Meta `json:"-"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Point is the gate, in degrees.
	Point orb.Point `json:"point"`
	// Premises are its grounds, nil for a circle of RadiusMeters.
	Premises orb.MultiPolygon `json:"premises,omitempty"`
	// RadiusMeters is how far around the point it reaches; 0 for the engine's
	// setting.
	RadiusMeters float64 `json:"radius_m,omitempty"`
	// TimeZone is a name of the IANA database, such as Europe/Berlin; UTC if
	// empty. Hours and Breaks are in it.
	TimeZone string `json:"time_zone,omitempty"`
	// Hours are when it works; none for always. By them and Closed no round is
	// planned to start while it does not. The engine has no use for them: a round
	// that runs is watched whenever it does.
	Hours []Hours `json:"hours,omitempty"`
	// Breaks are when its vehicles may stand anywhere: the engine then finds no
	// stop.unplanned.
	Breaks []Hours `json:"breaks,omitempty"`
	// Closed are days on which it does not work, such as 2026-12-25.
	Closed []string `json:"closed,omitempty"`
}

const depotBucket = "depots"

func (d *Depot) name(key string)        { d.ID = key }
func (d *Depot) key() string            { return d.ID }
func (d *Depot) personal() (KeyID, any) { return "", nil }

// Hours are a time of day on some days of the week.
type Hours struct {
	// Days are 1 for Monday to 7 for Sunday (ISO 8601); none for all.
	Days []int `json:"days,omitempty"`
	// From and To are such as 08:00; To may be before From, then it is on the
	// next day.
	From string `json:"from"`
	To   string `json:"to"`
}

// Limits of a depot.
const (
	maxDepotRadius = 5000 // metres
	maxHours       = 50
	maxClosed      = 400
)

func (d *Depot) normalize() error {
	d.Name = strings.TrimSpace(d.Name)
	if err := checkLine("name", d.Name, maxName); err != nil {
		return err
	}
	if err := checkPlace(d.Point, d.Premises); err != nil {
		return err
	}
	if !(d.RadiusMeters >= 0 && d.RadiusMeters <= maxDepotRadius) {
		return &MemberError{"radius_m", fmt.Sprintf("must be 0 to %d metres.", maxDepotRadius)}
	}
	if _, err := d.location(); err != nil {
		return &MemberError{"time_zone", "must be a name of the IANA time zone database, such as Europe/Berlin."}
	}
	return d.checkCalendar()
}

func (d *Depot) checkCalendar() error {
	for name, list := range map[string][]Hours{"hours": d.Hours, "breaks": d.Breaks} {
		if len(list) > maxHours {
			return &MemberError{name, fmt.Sprintf("must be at most %d.", maxHours)}
		}
		for _, h := range list {
			if err := h.check(name); err != nil {
				return err
			}
		}
	}
	if len(d.Closed) > maxClosed {
		return &MemberError{"closed", fmt.Sprintf("must be at most %d days.", maxClosed)}
	}
	for _, day := range d.Closed {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return &MemberError{"closed", "must be days such as 2026-12-25."}
		}
	}
	return nil
}

func (h Hours) check(member string) error {
	from, err := clock(h.From)
	to, err2 := clock(h.To)
	if err != nil || err2 != nil || from == to {
		return &MemberError{member, `must have from and to such as "08:00" and "16:30", which differ.`}
	}
	for i, day := range h.Days {
		if day < 1 || day > 7 || slices.Contains(h.Days[:i], day) {
			return &MemberError{member, "must have days from 1 for Monday to 7 for Sunday, each once."}
		}
	}
	return nil
}

// clock is a time of day as what has passed of the day.
func clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func (d *Depot) location() (*time.Location, error) { return time.LoadLocation(d.TimeZone) }

// Local is a time by the clock at the depot; UTC where its zone is not known
// here.
func (d *Depot) Local(at time.Time) time.Time {
	zone, err := d.location()
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone)
}

// Works tells whether the depot works at a time: within its hours, and not on a
// day on which it is closed. Hours that end after midnight are of the day on
// which they begin.
func (d *Depot) Works(at time.Time) bool {
	local := d.Local(at)
	y, m, day := local.Date()
	for back := 0; back <= 1; back++ {
		midnight := time.Date(y, m, day-back, 0, 0, 0, 0, local.Location())
		if slices.Contains(d.Closed, midnight.Format(time.DateOnly)) {
			continue
		}
		if len(d.Hours) == 0 && back == 0 {
			return true
		}
		for _, h := range d.Hours {
			if from, to, ok := h.on(midnight); ok && !at.Before(from) && at.Before(to) {
				return true
			}
		}
	}
	return false
}

// on is when h is on a day, which begins at midnight there. ok is false where
// it is not a day of h.
func (h Hours) on(midnight time.Time) (from, to time.Time, ok bool) {
	weekday := (int(midnight.Weekday())+6)%7 + 1
	if len(h.Days) > 0 && !slices.Contains(h.Days, weekday) {
		return from, to, false
	}
	begin, err := clock(h.From)
	end, err2 := clock(h.To)
	if err != nil || err2 != nil {
		return from, to, false
	}
	from, to = wall(midnight, begin), wall(midnight, end)
	if end <= begin {
		to = wall(midnight.AddDate(0, 0, 1), end)
	}
	return from, to, true
}

// wall is when clocks on the wall show a time on a day, which has 23 or 25
// hours where they are changed.
func wall(midnight time.Time, passed time.Duration) time.Time {
	y, m, d := midnight.Date()
	return time.Date(y, m, d, int(passed/time.Hour), int(passed%time.Hour/time.Minute), 0, 0, midnight.Location())
}

// breaksAround are the breaks that begin in the days before, of and after a
// time.
func (d *Depot) breaksAround(at time.Time) (breaks [][2]time.Time) {
	local := d.Local(at)
	y, m, day := local.Date()
	for offset := -1; offset <= 1; offset++ {
		midnight := time.Date(y, m, day+offset, 0, 0, 0, 0, local.Location())
		for _, h := range d.Breaks {
			if from, to, ok := h.on(midnight); ok {
				breaks = append(breaks, [2]time.Time{from, to})
			}
		}
	}
	return breaks
}
