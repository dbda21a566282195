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
	if d == kv.Sync && b.pb.Empty() && len(b.guards) == 0 && s.pending.settled() {
		return kv.Durable, nil
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
	if err := s.db.Apply(b.pb, pebble.NoSync); err != nil {
		return nil, err
	}
	b.commit.store, b.commit.round = s, s.rounds.join()
	return &b.commit, nil
}

// commit is the kv.Commit of one batch that is to be synced.
type commit struct {
	store *Store
	once  sync.Once
	round *syncRound
	err   error
}

// Wait implements kv.Commit.
func (c *commit) Wait() error {
	c.once.Do(c.wait)
	return c.err
}

func (c *commit) wait() {
	if c.err = c.store.await(c.round); c.err == nil {
		c.store.pending.endSync()
	}
	c.round, c.store = nil, nil
}
