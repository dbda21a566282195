package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pipeline/template"
)

const (
	// maxActions is how many actions a transaction has.
	maxActions = 100
	// exactWorkers is how many transactions a pipe from a queue has at once: they
	// are short, and the disk is one.
	exactWorkers = 16
	// conflictTries is how often a transaction is tried at once when others are in its
	// way, such as those of the pipe's other workers on the same item; conflictPause is
	// how much longer each time it waits.
	conflictTries = 20
	conflictPause = 5 * time.Millisecond
)

// effect makes the action that an input stands for, and says what it is about: two
// actions on one thing are not in one transaction. "" is for what can be repeated.
type effect interface {
	action(in *input) (a leveeapi.TransactItem, about string, err error)
}

// exactReceiver is a target of Levee's own: what an input does there commits
// together with the deletion of its message, or with the checkpoint of its shard.
// So a batch that comes again after a crash finds nothing left to do.
type exactReceiver struct {
	effect
	engine *Engine
	s      *settings
	src    source
}

func newExactReceiver(e *Engine, s *settings, src source, to effect) *exactReceiver {
	return &exactReceiver{effect: to, engine: e, s: s, src: src}
}

func (*exactReceiver) most() int { return exactWorkers }

func (*exactReceiver) exact() bool { return true }

var groupPath, _ = template.ParsePath("$.attributes.MessageGroupId")

// unit is what must happen together: the actions of one record, or of all where an
// enrichment has made other events of them.
type unit struct {
	records []*record
	group   string // of the message, on a FIFO queue
	actions []leveeapi.TransactItem
	abouts  []string
	err     error // there can be no actions
}

// receive takes the units in transactions, as many in each as there is room for.
func (x *exactReceiver) receive(ctx context.Context, b *batch, inputs []*input) (*outcome, error) {
	out := &outcome{removed: true, items: map[string]bool{}}
	units := x.units(b, inputs)
	for len(units) > 0 {
		n := x.together(units)
		done, err := x.commit(ctx, b, units[:n])
		if err != nil {
			x.engine.log.Warn("batch of a pipe failed", "mapping", x.s.arn(), "err", err)
			out.why = err
			failed := units[done]
			for _, r := range failed.records {
				out.items[r.id] = true
			}
			if b.stage != nil { // the order of a shard: the rest comes again with it
				break
			}
			units = x.notBehind(units[done+1:], failed)
			continue
		}
		units = units[done:]
	}
	out.failed = len(out.items) == len(b.records)
	return out, nil
}

// notBehind returns units without those that are behind one that failed: on a FIFO
// queue, messages of its group, which come again after it.
func (x *exactReceiver) notBehind(units []*unit, failed *unit) []*unit {
	if !x.src.isFIFO() {
		return units
	}
	group := failed.group
	return slices.DeleteFunc(units, func(u *unit) bool { return u.group == group })
}

// units makes the units of a batch.
func (x *exactReceiver) units(b *batch, inputs []*input) []*unit {
	if inputs[0].record == nil {
		u := &unit{records: b.records}
		for _, in := range inputs {
			u.add(x.action(in))
		}
		return []*unit{u}
	}
	list := make([]*unit, len(inputs))
	for i, in := range inputs {
		list[i] = &unit{records: []*record{in.record}}
		if x.src.isFIFO() {
			list[i].group, _ = in.event.Text(groupPath)
		}
		list[i].add(x.action(in))
	}
	return list
}

func (u *unit) add(a leveeapi.TransactItem, about string, err error) {
	u.actions, u.abouts = append(u.actions, a), append(u.abouts, about)
	u.err = errors.Join(u.err, err)
}

// together is how many units, at least one, fit into a transaction.
func (x *exactReceiver) together(units []*unit) int {
	actions, abouts := 0, map[string]bool{}
	for i, u := range units {
		actions += len(u.actions)
		if x.src.isQueue() {
			actions += len(u.records)
		}
		for _, about := range u.abouts {
			if i > 0 && (actions > maxActions || about != "" && abouts[about] || u.err != nil) {
				return i
			}
			abouts[about] = true
		}
	}
	return len(units)
}

// commit carries out the first units of a list, as many as can be. An error is about
// the first one.
func (x *exactReceiver) commit(ctx context.Context, b *batch, units []*unit) (done int, err error) {
	if units[0].err != nil {
		return 0, units[0].err
	}
	for n, tries := len(units), 1; ; {
		in, of := x.transaction(units[:n])
		err := x.engine.opts.Transactions.Commit(callerOf(x.s.namespace()), in, x.stage(b, units[n-1]))
		if err == nil {
			return n, nil
		}
		var typed *api.Error
		if !errors.As(err, &typed) {
			return 0, err
		}
		if conflicts(typed) && tries < conflictTries && Sleep(ctx, time.Duration(tries)*conflictPause) {
			tries++
			continue
		}
		if n == 1 {
			return 0, err
		}
		if n = culprit(typed, of); n == 0 {
			return 0, err
		}
	}
}

// conflicts reports whether other transactions are all that was in the way of one.
func conflicts(err *api.Error) bool {
	some := false
	for _, r := range err.Reasons {
		switch r.Code {
		case "None":
		case dynamodbapi.BatchStatementErrorCodeEnumTransactionConflict:
			some = true
		default:
			return false
		}
	}
	return some
}

// culprit is the unit of the first action that cannot be done. Where that is not
// known, as of two actions on one item, it is the one after the first.
func culprit(err *api.Error, of []int) int {
	for i, r := range err.Reasons {
		if r.Code != "None" && i < len(of) {
			return of[i]
		}
	}
	return 1
}

// transaction makes the transaction of units, and says of which unit each action
// is.
func (x *exactReceiver) transaction(units []*unit) (in *leveeapi.TransactInput, of []int) {
	in = new(leveeapi.TransactInput)
	for i, u := range units {
		in.TransactItems = append(in.TransactItems, u.actions...)
		if x.src.isQueue() {
			for _, r := range u.records {
				in.TransactItems = append(in.TransactItems, leveeapi.TransactItem{DeleteMessage: &sqsapi.DeleteMessageRequest{
					QueueUrl: api.Some(x.src.queueURL()), ReceiptHandle: api.Some(r.receipt),
				}})
			}
		}
		for len(of) < len(in.TransactItems) {
			of = append(of, i)
		}
	}
	return in, of
}

// stage returns what adds the checkpoint of a unit to its transaction, nil for a
// queue.
func (x *exactReceiver) stage(b *batch, last *unit) func(kv.Batch) error {
	if b.stage == nil {
		return nil
	}
	return func(to kv.Batch) error { return b.stage(to, last.records[len(last.records)-1]) }
}
