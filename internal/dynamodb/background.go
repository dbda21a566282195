package dynamodb

import (
	"context"
	"errors"
	"sync"
)

// background is what runs beside the operations.
type background struct {
	sync.WaitGroup
	stop  context.CancelFunc
	ctx   context.Context
	begun chan struct{} // closed when it may begin
}

func (b *background) open() {
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.begun = make(chan struct{})
}

// Go runs f beside the operations.
func (b *background) Go(f func()) {
	b.WaitGroup.Go(func() {
		<-b.begun
		f()
	})
}

// startBackground starts what runs beside the operations. No operation is
// running yet, and nothing that is started here begins before its end, so the
// counters start from what the store holds now: whatever is changed later is not in
// the snapshot, and counts itself.
func (e *Engine) startBackground() error {
	defer close(e.background.begun)
	if err := errors.Join(e.resumeWork(), e.resumeCounters()); err != nil {
		return err
	}
	e.background.Go(e.trimStreams)
	e.background.Go(e.rollStreams)
	e.background.Go(e.forgetTokens)
	e.background.Go(e.forgetHistory)
	e.background.Go(e.clearTombstones)
	e.background.Go(e.tendGraphs)
	if err := e.resumeDestinations(); err != nil {
		return err
	}
	var list []counting
	views := map[*table]*view{}
	for _, t := range e.catalog.tables {
		v := t.current.Load()
		e.awaitChanges(t, v.descriptor, nil)
		if v.Filling != nil || v.CounterOf != "" && v.hidden {
			continue // counts itself when it is filled
		}
		list = append(list, counting{prefix: v.prefix, stats: &t.stats, rows: &t.rows, slim: v.slim()})
		views[t] = v
		if v.expiry != nil {
			e.startExpiry(t, v.expiry)
		}
		for i := range v.indexes {
			switch x := &v.indexes[i]; {
			case x.Backfilling && v.underIndex(x.Name) != nil: // not yet
			case x.Backfilling:
				e.startBackfill(t, x.Number)
			default:
				list = append(list, counting{prefix: x.prefix, stats: x.stats})
			}
		}
		for i := range v.vectors {
			switch x := &v.vectors[i]; {
			case x.Backfilling && v.underIndex(x.Name) != nil: // not yet
			case x.Backfilling:
				e.startBackfill(t, x.Number)
			default:
				list = append(list, x.counting())
			}
		}
	}
	snapshot := e.store.Snapshot()
	e.background.Go(func() { e.countAll(snapshot, list) })
	for t, v := range views { // what they send is not in the snapshot
		e.startLinks(t, v, nil)
	}
	return nil
}
