package console

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// attributeField is an attribute of a queue in a form.
type attributeField struct {
	Name, Value, Unit string
	Options           []string // nil for a text
	FIFO              bool     // of FIFO queues only
	Fixed             bool     // is chosen when the queue is created
}

// attributeFields are the attributes that forms show, with their defaults.
var attributeFields = []attributeField{
	{Name: "VisibilityTimeout", Value: "30", Unit: "s"},
	{Name: "MessageRetentionPeriod", Value: "345600", Unit: "s"},
	{Name: "DelaySeconds", Value: "0", Unit: "s"},
	{Name: "ReceiveMessageWaitTimeSeconds", Value: "0", Unit: "s"},
	{Name: "MaximumMessageSize", Value: "1048576", Unit: "B"},
	{Name: "ContentBasedDeduplication", Value: "false", Options: []string{"false", "true"}, FIFO: true},
	{Name: "DeduplicationScope", Value: "queue", Options: []string{"queue", "messageGroup"}, FIFO: true},
	{Name: "FifoThroughputLimit", Value: "perQueue", Options: []string{"perQueue", "perMessageGroupId"}, FIFO: true},
	{Name: "RedrivePolicy"},
	{Name: "RedriveAllowPolicy"},
}

// fields returns the fields for a queue, with the values of values or, without
// one, their defaults.
func fields(fifo bool, values func(string) (string, bool)) []attributeField {
	var list []attributeField
	for _, f := range attributeFields {
		if f.FIFO && !fifo {
			continue
		}
		if value, ok := values(f.Name); ok {
			f.Value = value
		}
		list = append(list, f)
	}
	return list
}

// changedAttributes returns the attributes of a form that differ from what they
// were.
func (v *visit) changedAttributes(was []attributeField) api.Map[string] {
	var m api.Map[string]
	for _, f := range was {
		given, ok := v.r.PostForm[f.Name]
		if value := strings.TrimSpace(strings.Join(given, "")); ok && value != f.Value {
			m = append(m, api.Entry[string]{Key: f.Name, Value: value})
		}
	}
	return m
}

func (v *visit) showQueueSettings() error {
	q, err := v.queue("settings")
	if err != nil {
		return err
	}
	return v.showSettingsOfQueue(q)
}

func (q *queueData) fields() []attributeField {
	return fields(q.FIFO, func(name string) (string, bool) {
		value, ok := q.Attributes[name]
		return value, ok
	})
}

func (v *visit) showSettingsOfQueue(q *queueData) error {
	q.Fields = q.fields()
	for i, f := range q.Fields { // what was refused stays to be mended
		if typed, ok := v.r.PostForm[f.Name]; ok {
			q.Fields[i].Value = typed[0]
		}
	}
	if err := v.readRedrive(q); err != nil {
		return err
	}
	return v.show("queue_settings", "queue.settings", q)
}

// readRedrive finds the queues whose dead letters come here, and the tasks that
// move messages from here.
func (v *visit) readRedrive(q *queueData) error {
	sources, err := call[*sqsapi.ListDeadLetterSourceQueuesResult](v, sqsapi.Target, "ListDeadLetterSourceQueues",
		&sqsapi.ListDeadLetterSourceQueuesRequest{QueueUrl: api.Some(q.URL)})
	if err != nil {
		return err
	}
	for _, at := range sources.QueueUrls {
		q.Sources = append(q.Sources, afterLast(at, "/"))
	}
	tasks, err := call[*sqsapi.ListMessageMoveTasksResult](v, sqsapi.Target, "ListMessageMoveTasks",
		&sqsapi.ListMessageMoveTasksRequest{SourceArn: api.Some(q.ARN), MaxResults: api.Some(int64(10))})
	if err != nil && !isClientError(err) { // of a queue that is nobody's dead letter queue
		return err
	}
	if tasks != nil {
		q.Tasks = tasks.Results
	}
	for _, other := range v.c.opts.Queues() {
		if other.Namespace == v.ns && other.Name != q.Name && strings.HasSuffix(other.Name, ".fifo") == q.FIFO && len(q.Others) < maxRows {
			q.Others = append(q.Others, strings.TrimSuffix(q.ARN, q.Name)+other.Name)
		}
	}
	slices.Sort(q.Others)
	return nil
}

