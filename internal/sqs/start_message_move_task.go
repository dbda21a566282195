package sqs

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// StartMessageMoveTask starts to move the messages of a dead-letter queue to
// another queue, or back to those that gave them up.
func (e *Engine) StartMessageMoveTask(_ context.Context, c *api.Caller, in *model.StartMessageMoveTaskRequest) (*model.StartMessageMoveTaskResult, error) {
	q, err := e.checkMove(c, in)
	if err != nil {
		return nil, err
	}
	t := &moveTask{
		ID: textID(newID()), Destination: in.DestinationArn.V, Rate: in.MaxNumberOfMessagesPerSecond.V,
		Started: time.Now().UnixMilli(),
	}
	if err := q.run(func(c *change, _ int64) error { return q.prepareTask(c, t) }); err != nil {
		return nil, err
	}
	e.runTask(q, t)
	return &model.StartMessageMoveTaskResult{TaskHandle: api.Some(t.handle(q))}, nil
}

// checkMove checks the parameters and returns the source.
func (e *Engine) checkMove(c *api.Caller, in *model.StartMessageMoveTaskRequest) (*queue, error) {
	q, err := e.queueOfARN(c, in.SourceArn.V, "SourceArn")
	if err != nil {
		return nil, err
	}
	if len(e.sources(q)) == 0 {
		return nil, api.Errorf(codeInvalidParameterValue, "Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationArn.OK {
		if err := e.checkDestination(c, q, in.DestinationArn.V); err != nil {
			return nil, err
		}
	}
	if rate := in.MaxNumberOfMessagesPerSecond; rate.OK && (rate.V < 1 || rate.V > maxMoveRate) {
		return nil, api.Errorf(codeInvalidParameterValue, "Value for parameter MaxNumberOfMessagesPerSecond is invalid. "+
			"Reason: You must enter a number that's between 1 and %d.", maxMoveRate)
	}
	return q, nil
}

func (e *Engine) checkDestination(c *api.Caller, source *queue, text string) error {
	to, err := e.queueOfARN(c, text, "DestinationArn")
	switch {
	case err != nil:
		return err
	case to == source:
		return api.Errorf(codeInvalidParameterValue, "Source queue arn and destination queue arn cannot be the same.")
	case to.fifo != source.fifo:
		return api.Errorf(codeInvalidParameterValue, "The source queue and destination queue must be of the same queue type.")
	}
	return nil
}

// prepareTask prepares to add a task to a queue that has none running, and to
// forget the oldest.
func (q *queue) prepareTask(c *change, t *moveTask) error {
	if q.activeTask() != nil {
		return api.Errorf(codeInvalidParameterValue,
			"There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	visible, _ := q.line.counts()
	t.ToMove = int64(visible)
	t.Number = 1
	if n := len(q.tasks); n > 0 {
		t.Number = q.tasks[n-1].Number + 1
	}
	if err := q.prepareProgress(c, t, moveProgress{Status: taskRunning}); err != nil {
		return err
	}
	old := max(len(q.tasks)+1-keptTasks, 0)
	for _, t := range q.tasks[:old] {
		c.batch.Delete(q.row(kindTask, t.Number))
	}
	c.then(func() { q.tasks = append(q.tasks[old:len(q.tasks):len(q.tasks)], t) })
	return nil
}
