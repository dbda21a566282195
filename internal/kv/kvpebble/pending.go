package kvpebble

import "sync/atomic"

// pending knows whether all that is visible is durable, in which case a barrier
// need not write. In doubt it says no.
type pending struct {
	// synced counts the Sync batches that are, or are about to be, visible and are
	// not known to be durable.
	synced atomic.Int64
	// begun and ended count the NoSync batches, before they become visible and
	// when they are in the log.
	begun, ended atomic.Int64
	// covered is how many of them, from the first on, are in the log before a Sync
	// batch that was counted in synced. It may lag.
	covered atomic.Int64
}

func (p *pending) beginNoSync() { p.begun.Add(1) }
func (p *pending) endNoSync()   { p.ended.Add(1) }

// beginSync comes before the batch is in the log, so it covers the NoSync batches
// that have ended. With another one under way it is unknown which those are.
func (p *pending) beginSync() {
	p.synced.Add(1)
	if n := p.ended.Load(); n == p.begun.Load() {
		p.covered.Store(n)
	}
}

// endSync comes when the batch is durable; after a failure it never comes.
func (p *pending) endSync() { p.synced.Add(-1) }

// settled reports whether all that was visible before the call is durable. The
// Sync batch that covers is looked for after what it covers, so it is not missed.
func (p *pending) settled() bool {
	return p.covered.Load() == p.begun.Load() && p.synced.Load() == 0
}
