package web

import (
	"fmt"
	"time"

	"golang.org/x/text/language"
)

// calendar is how dates are written in a language: the names as CLDR 46 has them
// in its format "wide", the pattern after its skeleton "MMMMEEEEd".
type calendar struct {
	days   [7]string // from Sunday on
	months [12]string
	// pattern takes the day of the week, the day and the month.
	pattern string
}

var calendars = map[language.Tag]calendar{
	language.English: {
		[7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		[12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		"%s, %d %s",
	},
	language.German: {
		[7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		[12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		"%s, %d. %s",
	},
	language.Spanish: {
		[7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		[12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		"%s, %d de %s",
	},
	language.French: {
		[7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
		[12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		"%s %d %s",
	},
}

// clockTime is a time of the day, of 24 hours in all languages: nobody mistakes
// it.
func clockTime(t time.Time) string { return t.Format("15:04") }

// date names the day of t, which is in the zone that it is read in.
func (s *speech) date(t time.Time) string {
	c := calendars[s.tag]
	return fmt.Sprintf(c.pattern, c.days[t.Weekday()], t.Day(), c.months[t.Month()-1])
}

// day names the day of t as of now.
func (s *speech) day(t, now time.Time) string {
	y, m, d := now.Date()
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return s.say("today")
	case time.Date(y, m, d+1, 12, 0, 0, 0, now.Location()).Format(time.DateOnly):
		return s.say("tomorrow")
	}
	return s.date(t)
}

// moment is a day and a time.
func (s *speech) moment(t, now time.Time) string {
	return s.day(t, now) + ", " + clockTime(t)
}

// span is from one time to another; days alone where it is whole days, and open
// where one of them is zero.
func (s *speech) span(from, to, now time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		return "– " + s.moment(to, now)
	case to.IsZero():
		return s.moment(from, now) + " –"
	}
	whole := clockTime(from) == "00:00" && clockTime(to) == "00:00"
	last := to
	if whole {
		last = to.Add(-time.Minute)
	}
	same := from.Format(time.DateOnly) == last.Format(time.DateOnly)
	switch {
	case whole && same:
		return s.day(from, now)
	case whole:
		return s.day(from, now) + " – " + s.day(last, now)
	case same:
		return s.day(from, now) + ", " + clockTime(from) + "–" + clockTime(to)
	}
	return s.moment(from, now) + " – " + s.moment(to, now)
}
