package pipeline

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// ListPipes returns the pipes of the caller that a request selects, by name.
func (e *Engine) ListPipes(_ context.Context, c *api.Caller, in *model.ListPipesRequest) (*model.ListPipesResponse, error) {
	after, err := base64.RawURLEncoding.DecodeString(in.NextToken.V)
	if err != nil {
		return nil, errPipe("Invalid NextToken.")
	}
	limit := int(in.Limit.Or(maxList))
	out := &model.ListPipesResponse{Pipes: []model.Pipe{}}
	for _, m := range e.pipes(c.Namespace) {
		s := m.settings.Load()
		if s.Pipe.Name <= string(after) || !s.selected(in) {
			continue
		}
		if n := len(out.Pipes); n == limit {
			out.NextToken = api.Some(base64.RawURLEncoding.EncodeToString([]byte(out.Pipes[n-1].Name.V)))
			break
		}
		d := s.describePipe()
		out.Pipes = append(out.Pipes, model.Pipe{
			Name: d.Name, Arn: d.Arn, DesiredState: d.DesiredState, CurrentState: d.CurrentState, StateReason: d.StateReason,
			CreationTime: d.CreationTime, LastModifiedTime: d.LastModifiedTime, Source: d.Source, Target: d.Target, Enrichment: d.Enrichment,
		})
	}
	return out, nil
}

// selected reports whether a request asks for a pipe.
func (s *settings) selected(in *model.ListPipesRequest) bool {
	return strings.HasPrefix(s.Pipe.Name, in.NamePrefix.V) && strings.HasPrefix(s.Source, in.SourcePrefix.V) && strings.HasPrefix(s.Pipe.Target, in.TargetPrefix.V) &&
		in.DesiredState.Or(s.desired()) == s.desired() && in.CurrentState.Or(s.desired()) == s.desired()
}
