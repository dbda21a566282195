// Package fair keeps one busy table or queue from making the requests for all others
// wait.
//
// Clients that write to a table as fast as they can keep every processor busy, and what
// comes for another table has to wait behind all that are under way: no scheduler, of Go
// or of the kernel, knows which request is whose. So while others are in use, too, of the
// writes of one table or queue only so many are under way that the processors have
// nothing to do for a part of the time; the others wait, in order, and go on in rounds, when
// all of the round before have ended, and what came for others meanwhile. What that gains
// and what it costs is in docs/performance.md. While nothing is under way but what has
// waited, no sync of the store begins beside another: nobody would gain by it, and a round
// that shares fewer syncs leaves more of the processors.
//
//	gate := fair.New(store)
//	table = gate.Wrap(table)
//
// Nobody is held back who is alone. Nor are reads, which do not wait for the disk: they
// are over before the scheduler turns to another request. A batch weighs more than one
// write. A request that waits for anything but the disk, as a receive does for messages,
// is not under way any more. So all that are end soon, and to wait for them needs no
// context; as many wait as there are connections.
//
// There is one mutex, which timers take, too; nothing that waits is called while it is held.
// Reads seldom take it: that several are in use is known without it, and is asked for anew
// four times a second.
package fair

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/about"
	"github.com/levee-io/levee/internal/processors"
)

// quiet is for how long nothing else is asked for before a table or queue counts as
// alone.
const quiet = time.Second

// Disk is a store that waits for a disk.
type Disk interface {
	// Syncs returns how often its log was synced so far, and how long that took in all.
	Syncs() (count uint64, total time.Duration)
	// ShareSyncs says whether its writes had better share a sync than have one of their own
	// begun beside it. It does not wait.
	ShareSyncs(bool)
}

// Gate holds back the writes of tables and queues that have many under way while others
// are in use.
type Gate struct {
	disk Disk
	cpus int

	// alone is what has been asked for alone for so long that it is not held back; nil
	// if there is no such thing.
	alone  atomic.Pointer[about.Resource]
	held   atomic.Uint64
	looked atomic.Int64 // when the syncs were last looked at, in nanoseconds

	mu      sync.Mutex
	use     use // guarded by mu, as all that follows
	busy    map[about.Resource]*line
	visits  visits
	crowd   bool    // nothing is under way but what has waited
	sparing []*line // those whose next round is due, in the order in which it was
	limit   int     // weight of what may be under way of each
	// patience is how long who waits waits for the last ones of a round.
	patience time.Duration
	counted  uint64 // syncs, and the time they took, when last looked at
	took     time.Duration
}

// New returns a gate for a store. One that does not wait for a disk needs none: what does
// not wait is not in anybody's way for long.
func New(disk Disk) *Gate {
	cpus := processors.CPUs()
	return &Gate{
		disk: disk, cpus: cpus, limit: limitOf(cpus, 0), patience: patienceOf(0),
		use: use{seen: map[about.Resource]time.Time{}}, busy: map[about.Resource]*line{},
	}
}

// Wrap returns the operation table with the gate before each operation on items and
// messages.
func (g *Gate) Wrap(table []api.Operation) []api.Operation {
	return api.Wrap(table, func(op *api.Operation, handle api.Handler) api.Handler {
		// Who polls an empty queue now and then is not disturbed by others, nor are they
		// by him.
		patient := op.Name == "ReceiveMessage"
		return func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
			at, ok := about.Of(c.Namespace, in)
			if !ok || g.isAlone(at) {
				return handle(ctx, c, in)
			}
			weight := weightOf(in)
			if weight == 0 {
				g.see(at)
				return handle(ctx, c, in)
			}
			p := &place{Context: ctx, gate: g, at: at, weight: weight, patient: patient}
			p.take()
			defer p.leave()
			return handle(p, c, in)
		}
	})
}

// Held returns how many requests have waited.
func (g *Gate) Held() uint64 { return g.held.Load() }

// isAlone reports whether it is known that nothing else is in use.
func (g *Gate) isAlone(at about.Resource) bool {
	a := g.alone.Load()
	return a != nil && *a == at
}

// see takes down what is in use, unless it is known that several are.
func (g *Gate) see(at about.Resource) {
	now := time.Now()
	if g.use.isSettled(now) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(at, now)
}

// note is see with the lock held.
func (g *Gate) note(at about.Resource, now time.Time) {
	if g.use.isSettled(now) {
		return
	}
	if !g.use.see(at, now) {
		g.alone.Store(nil)
		return
	}
	only := at
	g.alone.Store(&only)
}

// noteCrowd tells the disk if what is under way has become, or is no more, only what has
// waited. It needs mu.
func (g *Gate) noteCrowd() {
	crowd := g.visits.first == nil && len(g.busy) > 0
	if crowd != g.crowd {
		g.crowd = crowd
		g.disk.ShareSyncs(crowd)
	}
}
