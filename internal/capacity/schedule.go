package capacity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule is when a scheduled action happens: once, at a rate, or by a cron
// expression of Application Auto Scaling (minutes, hours, day of month, month, day of
// week, year).
type Schedule struct {
	start, end time.Time // zero: none
	zone       *time.Location

	once  time.Time
	every time.Duration
	cron  *cron
}

// cron is the sets of values of each field, as bits.
type cron struct {
	minute, hour, day, month, weekday uint64
	years                             map[int]bool // nil: all
	anyDay                            bool         // the day of the month does not matter
	lastDay                           bool         // L: the last of the month
	lastWeekday                       bool         // nL: the last such day of the month
	nth                               int          // n#m: the mth; 0: all
}

// searchYears is how far ahead a schedule looks for its next time.
const searchYears = 8

// ParseSchedule reads at(...), rate(...) or cron(...). Zone is "" for UTC. A rate
// counts from start, or from the moment given with now.
func ParseSchedule(text, zone string, start, end, now time.Time) (*Schedule, error) {
	s := &Schedule{start: start, end: end, zone: time.UTC}
	if zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return nil, err
		}
		s.zone = loc
	}
	kind, rest, ok := strings.Cut(strings.TrimSpace(text), "(")
	body, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("capacity: schedule %q has none of the forms at(...), rate(...) and cron(...)", text)
	}
	var err error
	switch kind {
	case "at":
		s.once, err = time.ParseInLocation("2006-01-02T15:04:05", body, s.zone)
	case "rate":
		if s.start.IsZero() {
			s.start = now
		}
		s.every, err = parseRate(body)
	case "cron":
		s.cron, err = parseCron(body)
	default:
		err = fmt.Errorf("unknown form %q", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("capacity: schedule %q: %w", text, err)
	}
	return s, nil
}

func parseRate(body string) (time.Duration, error) {
	value, unit, _ := strings.Cut(strings.TrimSpace(body), " ")
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("rate %q is no positive number", value)
	}
	switch strings.TrimSuffix(strings.TrimSpace(unit), "s") {
	case "minute":
		return time.Duration(n) * time.Minute, nil
	case "hour":
		return time.Duration(n) * time.Hour, nil
	case "day":
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("unknown unit %q", unit)
}

// Next returns the first time after now at which the action happens, zero if there is
// none.
func (s *Schedule) Next(now time.Time) time.Time {
	var next time.Time
	switch {
	case s.cron != nil:
		if now.Before(s.start) {
			now = s.start.Add(-time.Nanosecond)
		}
		next = s.cron.next(now.In(s.zone))
	case s.every > 0:
		next = s.start
		if !next.After(now) {
			next = next.Add((now.Sub(next)/s.every + 1) * s.every)
		}
	case s.once.After(now):
		next = s.once
	}
	if next.IsZero() || !s.end.IsZero() && next.After(s.end) {
		return time.Time{}
	}
	return next
}

// next looks at days, then at minutes of a day that matches.
func (c *cron) next(now time.Time) time.Time {
	from := now.Truncate(time.Minute).Add(time.Minute)
	for i := range searchYears * 366 {
		day := time.Date(from.Year(), from.Month(), from.Day()+i, 0, 0, 0, 0, from.Location())
		if !c.onDay(day) {
			continue
		}
		for m := range 24 * 60 {
			if c.hour>>(m/60)&1 == 0 || c.minute>>(m%60)&1 == 0 {
				continue
			}
			at := time.Date(day.Year(), day.Month(), day.Day(), m/60, m%60, 0, 0, day.Location())
			if at.After(now) {
				return at
			}
		}
	}
	return time.Time{}
}

