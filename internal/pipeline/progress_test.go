package pipeline_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// What a mapping has not handled is seen with its age and with why; once it is
// handled, the position moves on and the failure stays to be read.
func TestProgressOfStream(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		arn := h.table("tab")
		var healed atomic.Bool
		h.handle("f", func(e *incoming) any {
			for _, r := range e.Records {
				if r.Dynamodb.NewImage["n"]["N"] == "13" && !healed.Load() {
					return errPoison
				}
			}
			return "null"
		})
		in := stream("f", arn)
		in.MaximumRetryAttempts = api.Some(int64(-1))
		h.mapping(in)
		h.put("tab", "a", 1)
		time.Sleep(5 * time.Second)
		before := h.pipes.Progress()[0].Shards
		h.put("tab", "a", 13)
		time.Sleep(time.Minute)
		synctest.Wait()
		p := h.pipes.Progress()[0]
		if len(before) == 0 || len(p.Shards) != len(before) || p.Function != "f" || p.Source != arn || !p.Enabled {
			t.Fatalf("before %+v\nnow %+v", before, p)
		}
		waiting := 0
		for i, s := range p.Shards {
			waiting += s.Records
			if s.Records > 0 && (before[i].Records > 0 || s.Sequence != before[i].Sequence || s.Sequence == "" || time.Since(s.Oldest) < 59*time.Second) {
				t.Errorf("before %+v\nnow %+v", before[i], s)
			}
		}
		if waiting != 1 || !strings.Contains(p.Failure.Text, "poison") || time.Since(p.Failure.At) > time.Minute {
			t.Errorf("%d records wait, failure %+v", waiting, p.Failure)
		}
		if p.Handled != 1 || p.Failures < 2 {
			t.Errorf("%d events handled, %d batches failed; want 1 and several", p.Handled, p.Failures)
		}
		healed.Store(true)
		time.Sleep(5 * time.Minute)
		if n := h.pipes.Progress()[0].Handled; n != 2 {
			t.Errorf("%d events handled, want 2", n)
		}
		for _, s := range h.pipes.Progress()[0].Shards {
			if s.Records > 0 {
				t.Errorf("handled, but %+v", s)
			}
		}
	})
}

func TestProgressOfQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		url, arn := h.queue("q")
		end := make(chan struct{})
		h.handle("f", func(*incoming) any {
			<-end
			return failures("none")
		})
		h.mapping(ofQueue("f", arn))
		h.send(url, "x", "")
		synctest.Wait()
		if p := h.pipes.Progress()[0]; p.Busy != 1 || p.Workers < 1 || len(p.Shards) > 0 || p.Failure.Text != "" {
			t.Errorf("%+v", p)
		}
		close(end)
		synctest.Wait()
		if p := h.pipes.Progress()[0]; p.Busy != 0 {
			t.Errorf("%+v", p)
		}
	})
}
