package pipeline_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// note has a function note the records that it gets, as key and number.
func note(h *house, got *list, sizes *list) {
	h.handle("f", func(e *incoming) any {
		if sizes != nil {
			sizes.add(strconv.Itoa(len(e.Records)))
		}
		for _, r := range e.Records {
			got.add(r.Dynamodb.Keys["id"]["S"] + r.Dynamodb.NewImage["n"]["N"])
		}
		return "null"
	})
}

// Every record comes once, those of a key in order, also over a restart.
func TestStream(t *testing.T) {
	for _, lanes := range []int64{1, 4} {
		inBubble(t, func(t *testing.T, h *house) {
			arn := h.table("tab")
			var got, sizes list
			for i := range 5 {
				for k := range 20 {
					h.put("tab", fmt.Sprintf("k%c", 'a'+k), i)
				}
			}
			note(h, &got, &sizes)
			in := stream("f", arn)
			in.BatchSize, in.ParallelizationFactor = api.Some(int64(10)), api.Some(lanes)
			m := h.mapping(in)
			time.Sleep(5 * time.Second)
			checkOrder(t, got.all(), 100)
			for _, s := range sizes.all() {
				if n, _ := strconv.Atoi(s); n > 10 {
					t.Errorf("a batch of %d", n)
				}
			}
			h.restart()
			time.Sleep(5 * time.Second)
			for k := range 20 {
				h.put("tab", fmt.Sprintf("k%c", 'a'+k), 5)
			}
			time.Sleep(5 * time.Second)
			checkOrder(t, got.all(), 120)
			out, err := h.pipes.GetEventSourceMapping(t.Context(), caller, &lambdaapi.GetEventSourceMappingRequest{UUID: m.UUID})
			if err != nil || out.LastProcessingResult.V != "OK" {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
}

// A mapping from LATEST on gets what is written after it was created, also if it
// was restarted before anything was, and even much later.
func TestStreamLatest(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, time.Hour} {
		inBubble(t, func(t *testing.T, h *house) {
			arn := h.table("tab")
			var got list
			note(h, &got, nil)
			h.put("tab", "a", 1)
			time.Sleep(2 * time.Second)
			in := stream("f", arn)
			in.StartingPosition = api.Some("LATEST")
			h.mapping(in)
			h.put("tab", "b", 2)
			h.close()
			time.Sleep(pause)
			h.open()
			h.put("tab", "c", 3)
			time.Sleep(5 * time.Second)
			all := got.all()
			slices.Sort(all)
			if want := []string{"b2", "c3"}; !slices.Equal(all, want) {
				t.Errorf("got %v, want %v", all, want)
			}
		})
	}
}

// Shards that roll over are read after their parents.
func TestStreamRollOver(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		var got list
		note(h, &got, nil)
		h.mapping(stream("f", arn))
		for i := range 6 {
			h.put("tab", "a", i)
			time.Sleep(3 * time.Hour)
		}
		checkOrder(t, got.all(), 6)
	})
}

// poison has a function fail while there is a record of the number 13.
func poison(h *house, got *list, calls *atomic.Int64) {
	h.handle("f", func(e *incoming) any {
		calls.Add(1)
		for _, r := range e.Records {
			if r.Dynamodb.NewImage["n"]["N"] == "13" {
				return errPoison
			}
		}
		for _, r := range e.Records {
			got.add("k" + fmt.Sprintf("%02s", r.Dynamodb.NewImage["n"]["N"]))
		}
		return "null"
	})
}

// A poison record is isolated by bisection, given up after its retries, and named
// to the destination; what is behind it comes through.
func TestStreamPoison(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		dead, deadARN := h.queue("dead")
		arn := h.table("tab")
		for i := 10; i < 20; i++ {
			h.put("tab", "k", i)
		}
		var got list
		var calls atomic.Int64
		poison(h, &got, &calls)
		in := stream("f", arn)
		in.BisectBatchOnFunctionError, in.MaximumRetryAttempts = api.Some(true), api.Some(int64(2))
		in.DestinationConfig = &lambdaapi.DestinationConfig{OnFailure: &lambdaapi.OnFailure{Destination: api.Some(deadARN)}}
		h.mapping(in)
		time.Sleep(time.Minute)
		if want := strings.Split("k10 k11 k12 k14 k15 k16 k17 k18 k19", " "); !slices.Equal(got.all(), want) {
			t.Errorf("got %v", got.all())
		}
		var failure struct {
			RequestContext struct {
				Condition              string
				ApproximateInvokeCount int
			}
			ResponseContext struct{ FunctionError string }
			Batch           struct {
				BatchSize           int
				StartSequenceNumber string
			} `json:"DDBStreamBatchInfo"`
		}
		h.must(json.Unmarshal([]byte(h.receive(dead)), &failure))
		if failure.RequestContext.Condition != "RetryAttemptsExhausted" || failure.RequestContext.ApproximateInvokeCount != 3 ||
			failure.Batch.BatchSize != 1 || failure.ResponseContext.FunctionError != "Unhandled" {
			t.Errorf("failure: %+v", failure)
		}
	})
}