func (c *cron) onDay(day time.Time) bool {
	if c.month>>day.Month()&1 == 0 || c.years != nil && !c.years[day.Year()] {
		return false
	}
	if !c.anyDay {
		last := day.AddDate(0, 0, 1).Day() == 1
		return c.day>>day.Day()&1 == 1 || c.lastDay && last
	}
	if c.weekday>>(day.Weekday()+1)&1 == 0 {
		return false
	}
	switch {
	case c.nth > 0:
		return (day.Day()-1)/7+1 == c.nth
	case c.lastWeekday:
		return day.AddDate(0, 0, 7).Month() != day.Month()
	}
	return true
}

var (
	monthNames = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	dayNames   = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

func parseCron(body string) (*cron, error) {
	f := strings.Fields(body)
	if len(f) != 6 {
		return nil, errors.New("a cron expression has six fields")
	}
	c := &cron{anyDay: f[2] == "?"}
	if c.anyDay == (f[4] == "?") {
		return nil, errors.New("one of day of month and day of week must be ?")
	}
	var err error
	read := func(dst *uint64, field string, least, most int, names []string) {
		if err == nil {
			*dst, err = parseField(field, least, most, names)
		}
	}
	read(&c.minute, f[0], 0, 59, nil)
	read(&c.hour, f[1], 0, 23, nil)
	read(&c.month, f[3], 1, 12, monthNames)
	if c.anyDay {
		field, nthErr := c.weekdayField(f[4])
		err = errors.Join(err, nthErr)
		read(&c.weekday, field, 1, 7, dayNames)
	} else if c.lastDay = f[2] == "L"; !c.lastDay {
		read(&c.day, f[2], 1, 31, nil)
	}
	if err == nil && f[5] != "*" && f[5] != "?" {
		c.years, err = parseYears(f[5])
	}
	return c, err
}

// weekdayField takes n#m and nL apart and returns what is left.
func (c *cron) weekdayField(field string) (day string, err error) {
	if day, nth, ok := strings.Cut(field, "#"); ok {
		if c.nth, err = strconv.Atoi(nth); err != nil || c.nth < 1 || c.nth > 5 {
			return "", fmt.Errorf("value %q", field)
		}
		return day, nil
	}
	if day, ok := strings.CutSuffix(field, "L"); ok {
		if day == "" {
			return "7", nil
		}
		c.lastWeekday = true
		return day, nil
	}
	return field, nil
}

// parseField returns the set of a list of values, ranges and steps.
func parseField(field string, least, most int, names []string) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(field, ",") {
		from, to, step, err := parsePart(part, least, most, names)
		if err != nil {
			return 0, err
		}
		for v := from; v <= to; v += step {
			set |= 1 << v
		}
	}
	return set, nil
}

func parsePart(part string, least, most int, names []string) (from, to, step int, err error) {
	body, every, stepped := strings.Cut(part, "/")
	step = 1
	if stepped {
		if step, err = strconv.Atoi(every); err != nil || step < 1 {
			return 0, 0, 0, fmt.Errorf("step %q", every)
		}
	}
	first, second, ranged := strings.Cut(body, "-")
	switch {
	case body == "*" || body == "?":
		return least, most, step, nil
	case ranged:
		to, err = parseValue(second, least, most, names)
	}
	if err == nil {
		from, err = parseValue(first, least, most, names)
	}
	if !ranged {
		if to = from; stepped {
			to = most
		}
	}
	if err == nil && to < from {
		err = fmt.Errorf("range %q", body)
	}
	return from, to, step, err
}

func parseValue(s string, least, most int, names []string) (int, error) {
	for i, name := range names {
		if strings.EqualFold(s, name) {
			return i + 1, nil
		}
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < least || v > most {
		return 0, fmt.Errorf("value %q", s)
	}
	return v, nil
}

func parseYears(field string) (map[int]bool, error) {
	years := map[int]bool{}
	for part := range strings.SplitSeq(field, ",") {
		from, to, step, err := parsePart(part, 1970, 2199, nil)
		if err != nil {
			return nil, err
		}
		for y := from; y <= to; y += step {
			years[y] = true
		}
	}
	return years, nil
}
