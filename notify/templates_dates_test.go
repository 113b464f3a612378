package notify

import (
	"testing"
	"time"
)

func TestDatesAndTimes(t *testing.T) {
	zone := berlin(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone)
	}
	today := at(3, 3, 9, 0)
	for _, tt := range []struct {
		language                        string
		window, brief, hours, past, day string
	}{
		{"en", "on Wednesday 4 March between 08:00 and 12:30", "on 4 Mar, 08:00-12:30", "between 14:05 and 14:25", "on Sunday 1 February at 01:07", "on Saturday 1 August"},
		{"en-US", "on Wednesday, March 4, between 8:00 AM and 12:30 PM", "on Mar 4, 8:00 AM-12:30 PM", "between 2:05 PM and 2:25 PM", "on Sunday, February 1, at 1:07 AM", "on Saturday, August 1"},
		{"de", "am Mittwoch, 4. März, zwischen 08:00 und 12:30 Uhr", "am 4.3., 08:00-12:30 Uhr", "zwischen 14:05 und 14:25 Uhr", "am Sonntag, 1. Februar, um 01:07 Uhr", "am Samstag, 1. August"},
		{"es", "el miércoles, 4 de marzo, entre las 08:00 y las 12:30", "el 4/3, 08:00-12:30", "entre las 14:05 y las 14:25", "el domingo, 1 de febrero, a la 01:07", "el sábado, 1 de agosto"},
		{"fr", "le mercredi 4 mars entre 08:00 et 12:30", "le 4/03, 08:00-12:30", "entre 14:05 et 14:25", "le dimanche 1er février à 01:07", "le samedi 1er août"},
	} {
		l := tongueOf(tt.language)
		for got, want := range map[string]string{
			l.period(at(3, 4, 8, 0), at(3, 4, 12, 30), today):  tt.window,
			l.brief(at(3, 4, 8, 0), at(3, 4, 12, 30), today):   tt.brief,
			l.period(at(3, 3, 14, 5), at(3, 3, 14, 25), today): tt.hours,
			l.moment(at(2, 1, 1, 7), today):                    tt.past,
			l.period(at(8, 1, 0, 0), at(8, 1, 23, 59), today):  tt.day,
			l.period(at(8, 1, 0, 0), at(8, 2, 0, 0), today):    tt.day,
			l.period(time.Time{}, time.Time{}, today):          "",
			l.brief(time.Time{}, time.Time{}, today):           "",
			l.moment(time.Time{}, today):                       "",
		} {
			if got != want {
				t.Errorf("%s: %q, want %q", tt.language, got, want)
			}
		}
	}
}

func TestOpenAndLongPeriods(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	for language, want := range map[string][3]string{
		"en": {"on Tuesday 3 March from 08:00", "on Tuesday 3 March by 12:00", "from 20:00 on Tuesday 3 March to 06:00 on Wednesday 4 March"},
		"de": {"am Dienstag, 3. März, ab 08:00 Uhr", "am Dienstag, 3. März, bis 12:00 Uhr", "von Dienstag, 3. März, 20:00 Uhr, bis Mittwoch, 4. März, 06:00 Uhr"},
		"es": {"el martes, 3 de marzo, a partir de las 08:00", "el martes, 3 de marzo, antes de las 12:00", "desde las 20:00 del martes, 3 de marzo hasta las 06:00 del miércoles, 4 de marzo"},
		"fr": {"le mardi 3 mars à partir de 08:00", "le mardi 3 mars avant 12:00", "du mardi 3 mars à 20:00 au mercredi 4 mars à 06:00"},
	} {
		l := tongueOf(language)
		got := [3]string{
			l.period(at(3, 8), time.Time{}, time.Time{}), l.period(time.Time{}, at(3, 12), time.Time{}), l.period(at(3, 20), at(4, 6), time.Time{}),
		}
		if got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
}
