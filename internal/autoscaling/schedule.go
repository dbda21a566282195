package autoscaling

import (
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine
	"unicode"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// The three forms of a schedule.
var (
	atSchedule   = regexp.MustCompile(`^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$`)
	rateSchedule = regexp.MustCompile(`^rate\([1-9]\d{0,9}\s?(minutes?|hours?|days?)\)$`)
	cronSchedule = regexp.MustCompile(`^cron\(([^()]+)\)$`)
)

// actionNamePattern is the model's, which Go's regular expressions cannot say.
const actionNamePattern = `(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+`

// checkActionName checks the name of a scheduled action against the pattern.
func checkActionName(name string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(":/|", r) }
	if strings.ContainsFunc(name, bad) || strings.Trim(name, " ") != name {
		return api.Validation("1 validation error detected: Value '%s' at 'scheduledActionName' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, actionNamePattern)
	}
	return nil
}

// checkSchedule checks the schedule, the zone, the times and the bounds of a
// scheduled action.
func checkSchedule(in *model.PutScheduledActionRequest, now time.Time) error {
	if in.Schedule.OK && !isSchedule(in.Schedule.V) {
		return api.Validation(`Schedule expression must have the following syntax: rate(<number>\s?(minutes?|hours?|days?)), cron(<cron_expression>) or at(yyyy-MM-dd'T'HH:mm:ss).`)
	}
	if zone := in.Timezone; zone.OK {
		if _, err := time.LoadLocation(zone.V); err != nil || zone.V == "" || zone.V == "Local" {
			return api.Validation("Invalid time zone: %s", zone.V)
		}
	}
	switch start, end := in.StartTime, in.EndTime; {
	case start.OK && start.V.Before(now):
		return api.Validation("Start time cannot be in the past")
	case end.OK && end.V.Before(now):
		return api.Validation("End time cannot be in the past")
	case start.OK && end.OK && !start.V.Before(end.V):
		return api.Validation("Start time must be before end time")
	}
	return checkAction(in.ScalableTargetAction)
}

// checkAction checks the bounds that an action sets.
func checkAction(t *model.ScalableTargetAction) error {
	switch {
	case t == nil:
		return nil
	case !t.MinCapacity.OK && !t.MaxCapacity.OK:
		return api.Validation("At least one of MinCapacity and MaxCapacity must be specified in ScalableTargetAction")
	case t.MinCapacity.OK && t.MaxCapacity.OK:
		return checkBounds(t.MinCapacity.V, t.MaxCapacity.V)
	}
	return checkBounds(t.MinCapacity.Or(1), t.MaxCapacity.Or(t.MinCapacity.Or(1)))
}

// isSchedule reports whether a schedule has one of the three forms. The fields of
// a cron expression are counted, not read.
func isSchedule(s string) bool {
	if at := atSchedule.FindStringSubmatch(s); at != nil {
		_, err := time.Parse("2006-01-02T15:04:05", at[1])
		return err == nil
	}
	if cron := cronSchedule.FindStringSubmatch(s); cron != nil {
		return len(strings.Fields(cron[1])) == 6
	}
	return rateSchedule.MatchString(s)
}
