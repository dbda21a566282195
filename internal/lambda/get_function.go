package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// GetFunction returns a function with its tags and its reserved concurrency.
func (e *Engine) GetFunction(_ context.Context, c *api.Caller, in *model.GetFunctionRequest) (*model.GetFunctionResponse, error) {
	_, f, err := e.find(c, in.FunctionName.V, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &model.GetFunctionResponse{Configuration: f.describe()}
	if f.Package == model.PackageTypeZip {
		out.Code = &model.FunctionCodeLocation{RepositoryType: api.Some("S3")}
	} else {
		out.Code = &model.FunctionCodeLocation{RepositoryType: api.Some("ECR"), ImageUri: api.Some(f.Image), ResolvedImageUri: api.Some(f.Image)}
	}
	if len(f.Tags) > 0 {
		out.Tags = entries(f.Tags)
	}
	if f.Reserved != nil {
		out.Concurrency = &model.Concurrency{ReservedConcurrentExecutions: api.Some(*f.Reserved)}
	}
	return out, nil
}
