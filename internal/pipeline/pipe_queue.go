package pipeline

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// queueTarget is a queue as the target of a pipe: an input becomes a message.
type queueTarget struct {
	queue        source
	group, dedup param
}

func newQueueTarget(p *pipe, to target) *queueTarget {
	q := &queueTarget{queue: to.queue()}
	q.group, _ = parseParam(p.Group)
	q.dedup, _ = parseParam(p.Dedup)
	return q
}

func (q *queueTarget) action(in *input) (a leveeapi.TransactItem, about string, err error) {
	m := &sqsapi.SendMessageRequest{QueueUrl: api.Some(q.queue.queueURL()), MessageBody: api.Some(string(in.text))}
	m.MessageGroupId, m.MessageDeduplicationId = present(q.group.of(in.event)), present(q.dedup.of(in.event))
	return leveeapi.TransactItem{SendMessage: m}, "", nil
}
