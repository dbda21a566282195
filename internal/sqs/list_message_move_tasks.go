package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// ListMessageMoveTasks returns the last tasks of a queue, the newest first.
func (e *Engine) ListMessageMoveTasks(_ context.Context, c *api.Caller, in *model.ListMessageMoveTasksRequest) (*model.ListMessageMoveTasksResult, error) {
	q, err := e.queueOfARN(c, in.SourceArn.V, "SourceArn")
	if err != nil {
		return nil, err
	}
	most := in.MaxResults.Or(1)
	if most < 1 || most > keptTasks {
		return nil, errParameter(most, "MaxResults", "Must be between 1 and %d, if provided.", keptTasks)
	}
	if _, err := q.lock(); err != nil {
		return nil, err
	}
	defer q.unlock()
	out := &model.ListMessageMoveTasksResult{Results: []model.ListMessageMoveTasksResultEntry{}}
	for i := len(q.tasks) - 1; i >= 0 && int64(len(out.Results)) < most; i-- {
		out.Results = append(out.Results, q.tasks[i].entry(q))
	}
	return out, nil
}

// entry describes a task. Only one that runs has a handle, as it serves to cancel.
func (t *moveTask) entry(q *queue) model.ListMessageMoveTasksResultEntry {
	out := model.ListMessageMoveTasksResultEntry{
		Status:                            api.Some(t.Status),
		SourceArn:                         api.Some(q.arn.String()),
		ApproximateNumberOfMessagesMoved:  api.Some(t.Moved),
		ApproximateNumberOfMessagesToMove: api.Some(t.ToMove),
		StartedTimestamp:                  api.Some(t.Started),
	}
	if t.Status == taskRunning {
		out.TaskHandle = api.Some(t.handle(q))
	}
	if t.Destination != "" {
		out.DestinationArn = api.Some(t.Destination)
	}
	if t.Rate != 0 {
		out.MaxNumberOfMessagesPerSecond = api.Some(t.Rate)
	}
	if t.Failure != "" {
		out.FailureReason = api.Some(t.Failure)
	}
	return out
}
