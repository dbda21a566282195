package kv

import (
	"sync"
	"sync/atomic"
)

// Gate counts the running operations of a store, so that Close can refuse new
// ones and wait for the rest. The zero Gate is open. It costs two atomic
// additions per operation and, unlike a read lock, may be entered again by a
// goroutine inside while another waits in Close.
type Gate struct {
	// state is the number of operations inside, plus gateClosed once closing.
	state   atomic.Int64
	once    sync.Once
	drained atomic.Pointer[chan struct{}]
}

// gateClosed is far above any count of operations.
const gateClosed = 1 << 48

// Enter begins an operation and reports whether the gate is open. Each Enter
// that returned true needs one Leave.
func (g *Gate) Enter() bool {
	if g.state.Add(1) < gateClosed {
		return true
	}
	g.Leave()
	return false
}

// Leave ends an operation.
func (g *Gate) Leave() {
	if g.state.Add(-1) == gateClosed {
		g.release()
	}
}

// Close shuts the gate and waits until every operation has left. It returns
// ErrClosed, at once, if the gate was shut before.
func (g *Gate) Close() error {
	ch := make(chan struct{})
	if !g.drained.CompareAndSwap(nil, &ch) {
		return ErrClosed
	}
	if g.state.Add(gateClosed) == gateClosed {
		g.release()
	}
	<-ch
	return nil
}

// release wakes Close. A refused Enter makes the count touch zero again, so it
// may be called several times.
func (g *Gate) release() {
	g.once.Do(func() { close(*g.drained.Load()) })
}
