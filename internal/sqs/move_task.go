package sqs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

const (
	// maxMoveRate is how many messages a task moves in a second at most, and by
	// default.
	maxMoveRate = 500
	// keptTasks is how many tasks of a queue are remembered, and can be listed.
	keptTasks = 10
)

// The states of a move task, and the reasons for which one fails.
const (
	taskRunning   = "RUNNING"
	taskCompleted = "COMPLETED"
	taskCancelled = "CANCELLED"
	taskFailed    = "FAILED"

	failedNoQueue  = "AWS.SimpleQueueService.NonExistentQueue"
	failedNoSource = "CouldNotDetermineMessageSource"
)

// moveTask moves the messages that a dead-letter queue holds when it starts. What
// the store holds of it changes in one step with the messages, so a task goes on
// after a restart where it was, and no message is moved twice or not at all.
type moveTask struct {
	// Number orders the tasks of a queue.
	Number uint64 `json:"number"`
	ID     string `json:"id"`
	// Destination is the ARN of a queue; "" returns each message to the queue that
	// gave it up.
	Destination string `json:"destination,omitempty"`
	Rate        int64  `json:"rate,omitempty"` // messages a second; 0: as many as may be
	Started     int64  `json:"started"`        // unix milliseconds
	ToMove      int64  `json:"toMove"`         // what was visible at the start
	moveProgress
}

// moveProgress is what changes of a task. The lock of the queue guards it; all
// else stays as it was when the task started.
type moveProgress struct {
	Status  string `json:"status"`
	Failure string `json:"failure,omitempty"`
	Moved   int64  `json:"moved"`
}

// taskHandle is what the handle of a task says, as JSON in base64.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (t *moveTask) handle(q *queue) string {
	text, _ := json.Marshal(taskHandle{t.ID, q.arn.String()}) // two texts: never fails
	return base64.StdEncoding.EncodeToString(text)
}

func readTaskHandle(text string) (h taskHandle, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &h)
	}
	if err != nil || h.TaskID == "" {
		return h, api.Errorf(codeInvalidParameterValue, "Value for parameter TaskHandle is invalid.")
	}
	return h, nil
}

// queueOfARN returns the queue that a parameter names.
func (e *Engine) queueOfARN(c *api.Caller, text, parameter string) (*queue, error) {
	at, ok := parseARN(text)
	if !ok {
		return nil, api.Errorf(codeInvalidParameterValue,
			"You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
	}
	if q := e.find(at); q != nil && at.Namespace == c.Namespace {
		return q, nil
	}
	return nil, api.Errorf(model.CodeResourceNotFoundException,
		"The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// prepareProgress prepares how far a task of a locked queue is.
func (q *queue) prepareProgress(c *change, t *moveTask, p moveProgress) error {
	after := *t
	after.moveProgress = p
	value, err := json.Marshal(after)
	if err != nil {
		return err
	}
	c.batch.Set(q.row(kindTask, t.Number), value)
	c.then(func() { t.moveProgress = p })
	return nil
}

// activeTask returns the task of a locked queue that is running, or nil. There is
// never more than one, the last.
func (q *queue) activeTask() *moveTask {
	if n := len(q.tasks); n > 0 && q.tasks[n-1].Status == taskRunning {
		return q.tasks[n-1]
	}
	return nil
}

// task returns a task of a locked queue by its id, or nil.
func (q *queue) task(id string) *moveTask {
	for _, t := range q.tasks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// readTasks reads the tasks of all queues and goes on with those that run.
func (e *Engine) readTasks() error {
	queues := map[uint32]*queue{}
	for _, space := range e.catalog.spaces {
		for _, q := range space {
			queues[q.id] = q
		}
	}
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindTask}))
	defer func() { _ = it.Close() }()
	for it.Next() {
		t := new(moveTask)
		if err := json.Unmarshal(it.Value(), t); err != nil {
			return fmt.Errorf("move task %q: %w", it.Key(), err)
		}
		if q := queues[queueOf(it.Key())]; q != nil {
			q.tasks = append(q.tasks, t)
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	for _, q := range queues {
		if t := q.activeTask(); t != nil {
			e.runTask(q, t)
		}
	}
	return nil
}
