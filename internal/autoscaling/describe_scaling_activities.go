package autoscaling

import (
	"context"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// DescribeScalingActivities lists what was scaled since the engine was opened, the
// latest first.
func (e *Engine) DescribeScalingActivities(_ context.Context, c *api.Caller, in *model.DescribeScalingActivitiesRequest) (*model.DescribeScalingActivitiesResponse, error) {
	q := query{ns: c.Namespace, service: in.ServiceNamespace.V, dimension: in.ScalableDimension, max: in.MaxResults, limit: maxPage}
	_, limit, err := q.start()
	if err != nil {
		return nil, err
	}
	before := maxActivities // the number of the activity that the page comes after
	if in.NextToken.OK {
		if before, err = strconv.Atoi(in.NextToken.V); err != nil {
			return nil, api.Errorf(model.CodeInvalidNextTokenException, "The specified next token is invalid")
		}
	}
	out := &model.DescribeScalingActivitiesResponse{ScalingActivities: []model.ScalingActivity{}}
	e.acted.Lock()
	defer e.acted.Unlock()
	for i := min(before, len(e.acted.list)) - 1; i >= 0; i-- {
		a := e.acted.list[i]
		if a.at.ns != c.Namespace || a.at.service != in.ServiceNamespace.V || !matches(a.at.resource, in.ResourceId) || !matches(a.at.dimension, in.ScalableDimension) {
			continue
		}
		if len(out.ScalingActivities) == limit {
			out.NextToken = api.Some(strconv.Itoa(i + 1))
			break
		}
		out.ScalingActivities = append(out.ScalingActivities, a.describe())
	}
	return out, nil
}
