package sqs

import (
	"context"
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// caller is who sends the requests of the tests.
var caller = &api.Caller{
	Namespace: api.Namespace{Account: "111122223333", Region: "eu-west-1"},
	BaseURL:   "http://localhost:4566",
}

// rig is an engine under test.
type rig struct {
	testing.TB
	store kv.Store
	*Engine
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return openRig(t, kvmem.New(), Options{})
}

func openRig(t testing.TB, store kv.Store, o Options) *rig {
	t.Helper()
	e, err := Open(store, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t, store, e}
	t.Cleanup(func() { _ = r.Engine.Close() })
	return r
}

// reopen replaces the engine by a new one on the same store.
func (r *rig) reopen() {
	r.Helper()
	if err := r.Engine.Close(); err != nil {
		r.Fatal(err)
	}
	e, err := Open(r.store, r.opts)
	if err != nil {
		r.Fatal(err)
	}
	r.Engine = e
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// create makes a queue, with attributes given as name, value, name, value.
func (r *rig) create(name string, attributes ...string) string {
	r.Helper()
	out, err := r.CreateQueue(context.Background(), caller, createRequest(name, attributes...))
	r.must(err)
	return out.QueueUrl.V
}

func createRequest(name string, attributes ...string) *model.CreateQueueRequest {
	return &model.CreateQueueRequest{QueueName: api.Some(name), Attributes: pairs(attributes...)}
}

// fifo makes a FIFO queue with deduplication by content.
func (r *rig) fifo(name string, attributes ...string) string {
	r.Helper()
	return r.create(name, append([]string{"FifoQueue", "true", "ContentBasedDeduplication", "true"}, attributes...)...)
}

func pairs(list ...string) api.Map[string] {
	var m api.Map[string]
	for i := 0; i < len(list); i += 2 {
		m = append(m, api.Entry[string]{Key: list[i], Value: list[i+1]})
	}
	return m
}

// send sends a body, to a group of a FIFO queue unless group is "".
func (r *rig) send(url, body, group string) *model.SendMessageResult {
	r.Helper()
	out, err := r.SendMessage(context.Background(), caller, sendRequest(url, body, group))
	r.must(err)
	return out
}

func sendRequest(url, body, group string) *model.SendMessageRequest {
	in := &model.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body)}
	if group != "" {
		in.MessageGroupId = api.Some(group)
	}
	return in
}

// receive receives up to n messages with all their attributes, without waiting.
func (r *rig) receive(url string, n int64, edit ...func(*model.ReceiveMessageRequest)) []model.Message {
	r.Helper()
	in := receiveRequest(url, n)
	for _, f := range edit {
		f(in)
	}
	out, err := r.ReceiveMessage(context.Background(), caller, in)
	r.must(err)
	return out.Messages
}

func receiveRequest(url string, n int64) *model.ReceiveMessageRequest {
	return &model.ReceiveMessageRequest{
		QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some(n),
		MessageSystemAttributeNames: []string{"All"}, MessageAttributeNames: []string{"All"},
	}
}

func visibility(seconds int64) func(*model.ReceiveMessageRequest) {
	return func(in *model.ReceiveMessageRequest) { in.VisibilityTimeout = api.Some(seconds) }
}

func waiting(seconds int64) func(*model.ReceiveMessageRequest) {
	return func(in *model.ReceiveMessageRequest) { in.WaitTimeSeconds = api.Some(seconds) }
}

func (r *rig) delete(url string, m model.Message) error {
	_, err := r.DeleteMessage(context.Background(), caller, &model.DeleteMessageRequest{
		QueueUrl: api.Some(url), ReceiptHandle: m.ReceiptHandle,
	})
	return err
}

func (r *rig) setVisibility(url string, m model.Message, seconds int64) error {
	_, err := r.ChangeMessageVisibility(context.Background(), caller, &model.ChangeMessageVisibilityRequest{
		QueueUrl: api.Some(url), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: api.Some(seconds),
	})
	return err
}

func (r *rig) attribute(url, name string) string {
	r.Helper()
	out, err := r.GetQueueAttributes(context.Background(), caller, &model.GetQueueAttributesRequest{
		QueueUrl: api.Some(url), AttributeNames: []string{name},
	})
	r.must(err)
	v, _ := out.Attributes.Get(name)
	return v
}

func (r *rig) set(url string, attributes ...string) error {
	_, err := r.SetQueueAttributes(context.Background(), caller, &model.SetQueueAttributesRequest{
		QueueUrl: api.Some(url), Attributes: pairs(attributes...),
	})
	return err
}

// counts returns the numbers of visible, not visible and delayed messages.
func (r *rig) counts(url string) [3]string {
	r.Helper()
	return [3]string{
		r.attribute(url, "ApproximateNumberOfMessages"),
		r.attribute(url, "ApproximateNumberOfMessagesNotVisible"),
		r.attribute(url, "ApproximateNumberOfMessagesDelayed"),
	}
}

func (r *rig) wantCounts(url, visible, notVisible, delayed string) {
	r.Helper()
	if got, want := r.counts(url), [3]string{visible, notVisible, delayed}; got != want {
		r.Errorf("visible, not visible, delayed: %v, want %v", got, want)
	}
}

// bodies are the bodies of messages, as one text.
func bodies(list []model.Message) string {
	text := ""
	for i, m := range list {
		if i > 0 {
			text += " "
		}
		text += m.Body.V
	}
	return text
}

func (r *rig) wantBodies(got []model.Message, want string) {
	r.Helper()
	if bodies(got) != want {
		r.Errorf("received %q, want %q", bodies(got), want)
	}
}

// wantError checks the code and the text of an error.
func wantError(t testing.TB, err error, code, message string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	if e.Code != code || message != "" && e.Message != message {
		t.Errorf("error\n  %s: %s\nwant\n  %s: %s", e.Code, e.Message, code, message)
	}
}

// kvRange is the range of all rows of the engine.
func kvRange() kv.Range { return kv.PrefixRange([]byte{space}) }
