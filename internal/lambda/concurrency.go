package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// setReserved changes the reserved concurrency of a function; nil means none.
func (e *Engine) setReserved(c *api.Caller, name string, n *int64) error {
	_, err := e.change(c, name, api.Opt[string]{}, func(_ kv.Batch, f *function) error {
		if n != nil && e.unreserved(f.name())-*n < minUnreserved {
			return errParameter("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "+
				"below its minimum value of [%d].", minUnreserved)
		}
		f.Reserved = n
		return nil
	})
	return err
}

// unreserved is the concurrency of the account that functions other than the one
// named have not reserved.
func (e *Engine) unreserved(name Name) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.opts.Concurrency - e.reserved(name.Namespace, e.functions[name]))
}

// PutFunctionConcurrency reserves concurrency for a function, and limits it to
// that.
func (e *Engine) PutFunctionConcurrency(_ context.Context, c *api.Caller, in *model.PutFunctionConcurrencyRequest) (*model.Concurrency, error) {
	n := in.ReservedConcurrentExecutions
	if err := e.setReserved(c, in.FunctionName.V, &n.V); err != nil {
		return nil, err
	}
	return &model.Concurrency{ReservedConcurrentExecutions: n}, nil
}

// GetFunctionConcurrency returns the reserved concurrency of a function.
func (e *Engine) GetFunctionConcurrency(_ context.Context, c *api.Caller, in *model.GetFunctionConcurrencyRequest) (*model.GetFunctionConcurrencyResponse, error) {
	_, f, err := e.find(c, in.FunctionName.V, api.Opt[string]{})
	if err != nil {
		return nil, err
	}
	out := &model.GetFunctionConcurrencyResponse{}
	if f.Reserved != nil {
		out.ReservedConcurrentExecutions = api.Some(*f.Reserved)
	}
	return out, nil
}

// DeleteFunctionConcurrency takes the reservation back.
func (e *Engine) DeleteFunctionConcurrency(_ context.Context, c *api.Caller, in *model.DeleteFunctionConcurrencyRequest) (*api.Empty, error) {
	if err := e.setReserved(c, in.FunctionName.V, nil); err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
