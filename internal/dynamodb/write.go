package dynamodb

import (
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
)

// op is what a write does to its item.
type op uint8

const (
	opPut op = iota
	opUpdate
	opDelete
	opCheck // only looks: a condition check of a transaction
)

// write is one item's part of an operation. The first block is the request's,
// the second is filled by commit.
type write struct {
	op      op
	table   *table
	key     attr.Map // has the primary key attributes; for a put, the item itself
	row     []byte   // row key
	rowRoom [48]byte // of most row keys
	item    attr.Map // opPut: the new item
	size    int      // opPut: its size
	update  *expr.Update
	cond    *expr.Condition
	keep    bool // return the item when the condition fails
	expired bool // a deletion by time to live

	transact  bool       // part of a transaction
	apart     bool       // of a batch: it is throttled for itself
	aside     bool       // of a batch: it was not done, since a transaction has its item
	throttled *api.Error // of a batch: why it was, and was not done

	incoming bool   // from another replica
	version  []byte // of the item after the write, where the table has replicas
	// mirrors are the same write in the other replicas of a table with strong
	// consistency, mirrored the replication that they were made for.
	mirrors  []*write
	mirrored *replication

	v                *view
	replayed         bool // done by an earlier request with the same token
	existed          bool
	old, new         attr.Map // old is decoded only where someone looks at it
	oldRaw, newRaw   []byte
	oldSize, newSize int
	indexed          []indexChange
	vectored         []vectorChange
	shard            *streamShard // of the stream record, if there is one
	collected        *collection  // nil where the table has none
	outgoing         *streamShard // of the record in an outbox, likewise
}

// commit carries out writes as one atomic change: each item at most once. It
// returns nil, or nil errors for the writes that could be done and what is
// wrong with the others; in that case nothing was changed. err is any other
// failure. What it reports is durable.
//
// With a token that was used before for the same writes nothing is done again:
// the writes come back as replayed.
func (e *Engine) commit(writes []*write, tok *token) (failed []error, err error) {
	return e.finish(writes, e.commitLatched(writes, tok))
}

// applied is what came of writes under their latches.
type applied struct {
	commit kv.Commit // nil when nothing was applied
	// pending is what an answer must wait for where nothing was applied: it tells
	// what the rows hold, which must not be undone by a crash.
	pending []kv.Commit
	failed  []error
	err     error
}

// finish is the part of commit that holds no locks: it waits for the disk.
func (e *Engine) finish(writes []*write, done applied) (failed []error, err error) {
	if done.commit == nil {
		if err := waitAll(done.pending); err != nil {
			return nil, err
		}
		return done.failed, done.err
	}
	finished(admittedOnly(writes))
	return nil, done.commit.Wait()
}

// finished tells whom it concerns of writes that were applied.
func finished(writes []*write) {
	for _, w := range writes {
		w.count()
		w.stored()
		w.accessedBy()
		w.announce()
	}
}

// commitLatched is the part of commit that holds locks. It releases them even
// when it panics: the wire answers a panic and goes on serving.
func (e *Engine) commitLatched(writes []*write, tok *token) (done applied) {
	var few [2]*table
	tables, err := e.lockAll(few[:0], writes)
	if err != nil {
		return applied{err: err}
	}
	defer func() { unlockViews(tables) }()
	items, err := e.contention.begin(writes)
	if err != nil {
		return applied{err: err}
	}
	defer e.contention.end(items)
	var room [latchesOfMost]uint16
	h := held(room[:0])
	for _, w := range withMirrors(writes) {
		h = w.v.addLatches(h, w.row)
	}
	if tok != nil {
		h = h.addHash(tok.hash)
	}
	h = h.lock(&e.latches)
	defer func() { h.unlock(&e.latches, done.commit) }()
	done.commit, done.failed, done.err = e.decideAndApply(writes, tok)
	if done.commit == nil {
		done.pending = h.pending(&e.latches)
	}
	return done
}

// decideAndApply is the part of commit that runs under the latches. The commit
// is nil when nothing was applied.
func (e *Engine) decideAndApply(writes []*write, tok *token) (kv.Commit, []error, error) {
	now := time.Now()
	replayed := false
	if tok != nil {
		var err error
		if replayed, err = e.replayed(tok, now); err != nil {
			return nil, nil, err
		}
	}
	if replayed {
		if err := e.replay(writes); err != nil {
			return nil, nil, err
		}
		return nil, admitWrites(writes), nil
	}
	failed, err := e.decideWrites(writes)
	if failed != nil || err != nil {
		return nil, failed, err
	}
	commit, err := e.applyAll(e.store.NewBatch(), admittedOnly(withMirrors(writes)), tok, now)
	return commit, nil, err
}

