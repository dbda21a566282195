package kvpebble

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/levee-io/levee/internal/kv"
)

// Stats are figures of a store for its operator.
type Stats struct {
	// DiskBytes is the space that the store takes, with logs and obsolete files.
	DiskBytes uint64
	// LogBytes is the size of the write-ahead log.
	LogBytes uint64
	// MemtableBytes is what is written and not yet in tables.
	MemtableBytes uint64
	// CompactionDebt estimates how many bytes compactions have yet to write.
	CompactionDebt uint64
	// Compactions and Flushes count since the store was opened, as all that follows.
	Compactions, Flushes int64
	// Syncs are those of the log: the fewer for a number of batches, the more shared
	// one.
	Syncs Histogram
	// ReadAmplification is how many levels a read may have to look at.
	ReadAmplification int
	// CacheHits and CacheMisses count the blocks that were looked up in the cache.
	CacheHits, CacheMisses int64
}

// Histogram is a distribution of times.
type Histogram struct {
	Count   uint64
	Seconds float64            // the sum
	Buckets map[float64]uint64 // how many took so many seconds or less
}

// Stats returns the figures of now.
func (s *Store) Stats() (Stats, error) {
	if !s.gate.Enter() {
		return Stats{}, kv.ErrClosed
	}
	defer s.gate.Leave()
	if err := s.failed(); err != nil {
		return Stats{}, err
	}
	m := s.db.Metrics()
	return Stats{
		DiskBytes: m.DiskSpaceUsage(), LogBytes: m.WAL.Size, MemtableBytes: m.MemTable.Size,
		CompactionDebt: m.Compact.EstimatedDebt, Compactions: m.Compact.Count, Flushes: m.Flush.Count,
		Syncs:             s.syncs(),
		ReadAmplification: m.ReadAmp(), CacheHits: m.BlockCache.Hits, CacheMisses: m.BlockCache.Misses,
	}, nil
}

// Syncs returns how often the log was synced, and how long that took in all. Of a store
// that is closed or broken it returns zeros.
func (s *Store) Syncs() (count uint64, total time.Duration) {
	stats, err := s.Stats()
	if err != nil {
		return 0, 0
	}
	return stats.Syncs.Count, time.Duration(stats.Syncs.Seconds * float64(time.Second))
}

// syncs returns those of the log; of a store that is open to be looked at there are none.
func (s *Store) syncs() Histogram {
	if s.logs == nil {
		return Histogram{}
	}
	return histogram(s.logs.syncs)
}

// histogram takes apart what Pebble keeps in nanoseconds.
func histogram(h prometheus.Metric) Histogram {
	var m dto.Metric
	if h.Write(&m) != nil {
		return Histogram{}
	}
	const step = 5 // Pebble's buckets are finer than anybody looks
	list := m.GetHistogram().GetBucket()
	out := Histogram{
		Count: m.GetHistogram().GetSampleCount(), Seconds: m.GetHistogram().GetSampleSum() / float64(time.Second),
		Buckets: make(map[float64]uint64, len(list)/step),
	}
	for i := step - 1; i < len(list); i += step {
		b := list[i]
		out.Buckets[b.GetUpperBound()/float64(time.Second)] = b.GetCumulativeCount()
	}
	return out
}
