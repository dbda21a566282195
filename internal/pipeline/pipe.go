package pipeline

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/pipesapi"
)

// pipe is what a pipe has beside what a mapping has.
type pipe struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Role        string            `json:"role"`
	Created     time.Time         `json:"created"`
	Target      string            `json:"target"` // ARN
	Template    string            `json:"template,omitempty"`
	Enrichment  string            `json:"enrichment,omitempty"` // ARN of a function
	Enriching   string            `json:"enriching,omitempty"`  // the template of what it gets
	Invocation  string            `json:"invocation,omitempty"` // of a function
	Group       string            `json:"group,omitempty"`      // MessageGroupId of a queue, or a path to it
	Dedup       string            `json:"dedup,omitempty"`      // MessageDeduplicationId likewise
	Tags        map[string]string `json:"tags,omitempty"`

	// SourceSet and TargetSet say whether there are parameters of the kinds, which
	// are shown then.
	SourceSet bool `json:"sourceSet,omitempty"`
	TargetSet bool `json:"targetSet,omitempty"`
}

func pipeARN(ns api.Namespace, name string) string {
	return "arn:aws:pipes:" + ns.Region + ":" + ns.Account + ":pipe/" + name
}

// desired is the state that a pipe should be in.
func (s *settings) desired() string {
	if s.Enabled {
		return model.RequestedPipeStateRunning
	}
	return model.RequestedPipeStateStopped
}

// describePipe returns a pipe as DescribePipe shows it.
func (s *settings) describePipe() *model.DescribePipeResponse {
	p := s.Pipe
	out := &model.DescribePipeResponse{
		Arn: api.Some(s.arn()), Name: api.Some(p.Name), DesiredState: api.Some(s.desired()), CurrentState: api.Some(s.desired()),
		StateReason: api.Some("USER_INITIATED"), Source: api.Some(s.Source), Target: api.Some(p.Target), RoleArn: api.Some(p.Role),
		Description: present(p.Description), Enrichment: present(p.Enrichment), Tags: s.tags(),
		CreationTime: api.Some(p.Created), LastModifiedTime: api.Some(s.Modified),
	}
	if p.Enriching != "" {
		out.EnrichmentParameters = &model.PipeEnrichmentParameters{InputTemplate: api.Some(p.Enriching)}
	}
	out.SourceParameters, out.TargetParameters = s.sourceParameters(), p.targetParameters()
	return out
}

// present is a text that is absent if it is empty.
func present(text string) api.Opt[string] { return api.Opt[string]{V: text, OK: text != ""} }

func (s *settings) sourceParameters() *model.PipeSourceParameters {
	out := new(model.PipeSourceParameters)
	if len(s.Filters) > 0 {
		out.FilterCriteria = new(model.FilterCriteria)
		for _, text := range s.Filters {
			out.FilterCriteria.Filters = append(out.FilterCriteria.Filters, model.Filter{Pattern: api.Some(text)})
		}
	}
	src, _ := parseSource(s.Source)
	switch {
	case src.isQueue() && !s.Pipe.SourceSet && out.FilterCriteria == nil:
		return nil
	case src.isQueue() && !s.Pipe.SourceSet:
		return out
	case src.isQueue():
		out.SqsQueueParameters = &model.PipeSourceSqsQueueParameters{BatchSize: api.Some(s.BatchSize), MaximumBatchingWindowInSeconds: api.Some(s.Window)}
		return out
	}
	d := &model.PipeSourceDynamoDBStreamParameters{
		BatchSize: api.Some(s.BatchSize), MaximumBatchingWindowInSeconds: api.Some(s.Window), StartingPosition: api.Some(s.Start),
		MaximumRecordAgeInSeconds: api.Some(s.MaxAge), MaximumRetryAttempts: api.Some(s.MaxRetries), ParallelizationFactor: api.Some(s.Parallel),
	}
	if s.Bisect {
		d.OnPartialBatchItemFailure = api.Some(model.OnPartialBatchItemFailureStreamsAutomaticBisect)
	}
	if s.Destination != "" {
		d.DeadLetterConfig = &model.DeadLetterConfig{Arn: api.Some(s.Destination)}
	}
	out.DynamoDBStreamParameters = d
	return out
}

func (p *pipe) targetParameters() *model.PipeTargetParameters {
	if !p.TargetSet {
		return nil
	}
	out := &model.PipeTargetParameters{InputTemplate: present(p.Template)}
	if p.Invocation != "" {
		out.LambdaFunctionParameters = &model.PipeTargetLambdaFunctionParameters{InvocationType: api.Some(p.Invocation)}
	}
	if p.Group != "" || p.Dedup != "" {
		out.SqsQueueParameters = &model.PipeTargetSqsQueueParameters{MessageGroupId: present(p.Group), MessageDeduplicationId: present(p.Dedup)}
	}
	return out
}

// tags returns the tags of a pipe, sorted by key.
func (s *settings) tags() api.Map[string] {
	list := api.Map[string]{}
	for _, key := range sortedKeys(s.Pipe.Tags) {
		list = append(list, api.Entry[string]{Key: key, Value: s.Pipe.Tags[key]})
	}
	return list
}
