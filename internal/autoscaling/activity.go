package autoscaling

import (
	"fmt"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// maxActivities is how many activities are remembered; the oldest are forgotten.
const maxActivities = 1000

// activity is a change of a capacity by the engine. Activities are in memory only.
type activity struct {
	id      string
	at      scalable
	units   int64 // that the capacity is changed to
	cause   string
	begun   time.Time
	ended   time.Time // zero while it is under way
	status  string
	message string
}

// newActivity returns one that begins. What caused it is an alarm of the policy, or the
// bounds of the target where what is provisioned lies beyond them.
func newActivity(t *registered, units, provisioned int64, now time.Time) *activity {
	a := &activity{id: newUUID(), at: t.at, units: units, begun: now, status: model.ScalingActivityStatusCodeInProgress}
	a.message = fmt.Sprintf("Successfully set %s capacity units to %d. Waiting for change to be fulfilled by dynamodb.", t.at.kind(), units)
	switch {
	case provisioned < t.Min:
		a.cause = fmt.Sprintf("minimum capacity was set to %d", t.Min)
	case provisioned > t.Max:
		a.cause = fmt.Sprintf("maximum capacity was set to %d", t.Max)
	default:
		alarm := "AlarmHigh"
		if units < provisioned {
			alarm = "AlarmLow"
		}
		a.cause = fmt.Sprintf("monitor alarm TargetTracking-%s-%s in state ALARM triggered policy %s", t.at.resource, alarm, t.policy)
	}
	return a
}

// end ends the activity with what came of it.
func (a *activity) end(now time.Time, err error) {
	a.ended, a.status = now, model.ScalingActivityStatusCodeSuccessful
	a.message = fmt.Sprintf("Successfully set %s capacity units to %d. Change successfully fulfilled by dynamodb.", a.at.kind(), a.units)
	if err != nil {
		a.status = model.ScalingActivityStatusCodeFailed
		a.message = fmt.Sprintf("Failed to set %s capacity units to %d. Reason: %v", a.at.kind(), a.units, err)
	}
}

// kind is the word for the capacity.
func (c *scalable) kind() string {
	if c.isRead() {
		return "read"
	}
	return "write"
}

// remember adds an activity to those that are described.
func (e *Engine) remember(a *activity) {
	e.acted.Lock()
	defer e.acted.Unlock()
	if len(e.acted.list) == maxActivities {
		e.acted.list = e.acted.list[1:]
	}
	e.acted.list = append(e.acted.list, a)
}

// finish ends an activity that is being described meanwhile.
func (e *Engine) finish(a *activity, now time.Time, err error) {
	e.acted.Lock()
	defer e.acted.Unlock()
	a.end(now, err)
}

func (a *activity) describe() model.ScalingActivity {
	out := model.ScalingActivity{
		ActivityId: api.Some(a.id), ServiceNamespace: api.Some(a.at.service), ResourceId: api.Some(a.at.resource),
		ScalableDimension: api.Some(a.at.dimension), StartTime: api.Some(a.begun),
		Description: api.Some(fmt.Sprintf("Setting %s capacity units to %d.", a.at.kind(), a.units)),
		Cause:       api.Some(a.cause), StatusCode: api.Some(a.status), StatusMessage: api.Some(a.message),
	}
	if !a.ended.IsZero() {
		out.EndTime = api.Some(a.ended)
	}
	return out
}
