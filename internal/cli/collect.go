package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	collectEvery = time.Second
	// collectLeast is how much the heap may always grow between two collections.
	collectLeast = 64 << 20
	liveHeap     = "/gc/heap/live:bytes"
)

// collectAside keeps garbage from being as much as the store's cache and memtables, until
// ctx ends. By itself, the collector lets the heap double, and a cache of 384 MiB cost as
// much again; but it has no pointers to follow, so collecting as often as without it costs
// no more. Whoever sets GOGC or GOMEMLIMIT is left alone.
func collectAside(ctx context.Context, bulk func() int64) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: liveHeap}}
	last := 100
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		now := collectPercent(int64(sample[0].Value.Uint64()), bulk())
		if now < last-last/10 || now > last+last/10 { // setting it stops the world for a moment
			debug.SetGCPercent(now)
			last = now
		}
	}
}

// collectPercent is by how much of live bytes, of which bulk are in the cache and in
// memtables, the heap may grow: as much as the rest, collectLeast at least, and no more
// than it would by itself.
func collectPercent(live, bulk int64) int {
	if live <= collectLeast {
		return 100
	}
	growth := max(collectLeast, live-bulk)
	return int(max(10, min(100, growth*100/live)))
}
