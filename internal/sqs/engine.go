package sqs

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// Options configures an Engine. The zero value is ready for use.
type Options struct {
	// EnforceCooldowns applies the two rules of the service that forbid a thing
	// for 60 seconds: to create a queue with the name of one just deleted
	// (QueueDeletedRecently), and to purge a queue again (PurgeQueueInProgress).
	// They protect a distributed system from itself. Here both operations are
	// finished when they are answered, and tests do them all day, so the rules
	// are off by default.
	EnforceCooldowns bool
	// FIFOWindow is among how many messages of a FIFO queue, from the first, a
	// receive looks for those of message groups that are open. The service looks
	// among 120,000, so that a backlog of one group can hide the others. 0 is all
	// of them.
	FIFOWindow int
	// EnforceRates holds FIFO queues to the calls a second that the service takes.
	EnforceRates bool
	// ModelTime says what time it is for these rates, which may pass faster; nil means
	// time.Now.
	ModelTime func() time.Time
}

// Engine is the queues of one store. It is safe for concurrent use.
type Engine struct {
	store    kv.Store
	opts     Options
	receipts receipts

	// admin is held by whatever creates, changes or deletes queues.
	admin   sync.Mutex
	catalog catalog
	// lastID is the id of the last queue that was created, and deleted when
	// queues were deleted by name, unix milliseconds. Both are guarded by admin.
	lastID  uint32
	deleted map[arn]int64

	moves   sync.WaitGroup // the tasks that run
	closing context.Context
	endAll  context.CancelFunc // ends closing
}

type catalog struct {
	sync.RWMutex // guards the fields below
	spaces       map[api.Namespace]names
	closed       bool
}

// Open returns the engine of the queues in a store. It reads the catalog; the
// messages of a queue are read when the queue is first used. The store stays
// the caller's to close, after the engine.
func Open(store kv.Store, opts Options) (*Engine, error) {
	e := &Engine{store: store, opts: opts, deleted: map[arn]int64{}}
	e.catalog.spaces = map[api.Namespace]names{}
	e.closing, e.endAll = context.WithCancel(context.Background())
	var err error
	if e.receipts, err = openReceipts(store); err != nil {
		return nil, fmt.Errorf("sqs: receipt key: %w", err)
	}
	last, ok, err := store.Get(lastQueueKey, nil)
	if err != nil {
		return nil, fmt.Errorf("sqs: read the catalog: %w", err)
	}
	if ok && len(last) == 4 {
		e.lastID = binary.BigEndian.Uint32(last)
	}
	if err := e.readCatalog(); err != nil {
		return nil, fmt.Errorf("sqs: read the catalog: %w", err)
	}
	if err := e.readTasks(); err != nil {
		return nil, fmt.Errorf("sqs: read the move tasks: %w", err)
	}
	return e, nil
}

// Close ends all long polls, which then answer that there is no message, and
// stops the move tasks, which go on when the store is opened again. Operations
// that come later fail.
func (e *Engine) Close() error {
	e.catalog.Lock()
	e.catalog.closed = true
	var list []*queue
	for _, names := range e.catalog.spaces {
		for _, q := range names {
			list = append(list, q)
		}
	}
	e.catalog.Unlock()
	for _, q := range list {
		q.close()
	}
	e.endAll()
	e.moves.Wait()
	return nil
}
