package notify

import "time"

func (q Quiet) check(member string) error {
	if _, _, ok := q.clock(); !ok {
		return wrong(member, `must have from and to such as "21:00" and "07:00"; equal ones for none.`)
	}
	return nil
}

// clock is q as what has passed of the day. Two empty ends are none.
func (q Quiet) clock() (from, to time.Duration, ok bool) {
	if q == (Quiet{}) {
		return 0, 0, true
	}
	begin, err := time.Parse("15:04", q.From)
	end, err2 := time.Parse("15:04", q.To)
	if err != nil || err2 != nil {
		return 0, 0, false
	}
	return passed(begin), passed(end), true
}

func passed(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// end is when the quiet hours that at is in are over, by the clocks of a zone;
// ok is false where at is in none.
func (q Quiet) end(at time.Time, zone *time.Location) (end time.Time, ok bool) {
	from, to, valid := q.clock()
	if !valid || from == to {
		return at, false
	}
	local := at.In(zone)
	y, m, d := local.Date()
	// They may have begun yesterday.
	for day := d - 1; day <= d; day++ {
		begin := wall(y, m, day, from, zone)
		last := day
		if to < from {
			last++
		}
		end := wall(y, m, last, to, zone)
		if !at.Before(begin) && at.Before(end) {
			return end, true
		}
	}
	return at, false
}

// wall is when clocks show a time on a day, which has 23 or 25 hours where they
// are changed.
func wall(y int, m time.Month, day int, passed time.Duration, zone *time.Location) time.Time {
	return time.Date(y, m, day, int(passed/time.Hour), int(passed%time.Hour/time.Minute), 0, 0, zone)
}
