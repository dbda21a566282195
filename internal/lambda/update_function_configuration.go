package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// UpdateFunctionConfiguration changes the settings of a function.
func (e *Engine) UpdateFunctionConfiguration(_ context.Context, c *api.Caller, in *model.UpdateFunctionConfigurationRequest) (*model.FunctionConfiguration, error) {
	s := settings{
		role: in.Role, handler: in.Handler, description: in.Description, runtime: in.Runtime, timeout: in.Timeout, memory: in.MemorySize,
		environment: in.Environment, deadLetter: in.DeadLetterConfig, tracing: in.TracingConfig, image: in.ImageConfig,
		storage: in.EphemeralStorage, logging: in.LoggingConfig,
	}
	f, err := e.change(c, in.FunctionName.V, in.RevisionId, func(_ kv.Batch, f *function) error { return s.apply(f) })
	if err != nil {
		return nil, err
	}
	return f.describeUpdated(), nil
}
