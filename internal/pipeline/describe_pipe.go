package pipeline

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// DescribePipe returns a pipe.
func (e *Engine) DescribePipe(_ context.Context, c *api.Caller, in *model.DescribePipeRequest) (*model.DescribePipeResponse, error) {
	m, err := e.findPipe(c, in.Name.V)
	if err != nil {
		return nil, err
	}
	return m.settings.Load().describePipe(), nil
}