// queueChanges are the changes that the page of settings offers, by the name in
// the path.
var queueChanges = map[string]func(*visit, *queueData) error{
	"attributes": (*visit).changeAttributes,
	"dead":       (*visit).changeDead,
	"purge":      (*visit).purge,
	"move":       (*visit).moveMessages,
	"cancel":     (*visit).cancelMove,
}

// changeQueue does what the path says, and shows the settings again.
func (v *visit) changeQueue() error {
	q, err := v.queue("settings")
	if err != nil {
		return err
	}
	change := queueChanges[v.r.PathValue("change")]
	if change == nil {
		return refusal{status: 404, key: "error.form"}
	}
	if err := change(v, q); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.showSettingsOfQueue(q)
	}
	return v.done(q.Path+"/settings", "queue.changed")
}

func (v *visit) changeAttributes(q *queueData) error {
	changed := v.changedAttributes(q.fields())
	if len(changed) == 0 {
		return nil
	}
	return run(v, sqsapi.Target, "SetQueueAttributes", &sqsapi.SetQueueAttributesRequest{QueueUrl: api.Some(q.URL), Attributes: changed})
}

// changeDead sets where the dead letters of the queue go, or that they go nowhere.
func (v *visit) changeDead(q *queueData) error {
	policy := ""
	if target := v.r.PostForm.Get("target"); target != "" {
		text, err := json.Marshal(map[string]string{"deadLetterTargetArn": target, "maxReceiveCount": v.r.PostForm.Get("receives")})
		if err != nil {
			return err
		}
		policy = string(text)
	}
	return run(v, sqsapi.Target, "SetQueueAttributes", &sqsapi.SetQueueAttributesRequest{
		QueueUrl: api.Some(q.URL), Attributes: api.Map[string]{{Key: "RedrivePolicy", Value: policy}},
	})
}

func (v *visit) purge(q *queueData) error {
	if !v.isNamed(q.Name) {
		return api.Errorf("InvalidParameterValue", "%s", v.problem)
	}
	return run(v, sqsapi.Target, "PurgeQueue", &sqsapi.PurgeQueueRequest{QueueUrl: api.Some(q.URL)})
}

// moveMessages starts to move the messages of a dead letter queue back to where
// they came from, or to another queue.
func (v *visit) moveMessages(q *queueData) error {
	rate, err := wholeNumber(v.r.PostForm, "rate")
	if err != nil {
		return err
	}
	return run(v, sqsapi.Target, "StartMessageMoveTask", &sqsapi.StartMessageMoveTaskRequest{
		SourceArn: api.Some(q.ARN), DestinationArn: some(v.r.PostForm.Get("target")), MaxNumberOfMessagesPerSecond: rate,
	})
}

func (v *visit) cancelMove(*queueData) error {
	return run(v, sqsapi.Target, "CancelMessageMoveTask", &sqsapi.CancelMessageMoveTaskRequest{TaskHandle: some(v.r.PostForm.Get("task"))})
}

// deleteQueue deletes a queue whose name was typed.
func (v *visit) deleteQueue() error {
	q, err := v.queue("settings")
	if err != nil {
		return err
	}
	if !v.isNamed(q.Name) {
		return v.showSettingsOfQueue(q)
	}
	if err := run(v, sqsapi.Target, "DeleteQueue", &sqsapi.DeleteQueueRequest{QueueUrl: api.Some(q.URL)}); err != nil {
		return err
	}
	return v.done(v.to("queues", ""), "queue.deleted")
}
