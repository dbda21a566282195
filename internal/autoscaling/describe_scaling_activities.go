package autoscaling

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// DescribeScalingActivities lists what was scaled: nothing yet.
func (e *Engine) DescribeScalingActivities(_ context.Context, c *api.Caller, in *model.DescribeScalingActivitiesRequest) (*model.DescribeScalingActivitiesResponse, error) {
	q := query{ns: c.Namespace, service: in.ServiceNamespace.V, dimension: in.ScalableDimension, limit: maxPage, token: in.NextToken}
	if _, _, err := q.start(); err != nil {
		return nil, err
	}
	return &model.DescribeScalingActivitiesResponse{ScalingActivities: []model.ScalingActivity{}}, nil
}
