package pipeline_test

import (
	"errors"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var typed *api.Error
	if !errors.As(err, &typed) || typed.Code != code || typed.Message != text {
		t.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func TestMappingLifecycle(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		var got list
		h.handle("f", func(e *incoming) any {
			for _, r := range e.Records {
				got.add(r.Body)
			}
			return "null"
		})
		m := h.mapping(ofQueue("arn:aws:lambda:us-east-1:111122223333:function:f", arn))
		if m.State.V != "Creating" || m.StateTransitionReason.V != "USER_INITIATED" || m.BatchSize.V != 10 || m.FunctionArn.V != "arn:aws:lambda:us-east-1:111122223333:function:f" ||
			m.EventSourceMappingArn.V != "arn:aws:lambda:us-east-1:111122223333:event-source-mapping:"+m.UUID.V || m.LastProcessingResult.OK || m.DestinationConfig != nil {
			t.Errorf("created: %+v", m)
		}
		_, err := h.pipes.CreateEventSourceMapping(t.Context(), caller, ofQueue("f", arn))
		wantError(t, err, "ResourceConflictException", `An event source mapping with SQS arn (" `+arn+` ") and function (" f ") already exists. Please update or delete the existing mapping with UUID `+m.UUID.V)
		off, err := h.pipes.UpdateEventSourceMapping(t.Context(), caller, &lambdaapi.UpdateEventSourceMappingRequest{UUID: m.UUID, Enabled: api.Some(false)})
		if err != nil || off.State.V != "Disabling" {
			t.Errorf("%+v, %v", off, err)
		}
		h.send(url, "a", "")
		time.Sleep(time.Minute)
		h.restart()
		time.Sleep(time.Minute)
		if len(got.all()) != 0 {
			t.Errorf("got %v while disabled", got.all())
		}
		list, err := h.pipes.ListEventSourceMappings(t.Context(), caller, &lambdaapi.ListEventSourceMappingsRequest{EventSourceArn: api.Some(arn), FunctionName: api.Some("f")})
		if err != nil || len(list.EventSourceMappings) != 1 || list.EventSourceMappings[0].State.V != "Disabled" {
			t.Errorf("%+v, %v", list, err)
		}
		on, err := h.pipes.UpdateEventSourceMapping(t.Context(), caller, &lambdaapi.UpdateEventSourceMappingRequest{UUID: m.UUID, Enabled: api.Some(true)})
		if err != nil || on.State.V != "Enabling" {
			t.Errorf("%+v, %v", on, err)
		}
		time.Sleep(time.Second)
		if len(got.all()) != 1 {
			t.Errorf("got %v", got.all())
		}
		gone, err := h.pipes.DeleteEventSourceMapping(t.Context(), caller, &lambdaapi.DeleteEventSourceMappingRequest{UUID: m.UUID})
		if err != nil || gone.State.V != "Deleting" {
			t.Errorf("%+v, %v", gone, err)
		}
		_, err = h.pipes.GetEventSourceMapping(t.Context(), caller, &lambdaapi.GetEventSourceMappingRequest{UUID: m.UUID})
		wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	})
}

func TestMappingRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		_, queue := h.queue("q")
		_, short := h.queue("short", "VisibilityTimeout", "1")
		_, fifo := h.queue("q.fifo", "FifoQueue", "true")
		arn := h.table("tab")
		h.handle("f", func(*incoming) any { return "null" })
		n := func(v int64) api.Opt[int64] { return api.Some(v) }
		for _, c := range []struct {
			text, function, source string
			change                 func(*lambdaapi.CreateEventSourceMappingRequest)
		}{
			{"Unrecognized event source.", "f", "", nil},
			{"Unrecognized event source.", "f", "arn:aws:kinesis:us-east-1:111122223333:stream/x", nil},
			{"Function does not exist", "none", queue, nil},
			{"Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds", "f", short, nil},
			{"Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist for this wsdl version.", "f", queue + "x", nil},
			{"StartingPosition is not valid for SQS event sources.", "f", queue, func(in *lambdaapi.CreateEventSourceMappingRequest) { in.StartingPosition = api.Some("LATEST") }},
			{"Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10", "f", queue, func(in *lambdaapi.CreateEventSourceMappingRequest) { in.BatchSize = n(11) }},
			{"Batching window is not supported for FIFO queues", "f", fifo, func(in *lambdaapi.CreateEventSourceMappingRequest) { in.MaximumBatchingWindowInSeconds = n(1) }},
			{"Invalid filter pattern definition.", "f", queue, func(in *lambdaapi.CreateEventSourceMappingRequest) {
				in.FilterCriteria = &lambdaapi.FilterCriteria{Filters: []lambdaapi.Filter{{Pattern: api.Some(`{"a":1}`)}}}
			}},
			{"1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.", "f", arn, nil},
			{"Unsupported starting position for arn type: " + arn, "f", arn, func(in *lambdaapi.CreateEventSourceMappingRequest) { in.StartingPosition = api.Some("AT_TIMESTAMP") }},
			{"Timestamp only valid with StartingPosition AT_TIMESTAMP", "f", arn, func(in *lambdaapi.CreateEventSourceMappingRequest) {
				in.StartingPosition, in.StartingPositionTimestamp = api.Some("LATEST"), api.Some(time.Now())
			}},
		} {
			in := ofQueue(c.function, c.source)
			if c.change != nil {
				c.change(in)
			}
			_, err := h.pipes.CreateEventSourceMapping(t.Context(), caller, in)
			wantError(t, err, "InvalidParameterValueException", c.text)
		}
		if list, err := h.pipes.ListEventSourceMappings(t.Context(), caller, &lambdaapi.ListEventSourceMappingsRequest{}); err != nil || len(list.EventSourceMappings) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestStreamMappingDefaults(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		h.handle("f", func(*incoming) any { return "null" })
		m := h.mapping(stream("f", h.table("tab")))
		if m.BatchSize.V != 100 || m.MaximumRecordAgeInSeconds.V != -1 || m.MaximumRetryAttempts.V != -1 || m.ParallelizationFactor.V != 1 || m.TumblingWindowInSeconds.V != 0 ||
			m.BisectBatchOnFunctionError.V || m.LastProcessingResult.V != "No records processed" || m.StateTransitionReason.V != "User action" || m.DestinationConfig.OnFailure == nil {
			t.Errorf("%+v", m)
		}
	})
}
