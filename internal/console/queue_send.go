package console

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// maxAttributeFields is how many attributes of a message the form has room for, as
// many as a message may have.
const maxAttributeFields = 10

// showSend shows the form for a message, filled from the URL.
func (v *visit) showSend() error {
	q, err := v.queue("send")
	if err != nil {
		return err
	}
	q.Form = v.r.Form
	return v.show("queue_send", "queue.send", q)
}

func (v *visit) send() error {
	q, err := v.queue("send")
	if err != nil {
		return err
	}
	form := v.r.PostForm
	in := &sqsapi.SendMessageRequest{
		QueueUrl: api.Some(q.URL), MessageBody: api.Some(form.Get("body")),
		MessageGroupId: some(form.Get("group")), MessageDeduplicationId: some(form.Get("dedup")),
	}
	if in.DelaySeconds, err = wholeNumber(form, "delay"); err == nil {
		if in.MessageAttributes, err = messageAttributes(form["name"], form["type"], form["value"]); err == nil {
			err = run(v, sqsapi.Target, "SendMessage", in)
		}
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("queue_send", "queue.send", q)
	}
	return v.done(q.Path, "message.sent")
}

// messageAttributes reads the fields of attributes; those without a name are
// passed over.
func messageAttributes(names, types, values []string) (m api.Map[sqsapi.MessageAttributeValue], err error) {
	if len(names) != len(types) || len(names) != len(values) || len(names) > maxAttributeFields {
		return nil, refusal{status: 400, key: "error.form"}
	}
	for i, name := range names {
		if name == "" {
			continue
		}
		value := sqsapi.MessageAttributeValue{DataType: some(types[i])}
		if strings.HasPrefix(types[i], "Binary") {
			value.BinaryValue = api.Some([]byte(values[i]))
		} else {
			value.StringValue = api.Some(values[i])
		}
		if _, twice := m.Get(name); twice {
			return nil, api.Errorf("InvalidParameterValue", "The attribute %s stands twice", name)
		}
		m = append(m, api.Entry[sqsapi.MessageAttributeValue]{Key: name, Value: value})
	}
	return m, nil
}
