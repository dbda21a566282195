package transact

import (
	"errors"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/kv"
)

// carryOut is the part of Transact that holds locks. It releases them even when it
// panics: the wire answers a panic and goes on serving. Unless the batch was
// applied, t.commit is nil: then either the answer is that of an earlier request,
// or failed says what is wrong with the actions.
func (t *transaction) carryOut() (out api.Output, failed []error, err error) {
	if t.token != nil {
		if err := t.engine.tokens.begin(t.token.name()); err != nil {
			return nil, nil, err
		}
		defer t.engine.tokens.end(t.token.name())
		earlier, err := t.token.answer(t.engine.store, time.Now())
		if err != nil || earlier != nil {
			return earlier, nil, err
		}
	}
	defer t.checkpoints.unlock()
	t.checkpoints.lock()
	defer func() { t.tables.Release(t.commit) }()
	if failed, err = t.tables.Lock(); failed != nil || err != nil {
		return nil, spread(failed, t.ofTables, len(t.items)), err
	}
	defer func() { t.queues.Release(t.commit) }()
	if err := t.queues.Lock(); err != nil {
		return nil, nil, err
	}
	b := t.engine.store.NewBatch()
	defer b.Discard()
	if failed, err = t.decide(b); failed != nil || err != nil {
		t.queues.Cancel()
		return nil, failed, err
	}
	return t.apply(b)
}

// decide has all parts decide, so that the error of a transaction that cannot be
// done has the reasons of all its actions.
func (t *transaction) decide(b kv.Batch) (failed []error, err error) {
	ofTables, err := t.tables.Decide()
	if err != nil {
		return nil, err
	}
	ofQueues := t.queues.Prepare(b)
	own, err := t.checkpoints.decide(b)
	if err != nil {
		return nil, err
	}
	n := len(t.items)
	for _, list := range [][]error{spread(ofTables, t.ofTables, n), spread(ofQueues, t.ofQueues, n), spread(own, t.own, n)} {
		for i, err := range list {
			if err == nil {
				continue
			}
			var typed *api.Error
			if !errors.As(err, &typed) {
				return nil, err
			}
			if failed == nil {
				failed = make([]error, n)
			}
			failed[i] = err
		}
	}
	return failed, nil
}

// spread puts the errors of a part's actions where those stand in a request of n.
func spread(failed []error, at []int, n int) []error {
	if failed == nil {
		return nil
	}
	list := make([]error, n)
	for i, err := range failed {
		list[at[i]] = err
	}
	return list
}

// apply applies the batch, in which the queues and the checkpoints have their
// changes already.
func (t *transaction) apply(b kv.Batch) (out api.Output, _ []error, err error) {
	now := time.Now()
	answer := t.answer()
	if t.token != nil {
		t.token.stage(b, answer, now)
	}
	if t.stage != nil {
		err = t.stage(b)
	}
	if err == nil {
		err = t.tables.Stage(b, now)
	}
	if err != nil {
		t.queues.Cancel()
		return nil, nil, err
	}
	t.commit, err = t.engine.store.Apply(b, kv.Sync)
	return answer, nil, err
}

// answer makes the answer of a transaction that can be done.
func (t *transaction) answer() *leveeapi.TransactOutput {
	out := &leveeapi.TransactOutput{Results: make([]leveeapi.TransactResult, len(t.items))}
	for i := range t.sent {
		out.Results[i].SendMessage = t.sent[i]
	}
	return out
}
