package surge

import (
	"sync/atomic"
	"time"
)

// counters is what one process saw of a run. The audit does not believe it: it recounts from the tables.
type counters struct {
	sent, everyday atomic.Int64 // messages the queue accepted, for the first time as far as the producer knows; of which everyday traffic
	sentInSurge    atomic.Int64 // messages of the surge that the queue accepted in this process
	stored         atomic.Int64 // messages whose transaction was acknowledged
	propagated     atomic.Int64 // rows in the search table, over all processes of the run
	resumedSent    atomic.Int64 // messages that earlier processes of the run sent
	resumedStored  atomic.Int64 // rows that earlier processes of the run stored

	resent, suppressed atomic.Int64 // messages sent again on purpose; of which the queue suppressed
	redelivered        atomic.Int64 // messages received that had been received before
	duplicates         atomic.Int64 // messages received that turned out to be stored
	killed             [fateOutcomes]atomic.Int64
	lostReceives       atomic.Int64 // replies of receives that were lost
	lostCommits        atomic.Int64 // replies of transactions that were lost
	conflicts          atomic.Int64 // transactions cancelled by another one, and tried again
	revised            atomic.Int64 // transactions tried again without what was stored before
	retried            atomic.Int64 // requests tried again after an error of the service
	poison             atomic.Int64 // messages that cannot be read

	waiting, inFlight atomic.Int64 // the queue, when it was last asked
	oldest            atomic.Int64 // microseconds: age of the oldest message received since the display asked

	latency histogram // from send to stored
}

func (c *counters) kills() int64 {
	return c.killed[diesBefore].Load() + c.killed[diesDuring].Load() + c.killed[diesAfter].Load()
}

// stores counts messages that were stored this moment.
func (c *counters) stores(list []*delivery) {
	now := time.Now()
	for _, d := range list {
		c.latency.record(now.Sub(time.UnixMicro(d.Sent)), 1)
	}
	c.stored.Add(int64(len(list)))
}

// storedSoFar never lags behind what the search table proves to be stored.
func (c *counters) storedSoFar() int64 {
	return max(c.resumedStored.Load()+c.stored.Load(), c.propagated.Load())
}

func (c *counters) sentSoFar() int64 { return c.resumedSent.Load() + c.sent.Load() }

// atLeast raises v to n.
func atLeast(v *atomic.Int64, n int64) {
	for {
		old := v.Load()
		if n <= old || v.CompareAndSwap(old, n) {
			return
		}
	}
}
