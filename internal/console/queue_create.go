package console

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

type createQueueData struct {
	Name   string
	Fields []attributeField
}

// showCreateQueue shows the form for a queue.
func (v *visit) showCreateQueue() error {
	return v.show("queue_create", "queues.new", createQueueData{
		Name: v.r.Form.Get("name"),
		Fields: fields(true, func(name string) (string, bool) {
			typed, ok := v.r.PostForm[name]
			return strings.Join(typed, ""), ok
		}),
	})
}

func (v *visit) createQueue() error {
	name := v.r.PostForm.Get("name")
	attributes := v.changedAttributes(fields(true, func(string) (string, bool) { return "", false }))
	if strings.HasSuffix(name, ".fifo") {
		attributes = append(attributes, api.Entry[string]{Key: "FifoQueue", Value: "true"})
	}
	if err := run(v, sqsapi.Target, "CreateQueue", &sqsapi.CreateQueueRequest{QueueName: api.Some(name), Attributes: attributes}); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.showCreateQueue()
	}
	return v.done(v.to("queues", name), "queue.created")
}
