package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// noContent is the status of an answer without a body.
const noContent = 204

// DeleteFunction deletes a function and its code. What runs, ends.
func (e *Engine) DeleteFunction(_ context.Context, c *api.Caller, in *model.DeleteFunctionRequest) (*model.DeleteFunctionResponse, error) {
	e.admin.Lock()
	defer e.admin.Unlock()
	at, f, err := e.find(c, in.FunctionName.V, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.Qualifier.OK {
		return nil, errParameter("%s version cannot be deleted without deleting the function.", latest)
	}
	b := e.store.NewBatch()
	b.Delete(functionKey(at.name))
	if f.Code != "" {
		code := codeRange(f.Code)
		b.DeleteRange(code.Start, code.End)
	}
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	at.deleted = true
	delete(e.functions, at.name)
	for _, env := range at.idle {
		env.idle.Stop()
		e.retire(env)
	}
	at.idle = nil
	e.mu.Unlock()
	if f.Code != "" {
		e.abandonCode(f)
	}
	if err := commit.Wait(); err != nil {
		return nil, err
	}
	return &model.DeleteFunctionResponse{StatusCode: api.Some(int64(noContent))}, nil
}
