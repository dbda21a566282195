package dynamodb

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// ongoing are the items of the transactions that are being carried out, from
// before they take their latches until what they wrote is visible, and their
// tokens. A request that comes upon one of the items meanwhile is refused, as in
// the service (Developer Guide, "Transaction conflict handling in DynamoDB"). It
// is the latches that keep transactions apart; this only tells who would wait.
//
// While no transaction runs, looking here costs one load.
type ongoing struct {
	count atomic.Int64 // of keys
	mu    sync.Mutex
	// keys are the hashes of rows and token keys; guarded by mu. Two keys that have
	// one are a conflict more in some centuries, and a client tries that again.
	keys map[uint64]struct{}
}

// hashOf is what a key is known by here.
func hashOf(key []byte) uint64 { return xxhash.Sum64(key) }

// idle reports whether no transaction is under way.
func (o *ongoing) idle() bool { return o.count.Load() == 0 }

// has reports whether a transaction on the item is under way.
func (o *ongoing) has(row []byte) bool {
	if o.idle() {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, taken := o.keys[hashOf(row)]
	return taken
}

// begin takes all of the keys, or none of them: then it reports for each whether
// another transaction has it.
func (o *ongoing) begin(keys ...uint64) (taken []bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, key := range keys {
		if _, ok := o.keys[key]; ok {
			if taken == nil {
				taken = make([]bool, len(keys))
			}
			taken[i] = true
		}
	}
	if taken != nil {
		return taken
	}
	if o.keys == nil {
		o.keys = map[uint64]struct{}{}
	}
	for _, key := range keys {
		o.keys[key] = struct{}{}
	}
	o.count.Add(int64(len(keys)))
	return nil
}

// end gives the keys back.
func (o *ongoing) end(keys ...uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range keys {
		delete(o.keys, key)
	}
	o.count.Add(-int64(len(keys)))
}

// commitTransaction is commit for the writes of a transaction. It fails those
// whose item another transaction has, and with them all.
func (e *Engine) commitTransaction(writes []*write, tok *token) (failed []error, err error) {
	done, failed, err := e.applyTransaction(writes, tok)
	if failed != nil || err != nil {
		return failed, err
	}
	return e.finish(writes, done)
}

// applyTransaction is the part of commitTransaction during which the transaction
// is ongoing.
func (e *Engine) applyTransaction(writes []*write, tok *token) (done applied, failed []error, err error) {
	if tok != nil {
		if e.ongoing.begin(tok.hash) != nil {
			return done, nil, api.Errorf(ddb.CodeTransactionInProgressException, "The transaction with the given request token is already in progress.")
		}
		defer e.ongoing.end(tok.hash)
	}
	var few [4]uint64
	rows := markTransact(few[:0], writes)
	if taken := e.ongoing.begin(rows...); taken == nil {
		defer e.ongoing.end(rows...)
	} else if replayed, err := e.replays(tok); err != nil || !replayed {
		return done, conflicts(taken), err
	}
	return e.commitLatched(writes, tok), nil, nil
}

// markTransact says of writes that they are of a transaction, and appends the hashes
// of their rows to rows.
func markTransact(rows []uint64, writes []*write) []uint64 {
	for _, w := range writes {
		rows, w.transact = append(rows, hashOf(w.row)), true
	}
	return rows
}

// replays reports whether a transaction was carried out before: then it changes
// nothing, and is in nobody's way.
func (e *Engine) replays(tok *token) (bool, error) {
	if tok == nil {
		return false, nil
	}
	return e.replayed(tok, time.Now())
}

// conflicts makes the errors of the actions whose items are taken; nil if none
// is.
func conflicts(taken []bool) []error {
	failed := make([]error, len(taken))
	for i := range taken {
		if taken[i] {
			failed[i] = errConflict()
		}
	}
	return failed
}

func errConflict() *api.Error {
	return api.Errorf(ddb.CodeTransactionConflictException, "Transaction is ongoing for the item")
}
