package pipeline

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// maxTags is how many tags a pipe has.
const maxTags = 50

// TagResource adds tags to a pipe, or replaces their values.
func (e *Engine) TagResource(_ context.Context, c *api.Caller, in *model.TagResourceRequest) (*model.TagResourceResponse, error) {
	err := e.retag(c, in.ResourceArn.V, func(tags map[string]string) {
		for _, tag := range in.Tags {
			tags[tag.Key] = tag.Value
		}
	})
	if err != nil {
		return nil, err
	}
	return &model.TagResourceResponse{}, nil
}

// UntagResource removes tags from a pipe.
func (e *Engine) UntagResource(_ context.Context, c *api.Caller, in *model.UntagResourceRequest) (*model.UntagResourceResponse, error) {
	err := e.retag(c, in.ResourceArn.V, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &model.UntagResourceResponse{}, nil
}

// ListTagsForResource returns the tags of a pipe.
func (e *Engine) ListTagsForResource(_ context.Context, c *api.Caller, in *model.ListTagsForResourceRequest) (*model.ListTagsForResourceResponse, error) {
	m, err := e.tagged(c, in.ResourceArn.V)
	if err != nil {
		return nil, err
	}
	return &model.ListTagsForResourceResponse{Tags: m.settings.Load().tags()}, nil
}

// tagged returns the pipe of an ARN.
func (e *Engine) tagged(c *api.Caller, arn string) (*mapping, error) {
	name, ok := strings.CutPrefix(arn, pipeARN(c.Namespace, ""))
	if !ok {
		return nil, api.Errorf(model.CodeNotFoundException, "Resource %s does not exist.", arn)
	}
	return e.findPipe(c, name)
}

// retag changes the tags of a pipe, which goes on running meanwhile.
func (e *Engine) retag(c *api.Caller, arn string, edit func(map[string]string)) error {
	e.admin.Lock()
	defer e.admin.Unlock()
	m, err := e.tagged(c, arn)
	if err != nil {
		return err
	}
	s, p := *m.settings.Load(), *m.settings.Load().Pipe
	p.Tags = map[string]string{}
	for key, value := range s.Pipe.Tags {
		p.Tags[key] = value
	}
	edit(p.Tags)
	if len(p.Tags) > maxTags {
		return errPipe("A pipe has at most %d tags.", maxTags)
	}
	s.Pipe = &p
	b := e.store.NewBatch()
	defer b.Discard()
	if err := s.save(b); err != nil {
		return err
	}
	if err := e.apply(b); err != nil {
		return err
	}
	m.settings.Store(&s)
	return nil
}
