package dynamodb

import (
	"errors"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// startExpiry gives a table what a TTL setting promises, in the background: the
// expiry rows of the items that were there before, and then the deletion of what
// expires. It ends with the setting, the table or the engine.
func (e *Engine) startExpiry(t *table, x *expiry) {
	e.background.Go(func() {
		if x.Filling {
			if err := e.fillExpiry(t, x); err != nil {
				e.log.Error("dynamodb: time to live could not be turned on; it will be tried again after a restart", "table", t.id, "error", err)
				return
			}
		}
		e.expireItems(t, x)
	})
}

// fillExpiry makes the expiry rows of the items that were there before.
func (e *Engine) fillExpiry(t *table, x *expiry) error {
	filled, err := e.fillTable(t, func(v *view) rowFiller {
		if v == nil || !v.expiry.same(x) {
			return nil
		}
		return func(b kv.Batch, row, raw []byte) error {
			seconds, ok, err := x.time(raw)
			if ok {
				b.Set(x.key(seconds, row), nil)
			}
			return err
		}
	})
	if err != nil || !filled {
		return err
	}
	return e.finishExpiry(t, x)
}

// finishExpiry notes that no expiry row is missing any more.
func (e *Engine) finishExpiry(t *table, x *expiry) error {
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil || !v.expiry.same(x) {
		return nil
	}
	next := v.clone()
	next.TTL = &timeToLive{Attribute: x.Attribute, Changed: x.Changed}
	_, err := e.publish(t, next, nil, nil)
	return err
}

// expireItems deletes items as they expire.
func (e *Engine) expireItems(t *table, x *expiry) {
	tick := time.NewTicker(expiryInterval)
	defer tick.Stop()
	for {
		select {
		case <-e.background.ctx.Done():
			return
		case now := <-tick.C:
			v := t.current.Load()
			if v == nil || !v.expiry.same(x) {
				return
			}
			if v.under(changeTTL) != nil {
				continue
			}
			if err := e.expireDue(t, x, now); err != nil {
				e.log.Error("dynamodb: delete expired items", "table", t.id, "error", err)
			}
		}
	}
}

// expireDue deletes what is expired at now, step by step.
func (e *Engine) expireDue(t *table, x *expiry, now time.Time) error {
	due := x.due(now)
	for e.background.ctx.Err() == nil {
		keys, err := e.rowsFrom(due, expiryStep)
		if err != nil || len(keys) == 0 {
			return err
		}
		writes := make([]*write, len(keys))
		for i, key := range keys {
			writes[i] = &write{op: opDelete, table: t, row: x.row(key), expired: true}
		}
		if _, err := e.commit(writes, nil); err != nil {
			return ifNotGone(err)
		}
		due.Start = append(keys[len(keys)-1], 0)
	}
	return nil
}

// ifNotGone returns err unless it says that the table was deleted meanwhile.
func ifNotGone(err error) error {
	var gone *api.Error
	if errors.As(err, &gone) && gone.Code == ddb.CodeResourceNotFoundException {
		return nil
	}
	return err
}
