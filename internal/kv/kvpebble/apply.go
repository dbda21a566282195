package kvpebble

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/levee-io/levee/internal/kv"
)

// Apply implements kv.Store.
func (s *Store) Apply(kb kv.Batch, d kv.Durability) (kv.Commit, error) {
	b, ok := kb.(*batch)
	if !ok || b.store != s || b.pb == nil {
		return nil, kv.ErrBatch
	}
	defer b.Discard()
	if !s.gate.Enter() {
		return nil, kv.ErrClosed
	}
	defer s.gate.Leave()
	if err := errors.Join(b.problem(), s.failed()); err != nil {
		return nil, err
	}
	if d == kv.Sync && b.pb.Empty() {
		if len(b.guards) == 0 && s.pending.settled() {
			return kv.Durable, nil
		}
		// Pebble ignores an empty batch. An empty log record makes it a barrier.
		if err := b.pb.LogData(nil, nil); err != nil {
			return nil, err
		}
	}
	if len(b.guards) == 0 {
		s.order.RLock()
		defer s.order.RUnlock()
		return s.write(b, d)
	}
	s.order.Lock()
	defer s.order.Unlock()
	if err := s.check(b.guards); err != nil {
		return nil, err
	}
	return s.write(b, d)
}

// check returns kv.ErrConflict unless all guards hold. It needs s.order.
func (s *Store) check(guards []guard) error {
	for _, g := range guards {
		value, closer, err := s.db.Get(g.key)
		switch {
		case errors.Is(err, pebble.ErrNotFound):
			if g.want != nil {
				return kv.ErrConflict
			}
			continue
		case err != nil:
			return err
		}
		same := g.want != nil && bytes.Equal(value, g.want)
		if err := closer.Close(); err != nil {
			return err
		}
		if !same {
			return kv.ErrConflict
		}
	}
	return nil
}

// write makes b visible. Pebble panics when the log failed or the manifest did,
// with its locks held; that is turned into the failure of the store.
func (s *Store) write(b *batch, d kv.Durability) (_ kv.Commit, err error) {
	if err := s.failed(); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			b.pb = nil // Pebble may still hold it
			err = s.fail(fmt.Errorf("%v", r), true)
		}
	}()
	if d == kv.NoSync {
		s.pending.beginNoSync()
		if err := s.db.Apply(b.pb, pebble.NoSync); err != nil {
			return nil, err
		}
		s.pending.endNoSync()
		return kv.Durable, nil
	}
	s.pending.beginSync()
	if err := s.db.ApplyNoSyncWait(b.pb, pebble.Sync); err != nil {
		return nil, err
	}
	b.commit.store, b.commit.pb = s, b.pb
	b.pb = nil // the commit's, from here on
	return &b.commit, nil
}

// commit is the kv.Commit of one synced batch. Pebble lets one goroutine wait for
// a batch; the first Wait is that one and gives the batch back to Pebble's pool.
// Without any Wait the batch is garbage like any other.
type commit struct {
	store *Store
	once  sync.Once
	pb    *pebble.Batch
	err   error
}

// Wait implements kv.Commit.
func (c *commit) Wait() error {
	c.once.Do(c.wait)
	return c.err
}

func (c *commit) wait() {
	if err := c.pb.SyncWait(); err != nil {
		c.err = c.store.fail(err, false)
	} else {
		c.store.pending.endSync()
		c.err = c.pb.Close()
	}
	c.pb, c.store = nil, nil
}