// Without a limit a poison record stops its shard until it is too old; other shards
// go on.
func TestStreamMaximumAge(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		var got list
		var calls atomic.Int64
		poison(h, &got, &calls)
		in := stream("f", arn)
		in.MaximumRecordAgeInSeconds = api.Some(int64(60))
		h.mapping(in)
		h.put("tab", "k", 13)
		for i := range 8 {
			h.put("tab", fmt.Sprint("other", i), i)
		}
		time.Sleep(30 * time.Second)
		h.put("tab", "k", 14)
		time.Sleep(15 * time.Second)
		if all := got.all(); slices.Contains(all, "k14") || len(all) == 0 || calls.Load() < 4 {
			t.Errorf("while the poison is young: %v, %d calls", all, calls.Load())
		}
		time.Sleep(time.Minute)
		if all := got.all(); !slices.Contains(all, "k14") || slices.Contains(all, "k13") {
			t.Errorf("in the end: %v", all)
		}
	})
}

// What comes before the reported record is done, and comes no more.
func TestStreamPartialFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		for i := range 6 {
			h.put("tab", "k", i)
		}
		var got list
		var calls atomic.Int64
		h.handle("f", func(e *incoming) any {
			first := calls.Add(1) == 1
			for _, r := range e.Records {
				n := r.Dynamodb.NewImage["n"]["N"]
				if first && n == "3" {
					return failures(r.Dynamodb.SequenceNumber)
				}
				got.add("k" + n)
			}
			return failures()
		})
		in := stream("f", arn)
		in.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
		h.mapping(in)
		time.Sleep(10 * time.Second)
		checkOrder(t, got.all(), 6)
		if calls.Load() != 2 {
			t.Errorf("%d calls", calls.Load())
		}
	})
}

// A report that names no record of the batch is a complete failure, in a tumbling
// window too.
func TestStreamUnknownFailure(t *testing.T) {
	for name, report := range map[string]string{
		"another":                       `[{"itemIdentifier":"7"}]`,
		"one that is there and another": `[{"itemIdentifier":"SECOND"},{"itemIdentifier":"7"}]`,
		"empty":                         `[{"itemIdentifier":""}]`,
		"null":                          `[{"itemIdentifier":null}]`,
		"other":                         `[{"identifier":"SECOND"}]`,
		"no list":                       `"SECOND"`,
	} {
		for _, window := range []int64{0, 10} {
			inBubble(t, func(t *testing.T, h *house) {
				arn := h.table("tab")
				for i := range 3 {
					h.put("tab", "k", i)
				}
				var batches list
				h.handle("f", func(e *incoming) any {
					if len(e.Records) == 0 {
						return "{}" // the end of a window
					}
					text, first := "", len(batches.all()) == 0
					for _, r := range e.Records {
						text += r.Dynamodb.NewImage["n"]["N"]
					}
					batches.add(text)
					if !first {
						return `{"batchItemFailures":[],"state":{}}`
					}
					return `{"state":{},"batchItemFailures":` + strings.ReplaceAll(report, "SECOND", e.Records[1].Dynamodb.SequenceNumber) + `}`
				})
				in := stream("f", arn)
				in.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
				if window > 0 {
					in.TumblingWindowInSeconds = api.Some(window)
				}
				h.mapping(in)
				time.Sleep(time.Minute)
				if all := batches.all(); !slices.Equal(all, []string{"012", "012"}) {
					t.Errorf("%s, window of %d s: batches %q", name, window, all)
				}
			})
		}
	}
}

func TestStreamFilter(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		var got list
		note(h, &got, nil)
		in := stream("f", arn)
		in.FilterCriteria = &lambdaapi.FilterCriteria{Filters: []lambdaapi.Filter{{Pattern: api.Some(`{"eventName":["MODIFY"],"dynamodb":{"NewImage":{"n":{"N":["2"]}}}}`)}}}
		h.mapping(in)
		for i := range 4 {
			h.put("tab", "a", i)
		}
		time.Sleep(5 * time.Second)
		if all := got.all(); !slices.Equal(all, []string{"a2"}) {
			t.Errorf("got %v", all)
		}
	})
}

// A tumbling window sums up what comes in it, hands the state on from batch to
// batch, also over a restart, and ends with a final invocation.
func TestTumblingWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		var finals list
		h.handle("f", func(e *incoming) any {
			var state struct{ Sum int }
			h.must(json.Unmarshal(e.State, &state))
			if e.Final {
				finals.add(strconv.Itoa(state.Sum))
			}
			for _, r := range e.Records {
				n, _ := strconv.Atoi(r.Dynamodb.NewImage["n"]["N"])
				state.Sum += n
			}
			return map[string]any{"state": map[string]int{"Sum": state.Sum}}
		})
		in := stream("f", arn)
		in.TumblingWindowInSeconds = api.Some(int64(60))
		h.mapping(in)
		for i := range 10 {
			h.put("tab", "k", i)
			time.Sleep(time.Second)
			if i == 4 {
				h.restart()
			}
		}
		time.Sleep(2 * time.Minute)
		h.put("tab", "k", 100)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if all := finals.all(); !slices.Equal(all, []string{"45", "100"}) {
			t.Errorf("got %v", all)
		}
	})
}
