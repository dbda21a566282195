// Package processors says how many goroutines run at once, which is more than there are
// CPUs in a process that waits for a disk.
//
//	processors.Add() // first thing in main
//	...
//	busy := processors.CPUs()
package processors

import (
	"os"
	"runtime"
	"sync/atomic"
)

// more is how many processors of Go's scheduler there are beyond the CPUs. A goroutine in
// fsync holds its processor until the scheduler notices, up to 10 ms later; on one CPU
// nothing else runs meanwhile. Measured with bench/ on one CPU, the first of them is worth ten
// times the durable queue cycles a second, and twice the puts; levee surge on two takes a sixth
// less time. The second one is for syncs beside each other (internal/kv/kvpebble).
const more = 2

var added atomic.Int64

// Add adds processors to those of this process, unless its environment says how many there are
// to be. It is called once, before anything is served.
func Add() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + more)
		added.Store(more)
	}
}

// CPUs returns how many goroutines have a CPU at once.
func CPUs() int { return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)-int(added.Load())) }
