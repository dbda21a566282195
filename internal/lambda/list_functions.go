package lambda

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// maxPage is how many functions one page has at most, and by default.
const maxPage = 50

// ListFunctions returns the functions of the caller by name.
func (e *Engine) ListFunctions(_ context.Context, c *api.Caller, in *model.ListFunctionsRequest) (*model.ListFunctionsResponse, error) {
	after, err := base64.RawURLEncoding.DecodeString(in.Marker.V)
	if err != nil {
		return nil, errParameter("Invalid Marker")
	}
	out := &model.ListFunctionsResponse{Functions: []model.FunctionConfiguration{}}
	limit := int(min(in.MaxItems.Or(maxPage), maxPage))
	for _, f := range e.all(c.Namespace) {
		if f.Name <= string(after) {
			continue
		}
		if len(out.Functions) == limit {
			last := out.Functions[limit-1].FunctionName.V
			out.NextMarker = api.Some(base64.RawURLEncoding.EncodeToString([]byte(last)))
			break
		}
		out.Functions = append(out.Functions, *f.describe())
	}
	return out, nil
}

// all returns the functions of a namespace by name.
func (e *Engine) all(ns api.Namespace) []*function {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*function
	for name := range e.handlers {
		n := Name{ns, name}
		if e.functions[n] == nil {
			e.functions[n] = &entry{name: n, current: implicit(n)}
		}
	}
	for name, at := range e.functions {
		if name.Namespace == ns {
			list = append(list, at.current)
		}
	}
	slices.SortFunc(list, func(a, b *function) int { return strings.Compare(a.Name, b.Name) })
	return list
}
