package pipeline

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	model "github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/pattern"
	"github.com/levee-io/levee/internal/pipeline/template"
)

// pipeOptions are what creating and updating have in common. What is absent stays
// as it is.
type pipeOptions struct {
	description, role, target, enrichment api.Opt[string]

	filters    *model.FilterCriteria
	queue      *model.PipeSourceSqsQueueParameters
	stream     *model.PipeSourceDynamoDBStreamParameters
	enriching  *model.PipeEnrichmentParameters
	parameters *model.PipeTargetParameters
}

// unsetSource gives a pipe what it has without parameters of its source.
func (s *settings) unsetSource(src source) {
	s.BatchSize, s.Window, s.MaxAge, s.MaxRetries, s.Parallel = 0, 0, -1, -1, 1
	s.Bisect, s.Destination, s.Pipe.SourceSet = false, "", false
	if src.isQueue() {
		s.MaxAge, s.MaxRetries = 0, 0
	}
}

// settlePipe puts options into a pipe and checks the whole.
func (e *Engine) settlePipe(ctx context.Context, c *api.Caller, s *settings, src source, o *pipeOptions) error {
	p := s.Pipe
	p.Description, p.Role = o.description.Or(p.Description), o.role.Or(p.Role)
	p.Target, p.Enrichment = o.target.Or(p.Target), o.enrichment.Or(p.Enrichment)
	if o.enriching != nil {
		p.Enriching = o.enriching.InputTemplate.Or(p.Enriching)
	}
	if err := s.setSource(src, o); err != nil {
		return err
	}
	to, ok := parseTarget(c.Namespace, p.Target)
	if !ok {
		return errPipe("Target %s is not a queue, function or table of this account and region, nor a sink.", p.Target)
	}
	p.setTarget(o.parameters)
	for _, check := range []func() error{
		func() error { return p.checkTemplates() },
		func() error { return e.checkFunction(c.Namespace, p.Enrichment, "Enrichment") },
		func() error { return e.checkPipeBatch(s, src, to) },
		func() error { return e.checkPipeSource(ctx, s, src, to) },
		func() error { return e.checkTarget(ctx, s, src, to) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// setSource sets the filters and the parameters of the kind of source.
func (s *settings) setSource(src source, o *pipeOptions) error {
	if o.filters != nil {
		s.Filters = nil
		for _, f := range o.filters.Filters {
			if _, err := pattern.Parse(f.Pattern.V); err != nil {
				return errPipe("Invalid filter pattern: %v", err)
			}
			s.Filters = append(s.Filters, f.Pattern.V)
		}
	}
	if src.isQueue() && o.stream != nil || !src.isQueue() && o.queue != nil {
		return errPipe("SourceParameters are not of the kind of %s.", src.arn)
	}
	switch {
	case o.queue != nil:
		s.unsetSource(src)
		s.Pipe.SourceSet = true
		s.BatchSize, s.Window = o.queue.BatchSize.V, o.queue.MaximumBatchingWindowInSeconds.V
	case o.stream != nil:
		s.unsetSource(src)
		d := o.stream
		s.BatchSize, s.Window, s.Parallel = d.BatchSize.V, d.MaximumBatchingWindowInSeconds.V, d.ParallelizationFactor.Or(1)
		s.MaxAge, s.MaxRetries = d.MaximumRecordAgeInSeconds.Or(-1), d.MaximumRetryAttempts.Or(-1)
		s.Bisect = d.OnPartialBatchItemFailure.OK
		if d.DeadLetterConfig != nil {
			s.Destination = d.DeadLetterConfig.Arn.V
		}
	}
	return nil
}

// setTarget sets the parameters of the target: those of a kind all together.
func (p *pipe) setTarget(in *model.PipeTargetParameters) {
	if in == nil {
		return
	}
	p.TargetSet = true
	p.Template = in.InputTemplate.Or(p.Template)
	if f := in.LambdaFunctionParameters; f != nil {
		p.Invocation = f.InvocationType.V
	}
	if q := in.SqsQueueParameters; q != nil {
		p.Group, p.Dedup = q.MessageGroupId.V, q.MessageDeduplicationId.V
	}
}

func (p *pipe) checkTemplates() error {
	for _, text := range []string{p.Template, p.Enriching} {
		if _, err := template.Parse(text); err != nil {
			return errPipe("Invalid InputTemplate provided. %v", err)
		}
	}
	for _, text := range []string{p.Group, p.Dedup} {
		if _, err := parseParam(text); err != nil {
			return errPipe("Invalid JSON path %s.", text)
		}
	}
	return nil
}

// checkPipeBatch sets what the size of batches is by default, and checks it: a pipe
// has no larger ones than its target takes.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
func (e *Engine) checkPipeBatch(s *settings, src source, to target) error {
	most := e.maxBatch(&to)
	if s.BatchSize == 0 {
		s.BatchSize = min(queueBatch, most)
		if !src.isQueue() {
			s.BatchSize = min(streamBatch, most)
		}
	}
	switch {
	case s.BatchSize > most:
		return errPipe("BatchSize is %d, but the target takes at most %d at once.", s.BatchSize, most)
	case src.isFIFO() && s.Window > 0:
		return errPipe("Batching window is not supported for FIFO queues")
	case src.isFIFO() && s.BatchSize > maxReceive:
		return errPipe("BatchSize must be less than or equal to %d for FIFO queues", maxReceive)
	case src.isQueue() && s.BatchSize > maxReceive && s.Window == 0:
		return errPipe("MaximumBatchingWindowInSeconds must be greater than 0 if BatchSize is greater than 10")
	case !src.isQueue() && s.MaxAge >= 0 && s.MaxAge < 60:
		return errPipe("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800")
	}
	return nil
}

// checkFunction checks that there is a function, if one is named.
func (e *Engine) checkFunction(ns api.Namespace, arn, what string) error {
	if arn == "" {
		return nil
	}
	to, ok := parseTarget(ns, arn)
	if ok && to.service == serviceLambda {
		_, ok = e.opts.Functions.Target(to.function())
	} else {
		ok = false
	}
	if !ok {
		return errPipe("%s %s is not a function of this account and region that exists.", what, arn)
	}
	return nil
}

// checkPipeSource checks that there is a source, which has what the target needs,
// and a dead-letter queue if there is to be one.
func (e *Engine) checkPipeSource(ctx context.Context, s *settings, src source, to target) error {
	if src.isQueue() {
		return e.checkQueue(ctx, src, "Source")
	}
	out, err := e.opts.Streams.DescribeStream(ctx, callerOf(src.ns), &streamsapi.DescribeStreamInput{StreamArn: api.Some(src.arn), Limit: api.Some(int64(1))})
	switch {
	case isGone(err):
		return errPipe("Source %s does not exist.", src.arn)
	case err != nil:
		return err
	}
	view := out.StreamDescription.StreamViewType.V
	if to.service == serviceDynamoDB && s.Pipe.Template == "" && s.Pipe.Enrichment == "" && !strings.HasPrefix(view, "NEW_") {
		return errPipe("Source %s has no new images, from which the target table could be written.", src.arn)
	}
	if s.Destination == "" {
		return nil
	}
	dead, ok := parseSource(s.Destination)
	if !ok || !dead.isQueue() || dead.isFIFO() || dead.ns != s.namespace() {
		return errPipe("DeadLetterConfig.Arn %s is not a standard queue of this account and region.", s.Destination)
	}
	return e.checkQueue(ctx, dead, "DeadLetterConfig.Arn")
}

func (e *Engine) checkQueue(ctx context.Context, queue source, what string) error {
	_, err := e.opts.Queues.GetQueueAttributes(ctx, callerOf(queue.ns), &sqsapi.GetQueueAttributesRequest{QueueUrl: api.Some(queue.queueURL())})
	if isGone(err) {
		return errPipe("%s %s does not exist.", what, queue.arn)
	}
	return err
}

// checkTarget checks that there is a target, and that its parameters are of its
// kind.
func (e *Engine) checkTarget(ctx context.Context, s *settings, src source, to target) error {
	p := s.Pipe
	if p.Invocation != "" && to.service != serviceLambda || (p.Group != "" || p.Dedup != "") && to.service != serviceSQS {
		return errPipe("TargetParameters are not of the kind of %s.", p.Target)
	}
	switch to.service {
	case serviceLambda:
		return e.checkFunction(s.namespace(), p.Target, "Target")
	case serviceSQS:
		queue := to.queue()
		if queue.isFIFO() && p.Group == "" {
			return errPipe("MessageGroupId is required for the FIFO queue %s.", p.Target)
		}
		return e.checkQueue(ctx, queue, "Target")
	}
	if to.service == serviceLevee {
		if e.sink(to.name) == nil {
			return errPipe("Target %s is no sink that the server has.", p.Target)
		}
		return nil
	}
	if src.isQueue() && p.Template == "" && p.Enrichment == "" {
		return errPipe("A pipe from a queue to a table needs an InputTemplate.")
	}
	_, err := e.opts.Tables.DescribeTable(ctx, callerOf(to.ns), &dynamodbapi.DescribeTableInput{TableName: api.Some(to.name)})
	if isGone(err) {
		return errPipe("Target %s does not exist.", p.Target)
	}
	return err
}

// The services that targets are of.
const (
	serviceSQS      = "sqs"
	serviceLambda   = "lambda"
	serviceDynamoDB = "dynamodb"
	serviceLevee    = "levee"
)

// target is the ARN of a target, taken apart.
type target struct {
	arn     string
	service string
	ns      api.Namespace
	name    string
}

// parseTarget takes the ARN of a target in a namespace apart.
func parseTarget(ns api.Namespace, arn string) (t target, ok bool) {
	named, ok := api.ParseARN(arn)
	if !ok {
		return t, false
	}
	t = target{arn: arn, service: named.Service, ns: named.Namespace}
	if t.service == serviceLevee { // a sink is of the server, and of no account
		t.name, ok = strings.CutPrefix(named.Resource, "sink/")
		return t, ok && t.name != "" && t.ns == api.Namespace{}
	}
	switch t.service {
	case serviceSQS:
		t.name, ok = named.Resource, !strings.ContainsAny(named.Resource, ":/")
	case serviceLambda:
		t.name, ok = strings.CutPrefix(named.Resource, "function:")
		t.name = strings.TrimSuffix(t.name, ":$LATEST")
	case serviceDynamoDB:
		t.name, ok = strings.CutPrefix(named.Resource, "table/")
	}
	return t, ok && t.name != "" && !strings.ContainsAny(t.name, ":/") && t.ns == ns
}

func (t *target) function() lambda.Name { return lambda.Name{Namespace: t.ns, Function: t.name} }

func (t *target) queue() source {
	return source{arn: t.arn, service: serviceSQS, ns: t.ns, name: t.name}
}

// maxBatch is the largest batch that a target takes. That of a table is Levee's
// own: with each item a message may have to be deleted in the same transaction.
func (e *Engine) maxBatch(t *target) int64 {
	switch t.service {
	case serviceLevee:
		if sink := e.sink(t.name); sink != nil {
			return int64(sink.Limits().Batch)
		}
	case serviceSQS:
		return maxReceive
	case serviceDynamoDB:
		return maxActions / 2
	}
	return 10_000
}
