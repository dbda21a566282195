package pipeline

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/lambda"
)

// maxList is how many mappings one page has at most, and by default.
const maxList = 100

// ListEventSourceMappings returns the mappings of the caller, of a source and a
// function if the request names them.
func (e *Engine) ListEventSourceMappings(_ context.Context, c *api.Caller, in *model.ListEventSourceMappingsRequest) (*model.ListEventSourceMappingsResponse, error) {
	after, err := base64.RawURLEncoding.DecodeString(in.Marker.V)
	if err != nil {
		return nil, errParameter("Invalid Marker")
	}
	limit := int(min(in.MaxItems.Or(maxList), maxList))
	out := &model.ListEventSourceMappingsResponse{EventSourceMappings: []model.EventSourceMappingConfiguration{}}
	for _, m := range e.selected(c, in) {
		s := m.settings.Load()
		if s.ID <= string(after) {
			continue
		}
		if n := len(out.EventSourceMappings); n == limit {
			last := out.EventSourceMappings[n-1].UUID.V
			out.NextMarker = api.Some(base64.RawURLEncoding.EncodeToString([]byte(last)))
			break
		}
		out.EventSourceMappings = append(out.EventSourceMappings, *m.describe(s.state()))
	}
	return out, nil
}

// selected returns the mappings that a request asks for, by their ids.
func (e *Engine) selected(c *api.Caller, in *model.ListEventSourceMappingsRequest) []*mapping {
	name, _ := lambda.ParseName(c.Namespace, in.FunctionName.V)
	list := slices.DeleteFunc(e.all(), func(m *mapping) bool {
		s := m.settings.Load()
		return !m.ofFunction(c.Namespace) || in.EventSourceArn.OK && s.Source != in.EventSourceArn.V ||
			in.FunctionName.OK && s.target() != name
	})
	slices.SortFunc(list, func(a, b *mapping) int { return strings.Compare(a.settings.Load().ID, b.settings.Load().ID) })
	return list
}
