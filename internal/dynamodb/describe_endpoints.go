package dynamodb

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// endpointMinutes is how long the service lets an endpoint be kept.
const endpointMinutes = 1440

// DescribeEndpoints returns the address at which the caller reached the server:
// a client that discovers its endpoint stays with the one that it was given.
func (e *Engine) DescribeEndpoints(_ context.Context, c *api.Caller, _ *ddb.DescribeEndpointsRequest) (*ddb.DescribeEndpointsResponse, error) {
	address := c.BaseURL
	if _, host, ok := strings.Cut(address, "://"); ok {
		address = host
	}
	return &ddb.DescribeEndpointsResponse{Endpoints: []ddb.Endpoint{
		{Address: api.Some(address), CachePeriodInMinutes: api.Some[int64](endpointMinutes)},
	}}, nil
}
