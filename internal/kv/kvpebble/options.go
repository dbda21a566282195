package kvpebble

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options of Open. The zero value is right for a server of a few gigabytes.
type Options struct {
	// CacheBytes is the size of the cache of table blocks; 0 means 128 MiB. The
	// memtables take up to 256 MiB more when writers outrun the disk; what of that they
	// do not take, the cache has.
	CacheBytes int64
	// FS is the file system; nil means that of the operating system.
	FS vfs.FS
	// Logger gets stalls and failures, and at debug level what happens in the
	// background; nil means nobody.
	Logger *slog.Logger

	// tune is for tests.
	tune func(*pebble.Options)
}

// numLevels is the number of levels of a Pebble tree.
const numLevels = len(pebble.Options{}.Levels)

// pebble returns the options of the database.
func (o Options) pebble() *pebble.Options {
	po := &pebble.Options{
		CacheSize:          o.CacheBytes,
		FS:                 o.FS,
		FormatMajorVersion: pebbleFormat,

		// Few, large flushes. A memtable starts at 256 KiB and doubles up to this
		// size, so a small store stays small. Writers stop only with four full.
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,

		// Compact level 0 when two flushes lie over each other: after each of them, new
		// items cost a tenth more; after four, reads beside the compaction of a load of
		// five million items cost up to twice as much. Never stop writers for it: a slow
		// read is better than a store that stands still.
		L0CompactionThreshold: 4, // which counts each twice
		L0StopWritesThreshold: 1000,
		LBaseMaxBytes:         64 << 20,
		CompactionConcurrencyRange: func() (int, int) {
			return 1, min(4, runtime.GOMAXPROCS(0))
		},

		// A dropped table is one range deletion; without this its space comes back
		// only when the memtable happens to fill.
		FlushDelayDeleteRange: 10 * time.Second,
	}
	if po.CacheSize == 0 {
		po.CacheSize = 128 << 20
	}
	// Pebble takes memtables out of the cache. Without their share, a store under
	// write load would have no cache at all and read every block from its file.
	po.CacheSize += int64(po.MemTableSize) * int64(po.MemTableStopWritesThreshold)
	for i := range po.Levels {
		po.Levels[i].BlockSize = 16 << 10
		po.Levels[i].IndexBlockSize = 256 << 10
		// A Get never consults the filter of the last level, and its filters would
		// be nine tenths of all: leave them out.
		if i < numLevels-1 {
			po.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		} else {
			po.Levels[i].FilterPolicy = pebble.NoFilterPolicy
		}
	}
	// Fast compression above, where data is rewritten often; zstd below, where it
	// stays.
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionBalanced })
	po.Logger, po.EventListener = listen(o.Logger)
	if po.FS == nil {
		po.WithFSDefaults() // which also watches the disk for stalls
	}
	if o.tune != nil {
		o.tune(po)
	}
	return po
}
