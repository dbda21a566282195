package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// Part is what tables contribute to a batch that another engine contributes to as
// well: the actions of a transaction, in the steps of commit. They are Lock,
// Decide, Stage and, once the batch is applied, Release. Who has called Lock MUST
// call Release, whatever comes of it.
type Part struct {
	engine *Engine
	writes []*write
	print  []byte

	tables  []*table // locked
	latches held
	rows    countedRows // of counters
	graphs  touched
	shards  shardLocks
	ongoing []uint64 // hashes of the rows that are marked as part of a transaction
}

// NewPart checks actions as TransactWriteItems does, and takes no locks.
func (e *Engine) NewPart(c *api.Caller, items []ddb.TransactWriteItem) (*Part, error) {
	writes, err := e.transactWrites(c, items)
	if err != nil {
		return nil, err
	}
	if err := checkTransaction(writes); err != nil {
		return nil, err
	}
	print := fingerprint(items)
	return &Part{engine: e, writes: writes, print: print[:]}, nil
}

// Print condenses the parameters of the actions.
func (p *Part) Print() []byte { return p.print }

// Lock takes the locks of the items. It returns errors for the actions whose items
// another transaction has.
func (p *Part) Lock() (failed []error, err error) {
	rows := markTransact(nil, p.writes)
	if taken := p.engine.ongoing.begin(rows...); taken != nil {
		return conflicts(taken), nil
	}
	p.ongoing = rows
	if p.tables, err = p.engine.lockAll(nil, p.writes); err != nil {
		return nil, err
	}
	for _, w := range withMirrors(p.writes) {
		p.latches = w.v.addLatches(p.latches, w.row)
	}
	p.latches = p.latches.lock(&p.engine.latches)
	return nil, nil
}

// Decide reads the items and works out what becomes of them. It returns nil, or
// nil errors for the actions that can be done and what is wrong with the others.
func (p *Part) Decide() (failed []error, err error) {
	return p.engine.decideWrites(p.writes)
}

// Stage adds the changes to the batch. Nobody may take a lock between Stage and
// Release, except those of the store.
func (p *Part) Stage(b kv.Batch, now time.Time) (err error) {
	writes := withMirrors(p.writes)
	p.engine.stageAll(b, writes, now)
	if p.rows, err = p.engine.stageCounters(b, writes); err != nil {
		return err
	}
	p.graphs = p.engine.touch(writes)
	p.shards = lockShards(writes)
	stageRecords(b, writes, now)
	return nil
}

// Release ends the part. commit is that of the batch, nil if it was not applied.
func (p *Part) Release(commit kv.Commit) {
	p.shards.unlock(commit)
	p.graphs.end()
	p.rows.unlock(commit)
	p.latches.unlock(&p.engine.latches, commit)
	unlockViews(p.tables)
	p.engine.ongoing.end(p.ongoing...)
	if commit != nil {
		finished(p.writes)
	}
}

// Cancelled is the TransactionCanceledException of the errors of a transaction's
// actions, some of which are nil.
func Cancelled(failed []error) error { return cancellation(failed) }
