package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// UpdateContributorInsights turns contributor insights of a table or a global index
// on or off, or changes their mode. What changes nothing is answered with the
// present status.
func (e *Engine) UpdateContributorInsights(_ context.Context, c *api.Caller, in *ddb.UpdateContributorInsightsInput) (*ddb.UpdateContributorInsightsOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := v.checkInsightIndex(in.IndexName); err != nil {
		return nil, err
	}
	if in.ContributorInsightsAction.V == ddb.ContributorInsightsActionEnable {
		if err := v.admitInsights(in.IndexName.V); err != nil {
			return nil, err
		}
	}
	out := &ddb.UpdateContributorInsightsOutput{TableName: api.Some(v.Name), IndexName: in.IndexName}
	next, now := v.clone(), time.Now()
	s := next.changeInsights(in, now)
	if s == nil {
		out.ContributorInsightsStatus = api.Some(v.insightStatus(in.IndexName.V))
		if s := v.insightOf(in.IndexName.V); s != nil {
			out.ContributorInsightsMode = api.Some(s.Mode)
		}
		return out, nil
	}
	out.ContributorInsightsStatus, out.ContributorInsightsMode = api.Some(ddb.ContributorInsightsStatusDisabling), api.Some(s.Mode)
	if s.Enabled {
		out.ContributorInsightsStatus = api.Some(ddb.ContributorInsightsStatusEnabling)
	}
	// A change before this one that is still under way is over.
	next.Changes = slices.DeleteFunc(next.Changes, func(c change) bool { return c.Kind == changeInsights && c.Name == in.IndexName.V })
	next.begin(change{Kind: changeInsights, Name: in.IndexName.V, On: s.Enabled}, now, e.delay)
	before := v.Changes
	if _, err := e.publish(t, next, nil, nil); err != nil {
		return nil, err
	}
	e.awaitChanges(t, next, before)
	return out, nil
}

// changeInsights makes the change that a request asks for and returns the setting,
// nil if there is nothing to change. Turning insights on without a mode asks for the
// default one, whatever it was; turning them off leaves the mode alone.
func (d *descriptor) changeInsights(in *ddb.UpdateContributorInsightsInput, now time.Time) *insightSetting {
	enable := in.ContributorInsightsAction.V == ddb.ContributorInsightsActionEnable
	s := d.insightOf(in.IndexName.V)
	if s == nil && enable {
		d.Insights = append(d.Insights, insightSetting{Index: in.IndexName.V})
		s = &d.Insights[len(d.Insights)-1]
	}
	mode := in.ContributorInsightsMode.Or(ddb.ContributorInsightsModeAccessedAndThrottledKeys)
	switch {
	case s == nil, !enable && !s.Enabled:
		return nil
	case !enable:
		s.Enabled = false
	case !s.Enabled:
		s.Enabled, s.Mode, s.Since = true, mode, now
	case s.Mode == mode:
		return nil
	default:
		s.Mode = mode
	}
	s.Changed = now
	return s
}
