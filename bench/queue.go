package main

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// queue is a queue as a client of either protocol uses it.
type queue struct {
	name       string
	url, path  string
	groups     int // of a FIFO queue; 0 makes a standard one
	visibility int // in seconds; 0 means ten minutes
	wait       int // of a receive, in seconds
}

// create makes the queue. One of that name from a run before goes first.
func (q *queue) create(c *client) error {
	attributes := map[string]string{}
	if q.groups > 0 {
		attributes = fifo
	}
	k := newWorker(c, 0)
	defer k.release()
	answer, err := q.createOnce(k, attributes)
	if err != nil {
		return err
	}
	q.url = answer
	u, err := url.Parse(answer)
	if err != nil {
		return err
	}
	q.path = u.Path
	return nil
}

func (q *queue) createOnce(k *worker, attributes map[string]string) (string, error) {
	if k.client.query {
		form := "Action=CreateQueue&Version=2012-11-05&QueueName=" + q.name
		i := 0
		for name, value := range attributes {
			i++
			form += fmt.Sprintf("&Attribute.%d.Name=%s&Attribute.%d.Value=%s", i, name, i, value)
		}
		err := k.client.form("/", "CreateQueue", []byte(form), k.resp)
		return first(values(k.resp.Body(), "QueueUrl", true)), err
	}
	pairs := make([]string, 0, len(attributes))
	for name, value := range attributes {
		pairs = append(pairs, quoted(name)+":"+quoted(value))
	}
	err := k.do(sqs+"CreateQueue", fmt.Sprintf(`{"QueueName":"%s","Attributes":{%s}}`, q.name, strings.Join(pairs, ",")))
	return first(values(k.resp.Body(), "QueueUrl", false)), err
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// send sends n messages of the payload: one, or one batch of ten.
func (q *queue) send(k *worker, n int) error { return q.sendBody(k, n, payload) }

func (q *queue) sendBody(k *worker, n int, body string) error {
	if k.client.query {
		return q.sendForm(k, n, body)
	}
	if n == 1 {
		return k.do(sqs+"SendMessage", `{"QueueUrl":"`+q.url+`","MessageBody":"`+body+`"`+q.groupMembers()+`}`)
	}
	return k.do(sqs+"SendMessageBatch", `{"QueueUrl":"`+q.url+`","Entries":[`+list(n, func(i int) string {
		return `{"Id":"` + strconv.Itoa(i) + `","MessageBody":"` + body + `"` + q.groupMembers() + `}`
	})+`]}`)
}

func (q *queue) groupMembers() string {
	if q.groups == 0 {
		return ""
	}
	group, id := q.group()
	return `,"MessageGroupId":"` + group + `","MessageDeduplicationId":"` + id + `"`
}

func (q *queue) sendForm(k *worker, n int, body string) error {
	action, text := "SendMessage", q.messageForm("", body)
	if n > 1 {
		action, text = "SendMessageBatch", ""
		for i := 1; i <= n; i++ {
			prefix := fmt.Sprintf("SendMessageBatchRequestEntry.%d.", i)
			text += "&" + prefix + "Id=" + strconv.Itoa(i) + q.messageForm(prefix, body)
		}
	}
	return q.form(k, action, text)
}

func (q *queue) messageForm(prefix, body string) string {
	text := "&" + prefix + "MessageBody=" + body
	if q.groups > 0 {
		group, id := q.group()
		text += "&" + prefix + "MessageGroupId=" + group + "&" + prefix + "MessageDeduplicationId=" + id
	}
	return text
}

func (q *queue) form(k *worker, action, text string) error {
	return k.client.form(q.path, action, []byte("Action="+action+"&Version=2012-11-05&QueueUrl="+url.QueryEscape(q.url)+text), k.resp)
}

// receive receives at most n messages and returns their receipt handles, as
// they stand in the answer.
func (q *queue) receive(k *worker, n int) ([]string, error) {
	visibility := q.visibility
	if visibility == 0 {
		visibility = 600
	}
	var err error
	if k.client.query {
		err = q.form(k, "ReceiveMessage", fmt.Sprintf("&MaxNumberOfMessages=%d&VisibilityTimeout=%d&WaitTimeSeconds=%d", n, visibility, q.wait))
	} else {
		err = k.do(sqs+"ReceiveMessage", fmt.Sprintf(`{"QueueUrl":"%s","MaxNumberOfMessages":%d,"VisibilityTimeout":%d,"WaitTimeSeconds":%d}`, q.url, n, visibility, q.wait))
	}
	if err != nil {
		return nil, err
	}
	return values(k.resp.Body(), "ReceiptHandle", k.client.query), nil
}

// delete deletes messages by their handles: one, or one batch.
func (q *queue) delete(k *worker, handles []string) error {
	if k.client.query {
		return q.deleteForm(k, handles)
	}
	if len(handles) == 1 {
		return k.do(sqs+"DeleteMessage", `{"QueueUrl":"`+q.url+`","ReceiptHandle":"`+handles[0]+`"}`)
	}
	return k.do(sqs+"DeleteMessageBatch", `{"QueueUrl":"`+q.url+`","Entries":[`+list(len(handles), func(i int) string {
		return `{"Id":"` + strconv.Itoa(i) + `","ReceiptHandle":"` + handles[i] + `"}`
	})+`]}`)
}

func (q *queue) deleteForm(k *worker, handles []string) error {
	if len(handles) == 1 {
		return q.form(k, "DeleteMessage", "&ReceiptHandle="+url.QueryEscape(handles[0]))
	}
	text := ""
	for i, h := range handles {
		prefix := fmt.Sprintf("&DeleteMessageBatchRequestEntry.%d.", i+1)
		text += prefix + "Id=" + strconv.Itoa(i) + prefix + "ReceiptHandle=" + url.QueryEscape(h)
	}
	return q.form(k, "DeleteMessageBatch", text)
}

// values returns the texts of the members of that name: of JSON as they are
// written, escapes and all, or of XML.
func values(answer []byte, name string, xml bool) []string {
	opening, closing := []byte(`"`+name+`":`), byte('"')
	if xml {
		opening, closing = []byte("<"+name+">"), '<'
	}
	var found []string
	for {
		i := bytes.Index(answer, opening)
		if i < 0 {
			return found
		}
		answer = answer[i+len(opening):]
		if !xml {
			answer = bytes.TrimPrefix(bytes.TrimLeft(answer, " "), []byte(`"`))
		}
		end := bytes.IndexByte(answer, closing)
		if end < 0 {
			return found
		}
		found = append(found, string(answer[:end]))
		answer = answer[end:]
	}
}
