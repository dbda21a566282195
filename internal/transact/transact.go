package transact

import (
	"context"
	"crypto/sha256"
	"errors"
	"math/bits"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/sqs"
)

// maxMessages is the size in bytes of all messages that one transaction sends, as
// that of its items is bounded by the tables.
const maxMessages = 4 << 20

// Transact carries out up to 100 actions, all or none.
func (e *Engine) Transact(_ context.Context, c *api.Caller, in *leveeapi.TransactInput) (api.Output, error) {
	return e.transact(c, in, nil)
}

// Commit carries out actions as Transact does, and with them what stage adds to
// their batch, for one who keeps rows of its own in the same store. stage may take
// no locks.
func (e *Engine) Commit(c *api.Caller, in *leveeapi.TransactInput, stage func(kv.Batch) error) error {
	_, err := e.transact(c, in, stage)
	return err
}

func (e *Engine) transact(c *api.Caller, in *leveeapi.TransactInput, stage func(kv.Batch) error) (api.Output, error) {
	t := &transaction{engine: e, items: in.TransactItems, queues: e.queues.NewPart(), stage: stage}
	t.checkpoints.engine = e
	if err := t.draft(c); err != nil {
		return nil, err
	}
	if in.ClientRequestToken.OK {
		t.token = &token{ns: c.Namespace, text: in.ClientRequestToken.V, print: t.print()}
	}
	out, failed, err := t.carryOut()
	if t.commit != nil {
		err = t.commit.Wait()
	} else if durable := e.barrier(); durable != nil { // what is answered tells of what was read
		err = durable
	} else if failed != nil {
		err = dynamodb.Cancelled(failed)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// transaction is one request.
type transaction struct {
	engine *Engine
	items  []leveeapi.TransactItem
	token  *token               // nil: none
	stage  func(kv.Batch) error // nil: there is no more to it

	// The actions by who carries them out, and where each stands in the request.
	tables                  *dynamodb.Part
	queues                  *sqs.Part
	checkpoints             checkpoints
	ofTables, ofQueues, own []int

	sent   []*sqsapi.SendMessageResult // by action; nil: none
	commit kv.Commit                   // set once the batch is applied
}

// draft makes the parts. It takes no locks.
func (t *transaction) draft(c *api.Caller) error {
	t.sent = make([]*sqsapi.SendMessageResult, len(t.items))
	var tables []ddb.TransactWriteItem
	for i := range t.items {
		a := &t.items[i]
		if bits.OnesCount16(a.Kinds()) != 1 {
			return api.Validation("TransactItems can only contain one of ConditionCheck, Put, Update, Delete, SendMessage, DeleteMessage, ChangeMessageVisibility, ReturnMessage or Checkpoint")
		}
		var err error
		switch {
		case a.Checkpoint != nil:
			t.own = append(t.own, i)
			err = t.checkpoints.add(c, a.Checkpoint)
		case a.OfTable():
			t.ofTables = append(t.ofTables, i)
			tables = append(tables, a.TransactWriteItem)
		default:
			t.ofQueues = append(t.ofQueues, i)
			err = t.draftMessage(c, i)
		}
		if err != nil {
			return t.refused(i, err)
		}
	}
	if t.queues.Size() > maxMessages {
		return api.Errorf(sqsapi.CodeBatchRequestTooLong, "The messages of a transaction cannot be longer than %d bytes.", maxMessages)
	}
	var err error
	t.tables, err = t.engine.tables.NewPart(c, tables)
	return t.placed(err)
}

// draftMessage adds action i to the part of the queues.
func (t *transaction) draftMessage(c *api.Caller, i int) (err error) {
	switch a := &t.items[i]; {
	case a.SendMessage != nil:
		t.sent[i], err = t.queues.Send(c, a.SendMessage)
	case a.DeleteMessage != nil:
		err = t.queues.Delete(c, a.DeleteMessage)
	case a.ReturnMessage != nil:
		err = t.queues.Return(c, a.ReturnMessage)
	default:
		err = t.queues.ChangeVisibility(c, a.ChangeMessageVisibility)
	}
	return err
}

// refused is the answer when action i is wrong in itself: a missing queue and a
// repeated message or checkpoint fail the request, anything else cancels it.
func (t *transaction) refused(i int, err error) error {
	var typed *api.Error
	if !errors.As(err, &typed) || typed.Code == sqsapi.CodeQueueDoesNotExist || typed.Code == codeValidation {
		return err
	}
	failed := make([]error, len(t.items))
	failed[i] = err
	return dynamodb.Cancelled(failed)
}

const codeValidation = "ValidationException"

// placed returns an error of the tables with its reasons where the actions of
// tables stand in the request.
func (t *transaction) placed(err error) error {
	var typed *api.Error
	if !errors.As(err, &typed) || typed.Reasons == nil {
		return err
	}
	failed := make([]error, len(t.items))
	for i, r := range typed.Reasons {
		if r.Code != "None" {
			failed[t.ofTables[i]] = &api.Error{Code: r.Code, Message: r.Message, Item: r.Item}
		}
	}
	return dynamodb.Cancelled(failed)
}

// print condenses the parameters of the request.
func (t *transaction) print() [sha256.Size]byte {
	h := sha256.New()
	for i := range t.items {
		kinds := t.items[i].Kinds()
		h.Write([]byte{byte(kinds), byte(kinds >> 8)})
	}
	for _, part := range [][]byte{t.tables.Print(), t.queues.Print(), t.checkpoints.print} {
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