// decideWrites works out what becomes of the items, the indexes and the item
// collections, and asks for the capacity that it takes. It returns nil, or nil errors
// for the writes that could be done and what is wrong with the others.
func (e *Engine) decideWrites(writes []*write) (failed []error, err error) {
	failed, err = e.decideAll(writes)
	if err != nil {
		return nil, err
	}
	if failed != nil {
		if throttled := admitWrites(writes); throttled != nil {
			failed = throttled // what fails costs what was read
		}
		return failed, nil
	}
	if err := e.decideMirrors(writes); err != nil {
		return nil, err
	}
	for _, w := range withMirrors(writes) {
		w.compareIndexes()
	}
	if failed = admitWrites(writes); failed != nil {
		return failed, nil
	}
	return e.admitCollections(writes)
}

// replay marks writes as done before and reads the items, whose sizes are what
// the repeat costs.
func (e *Engine) replay(writes []*write) error {
	for _, w := range writes {
		if err := e.read(w); err != nil {
			return err
		}
		w.replayed, w.newSize = true, w.oldSize
	}
	return e.collect(writes)
}

// lockAll is lockViews for the writes and their mirrors.
func (e *Engine) lockAll(tables []*table, writes []*write) ([]*table, error) {
	for {
		e.addMirrors(writes)
		locked, err := lockViews(tables[:0], withMirrors(writes))
		if err != nil || mirrorsHold(writes) {
			return locked, err
		}
		unlockViews(locked) // replicas came or went
	}
}

// lockViews fixes the view of each write and keeps it from changing. It appends
// the tables to be unlocked to tables, which is empty.
func lockViews(tables []*table, writes []*write) ([]*table, error) {
	for _, w := range writes {
		if !slices.Contains(tables, w.table) {
			tables = append(tables, w.table)
		}
	}
	if len(tables) > 1 {
		slices.SortFunc(tables, func(a, b *table) int { return a.compare(b) })
	}
	for _, t := range tables {
		t.mu.RLock()
	}
	for _, w := range writes {
		if w.v = w.table.open(); w.v == nil {
			unlockViews(tables)
			return nil, errNoResource()
		}
	}
	return tables, nil
}

func unlockViews(tables []*table) {
	for _, t := range tables {
		t.mu.RUnlock()
	}
}

// decideAll reads each write's item and works out the new one. Together they are
// bounded, and with them the batch: updates can make large items of small ones.
func (e *Engine) decideAll(writes []*write) (failed []error, err error) {
	size := 0
	for i, w := range writes {
		if err := e.read(w); err != nil {
			return nil, err
		}
		err := w.decide()
		if err == nil {
			if size += w.newSize; size > maxTransactionSize {
				return nil, api.Validation(msgTransactionSize)
			}
			continue
		}
		if failed == nil {
			failed = make([]error, len(writes))
		}
		failed[i] = err
	}
	return failed, nil
}

// read fetches the item as it is.
func (e *Engine) read(w *write) (err error) {
	if len(w.v.links) > 0 {
		if err := w.readVersion(e.store); err != nil {
			return err
		}
	}
	if w.table.rows.absent(hashOf(w.row)) {
		return nil
	}
	w.oldRaw, w.existed, err = e.store.Get(w.row, nil)
	if err != nil || !w.existed {
		w.oldRaw = nil
		return err
	}
	if w.cond == nil && w.update == nil && len(w.v.indexes) == 0 && len(w.v.counters) == 0 && len(w.v.vectors) == 0 && !w.expired && !w.incoming {
		w.oldSize, err = attr.SizeEncoded(w.oldRaw)
		return err
	}
	w.old, err = attr.DecodeShared(nil, w.oldRaw)
	w.oldSize = w.old.Size()
	return err
}

