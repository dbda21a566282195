package kvpebble

import (
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// giveWay lets requests run in between while tables are written.
//
// A flush and a compaction together can occupy two processors of Go's scheduler, which
// is all that a server on one CPU has, and requests wait in its queues as long: to call
// the scheduler is not enough, since it comes back before it looks into the queue of the
// other processor. So who writes tables works for a millisecond and rests for one. Pebble
// asks for a separator of keys once a block of 16 KiB, in the goroutine that compresses
// them; that is where it rests. It does not while memtables queue up or level 0 is deep,
// since nothing makes requests slower than a store that falls behind.
type giveWay struct {
	start time.Time
	turn  atomic.Int64 // when the last turn began, in nanoseconds since start
	// flushing says that a memtable is being written, queued that another one is full
	// meanwhile, deep that level 0 is. Pebble sets them, by its events.
	flushing, queued, deep atomic.Bool
	// opened says that the store is open: nobody has requests before.
	opened atomic.Bool
}

const (
	// turnTime and restTime are how long tables are written, and not, by turns.
	turnTime = time.Millisecond
	restTime = time.Millisecond
	// deepLevel0 is how many tables of level 0 are compacted at once when nobody rests:
	// each is a flush that was not compacted in time.
	deepLevel0 = 16
)

// newGiveWay has a store with these options give way once it is opened.
func newGiveWay(po *pebble.Options) *giveWay {
	g := &giveWay{start: time.Now()}
	po.Comparer = g.comparer()
	g.listen(po.EventListener)
	return g
}

// comparer returns the order of keys, that of bytes, which rests when it is asked for
// a separator.
func (g *giveWay) comparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	separator := c.Separator
	c.Separator = func(dst, a, b []byte) []byte {
		g.block()
		return separator(dst, a, b)
	}
	return &c
}

// block is called for each block that is written.
func (g *giveWay) block() {
	if !g.opened.Load() || g.queued.Load() || g.deep.Load() {
		return
	}
	now, turn := time.Since(g.start), g.turn.Load()
	switch worked := now - time.Duration(turn); {
	case worked < turnTime:
	case worked < turnTime+restTime:
		time.Sleep(turnTime + restTime - worked)
	default:
		g.turn.CompareAndSwap(turn, int64(now))
	}
}

// listen sets what is done at Pebble's events, some of which come under its locks.
func (g *giveWay) listen(l *pebble.EventListener) {
	l.FlushBegin = func(pebble.FlushInfo) { g.flushing.Store(true) }
	l.FlushEnd = func(pebble.FlushInfo) {
		g.flushing.Store(false)
		g.queued.Store(false)
	}
	l.WALCreated = func(pebble.WALCreateInfo) { // there is one for each memtable
		if g.flushing.Load() {
			g.queued.Store(true)
		}
	}
	l.CompactionBegin = func(info pebble.CompactionInfo) {
		if len(info.Input) > 0 && info.Input[0].Level == 0 {
			g.deep.Store(len(info.Input[0].Tables) >= deepLevel0)
		}
	}
}
