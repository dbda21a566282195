package main

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// floorStore keeps values under keys that it makes itself: what counts is that
// they are kept.
type floorStore interface {
	// write keeps the body in n parts, in one batch that is durable when it
	// returns.
	write(body []byte, n int) error
	// read gets n values, each by its key.
	read(n int) error
	// scan gets n values that lie side by side.
	scan(n int) error
	close() error
}

func openFloorStore(dir string) (floorStore, error) {
	if dir == "" {
		return &floorMemory{rows: map[uint64][]byte{}}, nil
	}
	db, err := pebble.Open(dir, &pebble.Options{
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       64 << 20,
		Logger:             quiet{},
	})
	if err != nil {
		return nil, err
	}
	return &floorPebble{db: db}, nil
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

// floorPebble is a Pebble database; its batches share syncs as they come.
type floorPebble struct {
	db   *pebble.DB
	rows atomic.Uint64
}

// floorKey spreads the keys, as hashes of partition keys do.
func floorKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n*0x9e3779b97f4a7c15) }

func (s *floorPebble) write(body []byte, n int) error {
	b := s.db.NewBatch()
	part := len(body) / n
	for i := range n {
		if err := b.Set(floorKey(s.rows.Add(1)), body[i*part:(i+1)*part], nil); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	return errors.Join(b.Commit(pebble.Sync), b.Close())
}

// floorTable is how many rows reads choose from, the latest: as many as the tables
// have that an engine is asked to read from.
const floorTable = 10_000

// some returns the key of a row that was written lately.
func (s *floorPebble) some() []byte {
	rows := s.rows.Load()
	return floorKey(rows - rand.Uint64N(max(1, min(rows, floorTable))))
}

func (s *floorPebble) read(n int) error {
	for range n {
		_, c, err := s.db.Get(s.some())
		if errors.Is(err, pebble.ErrNotFound) {
			continue // a row that is being written
		}
		if err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (s *floorPebble) scan(n int) error {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	size := 0
	for ok := it.SeekGE(s.some()); ok && n > 0; ok, n = it.Next(), n-1 {
		size += len(it.Value())
	}
	return errors.Join(it.Error(), it.Close())
}

func (s *floorPebble) close() error { return s.db.Close() }

// floorMemory is a map.
type floorMemory struct {
	mu   sync.RWMutex
	rows map[uint64][]byte
}

func (s *floorMemory) write(body []byte, n int) error {
	part := len(body) / n
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		s.rows[uint64(len(s.rows))] = append([]byte(nil), body[i*part:(i+1)*part]...)
	}
	return nil
}

func (s *floorMemory) read(n int) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	size := 0
	for range n {
		size += len(s.rows[rand.Uint64N(uint64(max(1, len(s.rows))))])
	}
	return nil
}

func (s *floorMemory) scan(n int) error { return s.read(n) }

func (s *floorMemory) close() error { return nil }
