package pipeline

import (
	"context"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// What a mapping has unless it is said.
const (
	queueBatch  = 10
	streamBatch = 100
)

// maxFilters is how many filters a mapping may have: the quota, at its highest.
const maxFilters = 10

func errParameter(format string, args ...any) *api.Error {
	return api.Errorf(model.CodeInvalidParameterValueException, format, args...)
}

// newSettings checks a request and returns the mapping that it asks for.
func (e *Engine) newSettings(ctx context.Context, c *api.Caller, in *model.CreateEventSourceMappingRequest) (*settings, source, error) {
	src, ok := parseSource(in.EventSourceArn.V)
	if !ok || src.ns != c.Namespace {
		return nil, src, errParameter("Unrecognized event source.")
	}
	s := &settings{
		ID: lambda.NewUUID(), Account: c.Account, Region: c.Region, Source: src.arn, Enabled: in.Enabled.Or(true), Modified: now(),
		BatchSize: queueBatch, MaxAge: -1, MaxRetries: -1, Parallel: 1,
	}
	if !src.isQueue() {
		s.BatchSize = streamBatch
	}
	if err := s.setStart(src, in); err != nil {
		return nil, src, err
	}
	o := options{
		function: api.Some(in.FunctionName.V), batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, filters: in.FilterCriteria,
		responses: in.FunctionResponseTypes, scaling: in.ScalingConfig, pollers: in.ProvisionedPollerConfig, parallel: in.ParallelizationFactor,
		bisect: in.BisectBatchOnFunctionError, age: in.MaximumRecordAgeInSeconds, retries: in.MaximumRetryAttempts,
		tumbling: in.TumblingWindowInSeconds, destination: in.DestinationConfig,
	}
	return s, src, e.settle(ctx, c, s, src, &o)
}

// setStart checks and sets the starting position.
func (s *settings) setStart(src source, in *model.CreateEventSourceMappingRequest) error {
	switch {
	case src.isQueue() && in.StartingPosition.OK:
		return errParameter("StartingPosition is not valid for SQS event sources.")
	case src.isQueue():
		return nil
	case !in.StartingPosition.OK:
		return errParameter("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
	case in.StartingPosition.V == model.EventSourcePositionAtTimestamp:
		return errParameter("Unsupported starting position for arn type: %s", src.arn)
	case in.StartingPositionTimestamp.OK:
		return errParameter("Timestamp only valid with StartingPosition AT_TIMESTAMP")
	}
	s.Start = in.StartingPosition.V
	return nil
}

// changedSettings checks a request and returns what it makes of a mapping.
func (e *Engine) changedSettings(ctx context.Context, c *api.Caller, old *settings, in *model.UpdateEventSourceMappingRequest) (*settings, error) {
	s := *old
	s.Enabled, s.Modified = in.Enabled.Or(old.Enabled), now()
	src, _ := parseSource(s.Source)
	o := options{
		function: in.FunctionName, batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, filters: in.FilterCriteria,
		responses: in.FunctionResponseTypes, scaling: in.ScalingConfig, pollers: in.ProvisionedPollerConfig, parallel: in.ParallelizationFactor,
		bisect: in.BisectBatchOnFunctionError, age: in.MaximumRecordAgeInSeconds, retries: in.MaximumRetryAttempts,
		tumbling: in.TumblingWindowInSeconds, destination: in.DestinationConfig,
	}
	return &s, e.settle(ctx, c, &s, src, &o)
}

// options are what creating and updating have in common. What is absent stays as
// it is.
type options struct {
	function                                        api.Opt[string]
	batch, window, parallel, age, retries, tumbling api.Opt[int64]
	bisect                                          api.Opt[bool]
	filters                                         *model.FilterCriteria
	responses                                       []string
	scaling                                         *model.ScalingConfig
	pollers                                         *model.ProvisionedPollerConfig
	destination                                     *model.DestinationConfig
}

// settle puts options into settings and checks the whole.
func (e *Engine) settle(ctx context.Context, c *api.Caller, s *settings, src source, o *options) error {
	if err := o.checkKind(src); err != nil {
		return err
	}
	s.BatchSize, s.Window = o.batch.Or(s.BatchSize), o.window.Or(s.Window)
	s.Parallel, s.Bisect = o.parallel.Or(s.Parallel), o.bisect.Or(s.Bisect)
	s.MaxAge, s.MaxRetries, s.Tumbling = o.age.Or(s.MaxAge), o.retries.Or(s.MaxRetries), o.tumbling.Or(s.Tumbling)
	if o.responses != nil {
		s.Report = len(o.responses) > 0
	}
	if err := s.checkBatch(src); err != nil {
		return err
	}
	if err := s.setFilters(o.filters); err != nil {
		return err
	}
	if err := s.setScaling(o); err != nil {
		return err
	}
	if err := e.setDestination(ctx, c, s, o.destination); err != nil {
		return err
	}
	return e.checkEnds(ctx, c, s, src, o.function)
}

// checkKind refuses options that the kind of source does not have.
func (o *options) checkKind(src source) error {
	if src.isQueue() {
		if o.parallel.OK || o.bisect.OK || o.age.OK || o.retries.OK || o.tumbling.OK || o.destination != nil {
			return errParameter("Unsupported parameter for given event source mapping type.")
		}
		return nil
	}
	if o.scaling != nil || o.pollers != nil {
		return errParameter("Unsupported parameter for given event source mapping type.")
	}
	if o.destination != nil && o.destination.OnSuccess != nil {
		return errParameter("Unsupported DestinationConfig parameter for given event source mapping type.")
	}
	return nil
}

// checkBatch checks the size of batches and the windows against each other.
func (s *settings) checkBatch(src source) error {
	switch {
	case src.isFIFO() && s.Window > 0:
		return errParameter("Batching window is not supported for FIFO queues")
	case src.isFIFO() && s.BatchSize > maxReceive:
		return errParameter("Batch size must be less than or equal to %d for FIFO queues", maxReceive)
	case src.isQueue() && s.BatchSize > maxReceive && s.Window == 0:
		return errParameter("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case s.MaxAge >= 0 && s.MaxAge < 60:
		return errParameter("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800")
	}
	return nil
}

func (s *settings) setFilters(c *model.FilterCriteria) error {
	if c == nil {
		return nil
	}
	if len(c.Filters) > maxFilters {
		return errParameter("A mapping has at most %d filters", maxFilters)
	}
	s.Filters = nil
	for _, f := range c.Filters {
		if _, err := pattern.Parse(f.Pattern.V); err != nil {
			return errParameter("Invalid filter pattern definition.")
		}
		s.Filters = append(s.Filters, f.Pattern.V)
	}
	return nil
}

func (s *settings) setScaling(o *options) error {
	if o.scaling != nil {
		s.Concurrency = o.scaling.MaximumConcurrency.V
	}
	if p := o.pollers; p != nil {
		s.Provisioned = nil
		if p.MinimumPollers.OK || p.MaximumPollers.OK {
			s.Provisioned = []int64{p.MinimumPollers.Or(2), p.MaximumPollers.Or(200)}
		}
	}
	if len(s.Provisioned) == 2 && s.Concurrency > 0 {
		return errParameter("ScalingConfig and ProvisionedPollerConfig cannot be used together")
	}
	return nil
}

// setDestination checks and sets where failures go.
func (e *Engine) setDestination(ctx context.Context, c *api.Caller, s *settings, d *model.DestinationConfig) error {
	if d == nil || d.OnFailure == nil {
		return nil
	}
	s.Destination = d.OnFailure.Destination.V
	if s.Destination == "" {
		return nil
	}
	to, ok := parseSource(s.Destination)
	if !ok || !to.isQueue() || to.isFIFO() || to.ns != c.Namespace {
		return errParameter("The destination ARN %s is invalid.", s.Destination)
	}
	_, err := e.visibility(ctx, to)
	return err
}

// checkEnds checks that there are a source and a function, and that they go
// together.
func (e *Engine) checkEnds(ctx context.Context, c *api.Caller, s *settings, src source, function api.Opt[string]) error {
	if function.OK {
		name, qualifier := lambda.ParseName(c.Namespace, function.V)
		if name.Namespace != c.Namespace || qualifier != "" && qualifier != "$LATEST" {
			return errParameter("Function does not exist")
		}
		s.Function = name.Function
	}
	target, ok := e.opts.Functions.Target(s.target())
	if !ok {
		return errParameter("Function does not exist")
	}
	if !src.isQueue() {
		_, err := e.opts.Streams.DescribeStream(ctx, callerOf(src.ns), &streamsapi.DescribeStreamInput{StreamArn: api.Some(src.arn), Limit: api.Some(int64(1))})
		if isGone(err) {
			return errParameter("Stream not found: %s", src.arn)
		}
		return err
	}
	visibility, err := e.visibility(ctx, src)
	if err != nil {
		return err
	}
	if timeout := int64(target.Timeout.Seconds()); visibility < timeout {
		return errParameter("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visibility, timeout)
	}
	return nil
}

// visibility returns the visibility timeout of a queue in seconds.
func (e *Engine) visibility(ctx context.Context, queue source) (int64, error) {
	out, err := e.opts.Queues.GetQueueAttributes(ctx, callerOf(queue.ns), &sqsapi.GetQueueAttributesRequest{
		QueueUrl: api.Some(queue.queueURL()), AttributeNames: []string{sqsapi.QueueAttributeNameVisibilityTimeout},
	})
	if isGone(err) {
		return 0, errParameter("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. " +
			"SQS Error Message: The specified queue does not exist for this wsdl version.")
	}
	if err != nil {
		return 0, err
	}
	text, _ := out.Attributes.Get(sqsapi.QueueAttributeNameVisibilityTimeout)
	return strconv.ParseInt(text, 10, 64)
}
