package lambda

import (
	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// Operations returns the rows of the operation table for functions, sorted by
// name. Those for event source mappings are another engine's.
func (e *Engine) Operations() []api.Operation {
	const t = model.Target
	ops := []api.Operation{
		api.Op(t, "CreateFunction", api.Control, "zip packages of `provided.*` and `nodejs*`, and what an ImageUri names here (`go:`, `http:`, `exec:`, `runtime:`); no code in S3, layers, VPCs, file systems or versions; needs `--functions`", e.CreateFunction),
		api.Op(t, "DeleteFunction", api.Control, "whole, without versions", e.DeleteFunction),
		api.Op(t, "DeleteFunctionConcurrency", api.Control, "whole", e.DeleteFunctionConcurrency),
		api.Op(t, "GetFunction", api.Control, "without the Location of the code", e.GetFunction),
		api.Op(t, "GetFunctionConcurrency", api.Control, "whole", e.GetFunctionConcurrency),
		api.Op(t, "GetFunctionConfiguration", api.Control, "whole, without versions", e.GetFunctionConfiguration),
		api.Op(t, "Invoke", api.Control, "whole, without versions and dead-letter queues; the text about a payload that is not JSON names another parser's complaint; memory is watched, not reserved", e.Invoke),
		api.Op(t, "ListFunctions", api.Control, "whole, without versions", e.ListFunctions),
		api.Op(t, "PutFunctionConcurrency", api.Control, "whole", e.PutFunctionConcurrency),
		api.Op(t, "UpdateFunctionCode", api.Control, "as CreateFunction; without versions", e.UpdateFunctionCode),
		api.Op(t, "UpdateFunctionConfiguration", api.Control, "as CreateFunction; takes effect at once", e.UpdateFunctionConfiguration),
	}
	for i, op := range ops {
		ops[i] = op.At(model.Routes[op.Name])
	}
	return ops
}
