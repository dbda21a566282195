package pipeline

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// settings are what the store holds of a mapping. In memory they are immutable.
type settings struct {
	ID          string    `json:"id"` // a UUID
	Account     string    `json:"account"`
	Region      string    `json:"region"`
	Source      string    `json:"source"`   // ARN
	Function    string    `json:"function"` // name
	Enabled     bool      `json:"enabled"`
	Modified    time.Time `json:"modified"`
	BatchSize   int64     `json:"batchSize"`
	Window      int64     `json:"window"` // s
	Filters     []string  `json:"filters,omitempty"`
	Report      bool      `json:"report,omitempty"`      // ReportBatchItemFailures
	Concurrency int64     `json:"concurrency,omitempty"` // of a queue; 0: as much as there may be
	Provisioned []int64   `json:"provisioned,omitempty"` // minimum and maximum of pollers; kept, and the maximum times ten limits the concurrency

	Start       string `json:"start,omitempty"` // StartingPosition
	Parallel    int64  `json:"parallel,omitempty"`
	Bisect      bool   `json:"bisect,omitempty"`
	MaxAge      int64  `json:"maxAge,omitempty"`     // s; -1: for ever
	MaxRetries  int64  `json:"maxRetries,omitempty"` // -1: for ever
	Tumbling    int64  `json:"tumbling,omitempty"`   // s
	Destination string `json:"destination,omitempty"`

	Pipe *pipe `json:"pipe,omitempty"` // of a pipe; the rest is as of a mapping, but Function
}

func (s *settings) namespace() api.Namespace {
	return api.Namespace{Account: s.Account, Region: s.Region}
}

func (s *settings) target() lambda.Name {
	return lambda.Name{Namespace: s.namespace(), Function: s.Function}
}

func (s *settings) arn() string {
	if s.Pipe != nil {
		return pipeARN(s.namespace(), s.Pipe.Name)
	}
	return "arn:aws:lambda:" + s.Region + ":" + s.Account + ":event-source-mapping:" + s.ID
}

// save stages the row.
func (s *settings) save(b kv.Batch) error {
	row, err := json.Marshal(s)
	if err == nil {
		b.Set(mappingKey(s.namespace(), s.ID), row)
	}
	return err
}

// mapping is a mapping and what runs of it.
type mapping struct {
	settings atomic.Pointer[settings]
	result   atomic.Pointer[string] // LastProcessingResult of a stream
	failure  atomic.Pointer[Failure]
	handled  atomic.Int64 // events, since the engine was opened
	failures atomic.Int64 // of batches, since then
	running  running

	// Engine.admin guards the rest.
	stop context.CancelFunc // nil while nothing runs
	work *sync.WaitGroup
}

// What LastProcessingResult says.
const (
	resultNone   = "No records processed"
	resultOK     = "OK"
	resultFailed = "PROBLEM: Function call failed"
)

func newMapping(s *settings) *mapping {
	m := new(mapping)
	m.settings.Store(s)
	m.note(resultNone)
	return m
}

func (m *mapping) note(result string) { m.result.Store(&result) }

// States of a mapping. Those in between are only in the answers to the requests
// that change it.
const (
	stateCreating  = "Creating"
	stateEnabling  = "Enabling"
	stateEnabled   = "Enabled"
	stateDisabling = "Disabling"
	stateDisabled  = "Disabled"
	stateUpdating  = "Updating"
	stateDeleting  = "Deleting"
)

// state is the state of a mapping that is not being changed.
func (s *settings) state() string {
	if s.Enabled {
		return stateEnabled
	}
	return stateDisabled
}

// describe returns the mapping as the API shows it.
func (m *mapping) describe(state string) *model.EventSourceMappingConfiguration {
	s := m.settings.Load()
	src, _ := parseSource(s.Source)
	c := &model.EventSourceMappingConfiguration{
		UUID: api.Some(s.ID), EventSourceMappingArn: api.Some(s.arn()), EventSourceArn: api.Some(s.Source),
		FunctionArn: api.Some(s.target().ARN()), LastModified: api.Some(s.Modified), State: api.Some(state),
		BatchSize: api.Some(s.BatchSize), MaximumBatchingWindowInSeconds: api.Some(s.Window), FunctionResponseTypes: []string{},
	}
	if s.Report {
		c.FunctionResponseTypes = []string{model.FunctionResponseTypeReportBatchItemFailures}
	}
	if len(s.Filters) > 0 {
		c.FilterCriteria = &model.FilterCriteria{}
		for _, text := range s.Filters {
			c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, model.Filter{Pattern: api.Some(text)})
		}
	}
	if src.isQueue() {
		s.describeQueue(c)
		return c
	}
	s.describeStream(c)
	c.LastProcessingResult = api.Some(*m.result.Load())
	return c
}

func (s *settings) describeQueue(c *model.EventSourceMappingConfiguration) {
	c.StateTransitionReason = api.Some("USER_INITIATED")
	if s.Concurrency > 0 {
		c.ScalingConfig = &model.ScalingConfig{MaximumConcurrency: api.Some(s.Concurrency)}
	}
	if len(s.Provisioned) == 2 {
		c.ProvisionedPollerConfig = &model.ProvisionedPollerConfig{
			MinimumPollers: api.Some(s.Provisioned[0]), MaximumPollers: api.Some(s.Provisioned[1]),
		}
	}
}

func (s *settings) describeStream(c *model.EventSourceMappingConfiguration) {
	c.StateTransitionReason = api.Some("User action")
	c.StartingPosition = api.Some(s.Start)
	c.ParallelizationFactor, c.BisectBatchOnFunctionError = api.Some(s.Parallel), api.Some(s.Bisect)
	c.MaximumRecordAgeInSeconds, c.MaximumRetryAttempts = api.Some(s.MaxAge), api.Some(s.MaxRetries)
	c.TumblingWindowInSeconds = api.Some(s.Tumbling)
	c.DestinationConfig = &model.DestinationConfig{OnFailure: &model.OnFailure{}}
	if s.Destination != "" {
		c.DestinationConfig.OnFailure.Destination = api.Some(s.Destination)
	}
}

// patterns returns the filters of a mapping. They were checked when they were
// stored.
func (s *settings) patterns() []*pattern.Pattern {
	var list []*pattern.Pattern
	for _, text := range s.Filters {
		if p, err := pattern.Parse(text); err == nil {
			list = append(list, p)
		}
	}
	return list
}
