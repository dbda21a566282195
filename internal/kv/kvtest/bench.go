package kvtest

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

// benchKeys is the number of entries that a benchmark finds in the store.
const benchKeys = 100_000

// BenchApply measures writes of 256 bytes over all keys.
func BenchApply(b *testing.B, s kv.Store) {
	fillBench(b, s)
	b.Run("sync/writers=1", func(b *testing.B) { benchApply(b, s, kv.Sync, 1, false) })
	b.Run("sync/writers=64", func(b *testing.B) { benchApply(b, s, kv.Sync, 64, false) })
	b.Run("sync/guarded/writers=64", func(b *testing.B) { benchApply(b, s, kv.Sync, 64, true) })
	b.Run("nosync/writers=1", func(b *testing.B) { benchApply(b, s, kv.NoSync, 1, false) })
	b.Run("nosync/writers=64", func(b *testing.B) { benchApply(b, s, kv.NoSync, 64, false) })
}

// BenchRead measures reads of a store just filled; settle, if not nil, brings it
// into the state to be measured.
func BenchRead(b *testing.B, s kv.Store, settle func() error) {
	fillBench(b, s)
	if settle != nil {
		if err := settle(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("get/hit", func(b *testing.B) { benchGet(b, s, 0) })
	b.Run("get/miss", func(b *testing.B) { benchGet(b, s, 1) })
	b.Run("scan10", func(b *testing.B) { benchScan(b, s, false) })
	b.Run("scan10/reverse", func(b *testing.B) { benchScan(b, s, true) })
	b.Run("scan10/after apply", func(b *testing.B) { benchScanApply(b, s) })
}

// benchKey is the key of entry i; odd ones are never set.
func benchKey(buf []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(append(buf[:0], "bench/"...), uint64(i))
}

func randomKey(buf []byte) []byte { return benchKey(buf, 2*rand.IntN(benchKeys)) }

func fillBench(b *testing.B, s kv.Store) {
	for i := 0; i < benchKeys; {
		batch := s.NewBatch()
		for range 1000 {
			batch.Set(benchKey(nil, 2*i), make([]byte, 256))
			i++
		}
		if _, err := s.Apply(batch, kv.NoSync); err != nil {
			b.Fatal(err)
		}
	}
}

func benchApply(b *testing.B, s kv.Store, d kv.Durability, writers int, guarded bool) {
	b.ReportAllocs()
	b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
	value := make([]byte, 256)
	write := func(key []byte) error {
		batch := s.NewBatch()
		if guarded {
			batch.Guard(key, value)
		}
		batch.Set(key, value)
		c, err := s.Apply(batch, d)
		if err != nil {
			return err
		}
		return c.Wait()
	}
	if writers == 1 {
		var key []byte
		for b.Loop() {
			key = randomKey(key)
			if err := write(key); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	var failed atomic.Value
	b.RunParallel(func(pb *testing.PB) {
		var key []byte
		for pb.Next() {
			key = randomKey(key)
			if err := write(key); err != nil {
				failed.Store(err)
			}
		}
	})
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
}

func benchGet(b *testing.B, s kv.Store, off int) {
	b.ReportAllocs()
	var key, value []byte
	for b.Loop() {
		key = benchKey(key, 2*rand.IntN(benchKeys)+off)
		var ok bool
		var err error
		if value, ok, err = s.Get(key, value[:0]); err != nil || ok != (off == 0) {
			b.Fatal(ok, err)
		}
	}
}

func benchScan(b *testing.B, s kv.Store, back bool) {
	b.ReportAllocs()
	var key []byte
	for b.Loop() {
		key = randomKey(key)
		r := kv.Range{Start: key, End: kv.PrefixEnd([]byte("bench/")), Limit: 10}
		if back {
			r = kv.Range{Start: []byte("bench/"), End: key, Reverse: true, Limit: 10}
		}
		it := s.Scan(r)
		for range 10 {
			it.Next()
		}
		if err := it.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchScanApply alternates, which is the worst for copy on write.
func benchScanApply(b *testing.B, s kv.Store) {
	b.ReportAllocs()
	var key []byte
	value := make([]byte, 256)
	for b.Loop() {
		key = randomKey(key)
		batch := s.NewBatch()
		batch.Set(key, value)
		if _, err := s.Apply(batch, kv.NoSync); err != nil {
			b.Fatal(err)
		}
		it := s.Scan(kv.Range{Start: key, Limit: 10})
		for range 10 {
			it.Next()
		}
		if err := it.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
