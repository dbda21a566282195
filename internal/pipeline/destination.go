package pipeline

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// giveUp passes over records, and tells the destination of failures which they
// were. They are not passed over before it knows.
func (l *lane) giveUp(ctx context.Context, batch []*record, why string, out *outcome, invocations int) {
	if l.s.Destination != "" && !l.tell(ctx, l.failure(batch, why, out, invocations)) {
		return
	}
	l.engine.log.Warn("records were given up", "mapping", l.s.arn(), "shard", l.shard, "condition", why, "records", len(batch), "first", batch[0].id)
	l.tracker.done(batch, l.open)
}

// failure describes records that are given up.
func (l *lane) failure(batch []*record, why string, out *outcome, invocations int) *event.Failure {
	first, last := batch[0], batch[len(batch)-1]
	f := &event.Failure{
		RequestContext: &event.RequestContext{FunctionARN: l.s.target().ARN(), Condition: why, Invocations: invocations},
		Version:        "1.0", Timestamp: event.Instant(time.Now()),
		Batch: &event.StreamBatch{
			ShardID: l.shard, First: first.id, Last: last.id,
			FirstTime: event.Arrival(first.created), LastTime: event.Arrival(last.created),
			Size: len(batch), StreamARN: l.src.arn,
		},
	}
	if l.s.Pipe != nil {
		f.RequestContext, f.Context = nil, &event.PipeContext{PipeARN: l.s.arn(), Condition: why}
		return f
	}
	if out != nil && out.result != nil {
		f.RequestContext.RequestID = out.result.RequestID
		f.ResponseContext = &event.ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST"}
		if out.result.Failed {
			f.ResponseContext.FunctionError = "Unhandled"
		}
	}
	return f
}

// tell sends a failure to the destination, and reports whether that was done. It
// is tried until ctx ends, unless the queue does not exist.
func (l *lane) tell(ctx context.Context, f *event.Failure) bool {
	text, err := f.AppendJSON(nil)
	if err != nil {
		l.engine.log.Error("failure cannot be written", "mapping", l.s.arn(), "err", err)
		return true
	}
	queue, _ := parseSource(l.s.Destination)
	var b backoff
	for ctx.Err() == nil {
		_, err := l.engine.opts.Queues.SendMessage(ctx, callerOf(queue.ns), &sqsapi.SendMessageRequest{
			QueueUrl: api.Some(queue.queueURL()), MessageBody: api.Some(string(text)),
		})
		if err == nil {
			return true
		}
		l.engine.log.Warn("destination of failures cannot be told", "mapping", l.s.arn(), "queue", queue.arn, "err", err)
		if isGone(err) {
			return true
		}
		b.wait(ctx)
	}
	return false
}
