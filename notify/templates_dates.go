package notify

import (
	"fmt"
	"strconv"
	"time"
)

// calendar writes dates and times as a language does. The formats follow CLDR 48
// (MMMMEEEEd and jm), but for French, which writes the first of a month 1er. In
// formats of days, the arguments are the weekday, the day, the month's name and
// its number; in those of a span, day and time twice.
type calendar struct {
	months        [12]string
	days          [7]string // from Sunday
	clock         string    // of the package time
	day, shortDay string
	first         string // how the first of a month is written, empty for 1
	// article stands before a time, oneArticle before one o'clock; empty for none.
	article, oneArticle string
	on, at              string
	between             string
	from, by            string
	hours               string // of a short message
	span                string
	// join puts the day before the time.
	join string
}

var english = calendar{
	months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	days:   [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	clock:  "15:04", day: "%[1]s %[2]s %[3]s", shortDay: "%[2]s %.3[3]s",
	on: "on %s", at: "at %s", between: "between %s and %s", from: "from %s", by: "by %s", hours: "%s-%s",
	span: "from %[2]s on %[1]s to %[4]s on %[3]s", join: "%s %s",
}

var german = calendar{
	months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	days:   [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	clock:  "15:04", day: "%[1]s, %[2]s. %[3]s", shortDay: "%[2]s.%[4]d.",
	on: "am %s", at: "um %s Uhr", between: "zwischen %s und %s Uhr", from: "ab %s Uhr", by: "bis %s Uhr", hours: "%s-%s Uhr",
	span: "von %[1]s, %[2]s Uhr, bis %[3]s, %[4]s Uhr", join: "%s, %s",
}

var spanish = calendar{
	months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	days:   [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
	clock:  "15:04", day: "%[1]s, %[2]s de %[3]s", shortDay: "%[2]s/%[4]d", article: "las ", oneArticle: "la ",
	on: "el %s", at: "a %s", between: "entre %s y %s", from: "a partir de %s", by: "antes de %s", hours: "%s-%s",
	span: "desde %[2]s del %[1]s hasta %[4]s del %[3]s", join: "%s, %s",
}

var french = calendar{
	months: [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	days:   [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	clock:  "15:04", day: "%[1]s %[2]s %[3]s", shortDay: "%[2]s/%02[4]d", first: "1er",
	on: "le %s", at: "à %s", between: "entre %s et %s", from: "à partir de %s", by: "avant %s", hours: "%s-%s",
	span: "du %[1]s à %[2]s au %[3]s à %[4]s", join: "%s %s",
}

// american is English as in the United States.
func american() calendar {
	c := english
	c.clock, c.day, c.shortDay = "3:04 PM", "%[1]s, %[3]s %[2]s", "%.3[3]s %[2]s"
	c.join, c.span = "%s, %s", "from %[1]s at %[2]s to %[3]s at %[4]s"
	return c
}

func (c *calendar) date(t time.Time, format string) string {
	number := strconv.Itoa(t.Day())
	if t.Day() == 1 && format == c.day && c.first != "" {
		number = c.first
	}
	return fmt.Sprintf(format, c.days[t.Weekday()], number, c.months[t.Month()-1], int(t.Month()))
}

// time is a time of day as it stands in a sentence.
func (c *calendar) time(t time.Time) string {
	article := c.article
	if t.Hour() == 1 {
		article = c.oneArticle
	}
	return article + t.Format(c.clock)
}

// moment is when something was: without its day where that is today's.
func (c *calendar) moment(t, today time.Time) string {
	if t.IsZero() {
		return ""
	}
	at := fmt.Sprintf(c.at, c.time(t))
	if sameDay(t, today) {
		return at
	}
	return fmt.Sprintf(c.join, fmt.Sprintf(c.on, c.date(t, c.day)), at)
}

// period is a range of time of which either end may be open, empty where both
// are; its day is left out where that is today's.
func (c *calendar) period(from, to, today time.Time) string {
	day := from
	var hours string
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		day, hours = to, fmt.Sprintf(c.by, c.time(to))
	case to.IsZero():
		hours = fmt.Sprintf(c.from, c.time(from))
	case wholeDay(from, to):
		return fmt.Sprintf(c.on, c.date(from, c.day))
	case !sameDay(from, to):
		return fmt.Sprintf(c.span, c.date(from, c.day), c.time(from), c.date(to, c.day), c.time(to))
	case from.Equal(to):
		hours = fmt.Sprintf(c.at, c.time(from))
	default:
		hours = fmt.Sprintf(c.between, c.time(from), c.time(to))
	}
	if sameDay(day, today) {
		return hours
	}
	return fmt.Sprintf(c.join, fmt.Sprintf(c.on, c.date(day, c.day)), hours)
}

// brief is period for an SMS, in as few characters as can be understood.
func (c *calendar) brief(from, to, today time.Time) string {
	if from.IsZero() || to.IsZero() || wholeDay(from, to) {
		from, to = later(from, to), time.Time{}
		if from.IsZero() {
			return ""
		}
		return fmt.Sprintf(c.on, c.date(from, c.shortDay))
	}
	end := to.Format(c.clock)
	if !sameDay(from, to) {
		end = c.date(to, c.shortDay) + " " + end
	}
	hours := fmt.Sprintf(c.hours, from.Format(c.clock), end)
	if sameDay(from, today) {
		return hours
	}
	return fmt.Sprintf(c.on, c.date(from, c.shortDay)) + ", " + hours
}

func sameDay(a, b time.Time) bool {
	y, m, d := a.Date()
	y2, m2, d2 := b.Date()
	return y == y2 && m == m2 && d == d2
}

// wholeDay tells whether a range is a day, as people give one.
func wholeDay(from, to time.Time) bool {
	y, m, d := from.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	next := time.Date(y, m, d+1, 0, 0, 0, 0, from.Location())
	return from.Equal(midnight) && !to.Before(next.Add(-time.Minute)) && !to.After(next)
}
