package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// GetFunctionConfiguration returns the configuration of a function.
func (e *Engine) GetFunctionConfiguration(_ context.Context, c *api.Caller, in *model.GetFunctionConfigurationRequest) (*model.FunctionConfiguration, error) {
	_, f, err := e.find(c, in.FunctionName.V, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return f.describe(), nil
}
