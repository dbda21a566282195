package transact

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/sqs"
)

// Engine carries out transactions over the engines of one store. It is safe for
// concurrent use.
type Engine struct {
	store   kv.Store
	log     *slog.Logger
	tables  *dynamodb.Engine
	queues  *sqs.Engine
	tokens  inProgress
	latches [latchCount]sync.Mutex // of checkpoints

	background sync.WaitGroup
	closing    context.Context
	stop       context.CancelFunc // ends closing
}

// Open returns an engine over others, which must be on the same store. They stay
// the caller's to close, after this one. A nil logger discards.
func Open(store kv.Store, tables *dynamodb.Engine, queues *sqs.Engine, log *slog.Logger) *Engine {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{store: store, log: log, tables: tables, queues: queues}
	e.closing, e.stop = context.WithCancel(context.Background())
	e.background.Go(e.forgetTokens)
	return e
}

// Close ends the background work of the engine. No operation may be running.
func (e *Engine) Close() error {
	e.stop()
	e.background.Wait()
	return nil
}

// Operations returns the engine's rows of the operation table.
func (e *Engine) Operations() []api.Operation {
	return []api.Operation{
		{
			Target: leveeapi.Target, Name: "Transact", Class: api.Write, Doc: "up to 100 actions on tables, queues and checkpoints in one transaction; see [transact.md](transact.md)",
			New: func() api.Input { return new(leveeapi.TransactInput) },
			Handle: func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
				return e.Transact(ctx, c, in.(*leveeapi.TransactInput))
			},
		},
		api.Op(leveeapi.Target, "ListCheckpoints", api.Read, "how far a consumer has come in the shards of a stream", e.ListCheckpoints),
	}
}

// barrier waits until everything that was applied before is durable.
func (e *Engine) barrier() error {
	commit, err := e.store.Apply(e.store.NewBatch(), kv.Sync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// forgetTokens deletes the tokens that are no longer remembered, until the engine
// closes.
func (e *Engine) forgetTokens() {
	tick := time.NewTicker(tokenLife)
	defer tick.Stop()
	for {
		if err := e.trimTokens(time.Now()); err != nil {
			e.log.Error("forget tokens of transactions", "err", err)
		}
		select {
		case <-e.closing.Done():
			return
		case <-tick.C:
		}
	}
}

// trimTokens deletes the buckets before the last one.
func (e *Engine) trimTokens(now time.Time) error {
	r := kv.Range{Start: tokenPrefix(0), End: tokenPrefix(tokenBucket(now) - 1), Limit: 1}
	it := e.store.Scan(r)
	stale := it.Next()
	if err := errors.Join(it.Err(), it.Close()); err != nil || !stale {
		return err
	}
	b := e.store.NewBatch()
	b.DeleteRange(r.Start, r.End)
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}
