package sqs

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// ReceiveMessage hands out up to ten messages.
func (e *Engine) ReceiveMessage(ctx context.Context, c *api.Caller, in *model.ReceiveMessageRequest) (*model.ReceiveMessageResult, error) {
	q, err := e.queue(c, in.QueueUrl.V)
	if err != nil {
		return nil, err
	}
	r, err := newReceiving(q, in)
	if err != nil {
		return nil, err
	}
	wanted, err := newSelection(in)
	if err != nil {
		return nil, err
	}
	if err := q.admit(capacity.Receive); err != nil {
		return nil, err
	}
	list, err := q.receive(ctx, r)
	if err != nil {
		return nil, err
	}
	messages, err := q.openAll(list, wanted)
	if err != nil {
		return nil, err
	}
	return &model.ReceiveMessageResult{Messages: messages}, nil
}

// openAll reads what was handed out and was not deleted or purged since; nil if
// that is nothing.
func (q *queue) openAll(list []delivery, wanted *selection) ([]model.Message, error) {
	var messages []model.Message
	var key, row []byte
	for _, d := range list {
		key = appendRow(key[:0], kindContent, q.id, d.seq)
		b, ok, err := q.engine.store.Get(key, row[:0])
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		row = b
		m, err := q.open(d, b, wanted)
		if err != nil {
			return nil, err
		}
		if messages == nil {
			messages = make([]model.Message, 0, len(list))
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// newReceiving checks the parameters of a receive.
func newReceiving(q *queue, in *model.ReceiveMessageRequest) (*receiving, error) {
	r := &receiving{most: 1, visibility: in.VisibilityTimeout, wait: q.settings.Load().wait}
	if n := in.MaxNumberOfMessages; n.OK {
		if n.V < 1 || n.V > maxBatch {
			return nil, errParameter(n.V, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		r.most = int(n.V)
	}
	if v := in.VisibilityTimeout; v.OK && (v.V < 0 || v.V > maxVisibility) {
		return nil, errParameter(v.V, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
	}
	if w := in.WaitTimeSeconds; w.OK {
		if w.V < 0 || w.V > maxWait {
			return nil, errParameter(w.V, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		r.wait = 1000 * w.V
	}
	if id := in.ReceiveRequestAttemptId; id.OK {
		if !q.fifo {
			return nil, errQueueType(id.V, "ReceiveRequestAttemptId")
		}
		if err := checkID(id, "ReceiveRequestAttemptId"); err != nil {
			return nil, err
		}
		r.attempt = id.V
	}
	return r, nil
}

// open makes a message of its content.
func (q *queue) open(d delivery, row []byte, wanted *selection) (model.Message, error) {
	what, err := readContent(row)
	if err != nil {
		return model.Message{}, err
	}
	m := model.Message{
		MessageId:         api.Some(textID(what.id)),
		ReceiptHandle:     api.Some(q.engine.receipts.handle(receipt{q.id, d.receives, d.seq})),
		MD5OfBody:         api.Some(hex.EncodeToString(what.md5[:])),
		Body:              api.Some(what.body),
		Attributes:        wanted.system(q, d, &what),
		MessageAttributes: wanted.user(what.attributes),
	}
	if sum := attributesMD5(m.MessageAttributes); sum != "" {
		m.MD5OfMessageAttributes = api.Some(sum)
	}
	return m, nil
}

// selection is which attributes of messages a receive wants to see.
type selection struct {
	names, prefixes []string // of message attributes
	all             bool     // message attributes
	systemAll       bool
	systemNames     []string
}

// all and the forms of wildcard that the service takes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
const (
	everything = "All"
	wildcard   = ".*"
)

func newSelection(in *model.ReceiveMessageRequest) (*selection, error) {
	s := &selection{}
	for _, name := range in.MessageAttributeNames {
		prefix, isPrefix := strings.CutSuffix(name, wildcard)
		switch {
		case name == everything || name == wildcard:
			s.all = true
		case isPrefix:
			s.prefixes = append(s.prefixes, prefix)
		default:
			s.names = append(s.names, name)
		}
	}
	for _, name := range in.AttributeNames {
		// Names of attributes of queues are valid here, and ignored.
		if !s.want(name) && !slices.Contains(attributeNames, name) {
			return nil, errAttributeName(name)
		}
	}
	for _, name := range in.MessageSystemAttributeNames {
		if !s.want(name) && name != model.QueueAttributeNameSqsManagedSseEnabled {
			return nil, errAttributeName(name)
		}
	}
	return s, nil
}

// want adds a system attribute, unless the service gives none of that name to
// messages.
func (s *selection) want(name string) bool {
	switch {
	case name == everything:
		s.systemAll = true
	case slices.Contains(systemNames, name):
		s.systemNames = append(s.systemNames, name)
	default:
		return false
	}
	return true
}

// user returns the message attributes that are wanted.
func (s *selection) user(m api.Map[model.MessageAttributeValue]) api.Map[model.MessageAttributeValue] {
	if s.all || len(m) == 0 {
		return m
	}
	var out api.Map[model.MessageAttributeValue]
	for _, a := range m {
		if slices.Contains(s.names, a.Key) ||
			slices.ContainsFunc(s.prefixes, func(p string) bool { return strings.HasPrefix(a.Key, p) }) {
			out = append(out, a)
		}
	}
	return out
}

// systemNames are the attributes that the service gives to a message.
var systemNames = []string{
	model.MessageSystemAttributeNameSenderId,
	model.MessageSystemAttributeNameSentTimestamp,
	model.MessageSystemAttributeNameApproximateReceiveCount,
	model.MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
	model.MessageSystemAttributeNameSequenceNumber,
	model.MessageSystemAttributeNameMessageDeduplicationId,
	model.MessageSystemAttributeNameMessageGroupId,
	model.MessageSystemAttributeNameAWSTraceHeader,
	model.MessageSystemAttributeNameDeadLetterQueueSourceArn,
}

// system returns the system attributes that are wanted and that the message has.
func (s *selection) system(q *queue, d delivery, what *content) api.Map[string] {
	if !s.systemAll && s.systemNames == nil {
		return nil
	}
	out := make(api.Map[string], 0, len(systemNames))
	for _, name := range systemNames {
		if !s.systemAll && !slices.Contains(s.systemNames, name) {
			continue
		}
		if v := systemValue(name, q, d, what); v != "" {
			out = append(out, api.Entry[string]{Key: name, Value: v})
		}
	}
	return out
}

func systemValue(name string, q *queue, d delivery, what *content) string {
	switch name {
	case model.MessageSystemAttributeNameSenderId:
		return what.sender
	case model.MessageSystemAttributeNameSentTimestamp:
		return strconv.FormatInt(d.sent, 10)
	case model.MessageSystemAttributeNameApproximateReceiveCount:
		receives, _ := what.received(d.counted, d.first)
		return strconv.FormatUint(uint64(receives), 10)
	case model.MessageSystemAttributeNameApproximateFirstReceiveTimestamp:
		_, first := what.received(d.counted, d.first)
		return strconv.FormatInt(first, 10)
	case model.MessageSystemAttributeNameMessageDeduplicationId:
		return what.dedup
	case model.MessageSystemAttributeNameMessageGroupId:
		return what.group
	case model.MessageSystemAttributeNameAWSTraceHeader:
		return what.trace
	case model.MessageSystemAttributeNameDeadLetterQueueSourceArn:
		return what.deadSource
	case model.MessageSystemAttributeNameSequenceNumber:
		if q.fifo {
			return sent{seq: d.seq}.sequenceNumber()
		}
	}
	return ""
}
