package dynamodb

import (
	"math"
	"sync/atomic"
	"time"
)

// moment is the place of a commit in the history of all tables: a Unix time in
// nanoseconds, moved on where that is needed to come after the commits before.
type moment int64

// endOfTime is after every commit.
const endOfTime moment = math.MaxInt64

// momentOf returns the moment of a time.
func momentOf(t time.Time) moment { return moment(t.UnixNano()) }

// momentClock gives out moments, each later than all before.
type momentClock struct {
	last atomic.Int64
}

func (c *momentClock) next(now time.Time) moment {
	for {
		last := c.last.Load()
		next := max(now.UnixNano(), last+1)
		if c.last.CompareAndSwap(last, next) {
			return moment(next)
		}
	}
}

// pass makes every later moment come after m.
func (c *momentClock) pass(m moment) {
	for {
		last := c.last.Load()
		if last >= int64(m) || c.last.CompareAndSwap(last, int64(m)) {
			return
		}
	}
}
