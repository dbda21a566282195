package capacity

import (
	"testing"
	"time"
)

// Application Auto Scaling User Guide, "Schedule recurring scaling actions using cron
// expressions", and EventBridge's "Cron expressions".
func TestSchedules(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 30, 15, 0, time.UTC) // a Monday
	for _, c := range []struct{ schedule, zone, want string }{
		{"at(2026-03-02T10:00:00)", "", "2026-03-02T10:00:00Z"},
		{"at(2026-03-02T09:00:00)", "", ""},
		{"at(2026-03-02T12:00:00)", "Europe/Berlin", "2026-03-02T11:00:00Z"},
		{"rate(5 minutes)", "", "2026-03-02T09:35:15Z"},
		{"rate(1 hour)", "", "2026-03-02T10:30:15Z"},
		{"cron(15 10 * * ? *)", "", "2026-03-02T10:15:00Z"},
		{"cron(0 8 * * ? *)", "", "2026-03-03T08:00:00Z"},
		{"cron(0 18 ? * MON-FRI *)", "", "2026-03-02T18:00:00Z"},
		{"cron(0/10 8-17 ? * MON-FRI *)", "", "2026-03-02T09:40:00Z"},
		{"cron(0 0 1,15 * ? *)", "", "2026-03-15T00:00:00Z"},
		{"cron(0 12 L * ? *)", "", "2026-03-31T12:00:00Z"},
		{"cron(0 12 ? * 6L *)", "", "2026-03-27T12:00:00Z"},
		{"cron(0 12 ? * 2#3 *)", "", "2026-03-16T12:00:00Z"},
		{"cron(0 0 29 2 ? *)", "", "2028-02-29T00:00:00Z"},
		{"cron(0 0 1 1 ? 2020)", "", ""},
		{"cron(0 9 * * ? *)", "America/New_York", "2026-03-02T14:00:00Z"},
		{"cron(0 10 * * * *)", "", "error"},
		{"cron(0 10 ? * ? *)", "", "error"},
		{"cron(61 10 * * ? *)", "", "error"},
		{"cron(0 10 * * ?)", "", "error"},
		{"cron(0 10 ? * MON#x *)", "", "error"},
		{"cron(0 10 ? * MON#6 *)", "", "error"},
		{"cron(0 18-8 * * ? *)", "", "error"},
		{"rate(0 minutes)", "", "error"},
		{"rate(5 weeks)", "", "error"},
		{"every day", "", "error"},
		{"rate(1 hour)", "Nowhere/Land", "error"},
	} {
		s, err := ParseSchedule(c.schedule, c.zone, time.Time{}, time.Time{}, now)
		got := "error"
		if err == nil {
			got = ""
			if next := s.Next(now); !next.IsZero() {
				got = next.UTC().Format(time.RFC3339)
			}
		}
		if got != c.want {
			t.Errorf("%s %s: %q (%v), want %q", c.schedule, c.zone, got, err, c.want)
		}
	}
}

func TestScheduleWithinItsTimes(t *testing.T) {
	start, end := epoch.Add(time.Hour), epoch.Add(3*time.Hour)
	s, err := ParseSchedule("cron(0 * * * ? *)", "", start, end, epoch)
	if err != nil {
		t.Fatal(err)
	}
	var got []time.Time
	for at := s.Next(epoch); !at.IsZero(); at = s.Next(at) {
		got = append(got, at)
	}
	if len(got) != 3 || !got[0].Equal(start) || !got[2].Equal(end) {
		t.Errorf("%v, want one each hour from start to end", got)
	}
}
