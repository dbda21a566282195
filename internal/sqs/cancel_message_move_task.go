package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// CancelMessageMoveTask ends a task. What it has moved stays moved.
func (e *Engine) CancelMessageMoveTask(_ context.Context, c *api.Caller, in *model.CancelMessageMoveTaskRequest) (*model.CancelMessageMoveTaskResult, error) {
	h, err := readTaskHandle(in.TaskHandle.V)
	if err != nil {
		return nil, err
	}
	q, err := e.queueOfARN(c, h.SourceARN, "SourceArn")
	if err != nil {
		return nil, err
	}
	var moved int64
	err = q.run(func(c *change, _ int64) error {
		t := q.task(h.TaskID)
		switch {
		case t == nil:
			return api.Errorf(model.CodeResourceNotFoundException, "Task does not exist.")
		case t.Status != taskRunning:
			return api.Errorf(model.CodeUnsupportedOperation, "Only active tasks can be cancelled.")
		}
		moved = t.Moved
		return q.prepareProgress(c, t, moveProgress{Status: taskCancelled, Moved: moved})
	})
	if err != nil {
		return nil, err
	}
	return &model.CancelMessageMoveTaskResult{ApproximateNumberOfMessagesMoved: api.Some(moved)}, nil
}
