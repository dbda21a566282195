package sqs

import (
	"encoding/binary"
	"slices"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

// Part is what queues contribute to a batch that another engine contributes to as
// well. Send, Delete, ChangeVisibility and Return add actions, and take no locks. Then the
// steps are Lock, Prepare, and Cancel unless the batch is applied, and Release. Who
// has called Lock MUST call Release, whatever comes of it.
//
// Unlike the operations of the service, a part insists on its receipt handles: its
// message must still be in flight, and by this very receive.
type Part struct {
	engine  *Engine
	actions []partAction
	taken   []receipt
	print   []byte
	size    int

	queues    []*queue // in the order of their ids, each once
	now       int64    // when they were locked, unix milliseconds
	locked    bool
	cancelled bool
	change    *change
}

// partAction is one action of a part.
type partAction struct {
	queue   *queue
	prepare func(c *change, now int64) error
}

// NewPart returns a part without actions.
func (e *Engine) NewPart() *Part { return &Part{engine: e} }

// Print condenses the parameters of the actions.
func (p *Part) Print() []byte { return p.print }

// Size is that of the messages to be sent, in bytes.
func (p *Part) Size() int { return p.size }

// Send adds the sending of a message. The result is filled by Prepare.
func (p *Part) Send(c *api.Caller, in *model.SendMessageRequest) (*model.SendMessageResult, error) {
	q, d, err := p.engine.draft(c, in)
	if err != nil {
		return nil, err
	}
	p.size += d.size
	same := d.content
	same.id = [16]byte{}
	p.note('s', q, string(same.append(nil)), d.delay.V)
	out := new(model.SendMessageResult)
	p.add(q, func(c *change, now int64) error {
		s, err := q.prepareSend(c, d, now)
		*out = d.sentResult(q, s)
		return err
	})
	return out, nil
}

// Delete adds the deletion of a message that was received.
func (p *Part) Delete(c *api.Caller, in *model.DeleteMessageRequest) error {
	q, r, err := p.take(c, in.QueueUrl.V, in.ReceiptHandle.V)
	if err != nil {
		return err
	}
	p.note('d', q, in.ReceiptHandle.V, 0)
	p.add(q, func(c *change, now int64) error {
		if err := q.checkHeld(r); err != nil {
			return err
		}
		return q.prepareDelete(c, in.ReceiptHandle.V, now)
	})
	return nil
}

// ChangeVisibility adds a change of the visibility timeout of a message.
func (p *Part) ChangeVisibility(c *api.Caller, in *model.ChangeMessageVisibilityRequest) error {
	q, r, err := p.take(c, in.QueueUrl.V, in.ReceiptHandle.V)
	if err != nil {
		return err
	}
	p.note('v', q, in.ReceiptHandle.V, in.VisibilityTimeout.V)
	p.add(q, func(c *change, now int64) error {
		if err := q.checkHeld(r); err != nil {
			return err
		}
		return q.prepareVisibility(c, in.ReceiptHandle.V, in.VisibilityTimeout.V, now)
	})
	return nil
}

// Return adds that a message is visible again as if this receive had not been: it
// does not count.
func (p *Part) Return(c *api.Caller, in *leveeapi.ReturnMessage) error {
	q, r, err := p.take(c, in.QueueUrl.V, in.ReceiptHandle.V)
	if err != nil {
		return err
	}
	p.note('r', q, in.ReceiptHandle.V, 0)
	p.add(q, func(c *change, now int64) error {
		if err := q.checkHeld(r); err != nil {
			return err
		}
		return q.prepareReturn(c, in.ReceiptHandle.V, now)
	})
	return nil
}

// take reads a receipt handle. A part has one action on a message at most.
func (p *Part) take(c *api.Caller, url, handle string) (*queue, receipt, error) {
	q, err := p.engine.queue(c, url)
	if err != nil {
		return nil, receipt{}, err
	}
	r, err := p.engine.receipts.read(handle, q.id)
	if err != nil {
		return nil, r, err
	}
	for _, other := range p.taken {
		if other.queue == r.queue && other.seq == r.seq {
			return nil, r, api.Validation("Transaction request cannot include multiple operations on one message")
		}
	}
	p.taken = append(p.taken, r)
	return q, r, nil
}

// checkHeld checks that the receive of a receipt still has the message.
func (q *queue) checkHeld(r receipt) error {
	if m := q.known[r.seq]; m == nil || !m.inFlight || m.receives != r.receives {
		return api.Errorf(model.CodeReceiptHandleIsInvalid, "The receipt handle has expired.")
	}
	return nil
}

// note adds an action to the print.
func (p *Part) note(kind byte, q *queue, text string, number int64) {
	p.print = binary.BigEndian.AppendUint32(append(p.print, kind), q.id)
	p.print = appendText(p.print, text)
	p.print = binary.AppendVarint(p.print, number)
}

func (p *Part) add(q *queue, prepare func(*change, int64) error) {
	p.actions = append(p.actions, partAction{q, prepare})
	at, found := slices.BinarySearchFunc(p.queues, q, func(a, b *queue) int { return int(int64(a.id) - int64(b.id)) })
	if !found {
		p.queues = slices.Insert(p.queues, at, q)
	}
}

// Lock locks the queues.
func (p *Part) Lock() (err error) {
	p.now, err = lockAll(p.queues...)
	p.locked = err == nil
	return err
}

// Prepare adds the changes to the batch. It returns nil, or nil errors for the
// actions that can be done and what is wrong with the others.
func (p *Part) Prepare(b kv.Batch) (failed []error) {
	p.change = &change{engine: p.engine, batch: b, queues: p.queues}
	for i, a := range p.actions {
		if err := a.prepare(p.change, p.now); err != nil {
			if failed == nil {
				failed = make([]error, len(p.actions))
			}
			failed[i] = err
		}
	}
	return failed
}

// Cancel says that the batch will not be applied, so that what memory holds of the
// queues is still right.
func (p *Part) Cancel() { p.cancelled = true }

// Release ends the part. commit is that of the batch; if it is nil without a
// Cancel, what memory holds of the queues is dropped and read again.
func (p *Part) Release(commit kv.Commit) {
	if !p.locked {
		return
	}
	done := false
	defer abandon(&done, p.queues...)
	switch {
	case commit != nil:
		p.change.publish(commit)
	case !p.cancelled:
		return
	}
	done = true
	for _, q := range p.queues {
		q.unlock()
	}
}