// decide checks the condition and computes the new item.
func (w *write) decide() error {
	if w.cond != nil && !w.cond.Eval(w.old) {
		return w.conditionFailed()
	}
	if w.expired && !w.decideExpired(time.Now()) {
		w.op = opCheck
		return nil
	}
	switch w.op {
	case opPut:
		w.new, w.newSize = w.item, w.size
	case opUpdate:
		if err := w.decideUpdate(); err != nil {
			return err
		}
	default:
		return nil
	}
	if w.new == nil {
		return nil
	}
	w.newRaw = attr.AppendMap(make([]byte, 0, w.newSize+32), w.new)
	return nil
}

func (w *write) decideUpdate() (err error) {
	switch {
	case w.update == nil && w.existed:
		w.new = w.old
	case w.update == nil:
		w.new = w.key
	case !w.existed && !w.update.Creates():
		return nil
	case w.existed:
		w.new, err = w.update.Apply(w.old)
	default:
		w.new, err = w.update.Create(w.key)
	}
	if err != nil {
		return invalid(err)
	}
	if w.newSize = w.new.Size(); w.newSize > maxItemSize {
		return api.Validation(msgUpdateItemSize)
	}
	if err := w.v.checkUpdatedIndexKeys(w.update, w.new); err != nil {
		return err
	}
	if !w.v.fits(w.new, w.newSize) {
		return api.Validation(msgUpdateItemSize)
	}
	return nil
}

func (w *write) conditionFailed() error {
	err := api.Errorf(ddb.CodeConditionalCheckFailedException, msgCondition)
	if w.keep && w.existed {
		err.Item = attr.EncodedItem(w.oldRaw)
	}
	return err
}

// applyAll stages every change in a batch, those of the indexes as compared, and
// applies it. The commit is nil if there was none.
func (e *Engine) applyAll(b kv.Batch, writes []*write, tok *token, now time.Time) (commit kv.Commit, err error) {
	e.stageAll(b, writes, now)
	if tok != nil {
		e.remember(tok, b, now)
	}
	if b.Len() == 0 {
		b.Discard()
		return nil, nil
	}
	rows, err := e.stageCounters(b, writes)
	defer func() { rows.unlock(commit) }()
	if err != nil {
		b.Discard()
		return nil, err
	}
	graphs := e.touch(writes)
	defer graphs.end()
	shards := lockShards(writes)
	defer func() { shards.unlock(commit) }()
	stageRecords(b, writes, now)
	return e.store.Apply(b, kv.Sync)
}

// stageAll adds to the batch what writes change, but for the stream records.
func (e *Engine) stageAll(b kv.Batch, writes []*write, now time.Time) {
	for _, w := range writes {
		w.stage(b)
		w.stageCollection(b)
	}
	e.stageUndo(b, writes, now)
}

// stageRecords adds the stream records of writes. Their shards must be locked.
func stageRecords(b kv.Batch, writes []*write, now time.Time) {
	for _, w := range writes {
		if w.recorded() {
			w.stageRecord(b, w.v.stream, w.shard, now)
		}
		if w.posted() {
			w.stageRecord(b, w.v.outbox, w.outgoing, now)
		}
	}
}

func (w *write) stage(b kv.Batch) {
	switch w.op {
	case opPut, opUpdate:
		if w.newRaw == nil {
			return // an update of nothing that made nothing
		}
		w.table.rows.add(hashOf(w.row))
		b.Set(w.row, w.newRaw)
	case opDelete:
		if w.existed {
			b.Delete(w.row)
		}
	case opCheck:
		return
	}
	w.stageIndexes(b)
	if len(w.v.vectors) > 0 {
		w.stageVectors(b)
	}
	if w.v.expiry != nil {
		w.stageExpiry(b)
	}
	if len(w.v.links) > 0 && w.version != nil {
		w.stageVersion(b)
	}
}

// counted returns how much the item counts, before and after, for what its table
// consumes and holds.
func (w *write) counted() (before, after int) {
	before, after = w.oldSize, w.newSize
	if len(w.v.vectors) > 0 {
		before, after = before-w.v.slimmer(w.old), after-w.v.slimmer(w.new)
	}
	return before, after
}

// count brings the table's counters up to date.
func (w *write) count() {
	if w.op == opCheck {
		return
	}
	items := 0
	if w.existed {
		items--
	}
	if w.newRaw != nil {
		items++
	}
	before, after := w.counted()
	w.table.stats.add(items, after-before)
	for i := range w.indexed {
		w.indexed[i].count()
	}
	for i := range w.vectored {
		w.vectored[i].count()
	}
	for _, m := range w.mirrors {
		m.count()
	}
}
