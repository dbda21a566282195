// Package turn keeps work that takes milliseconds, such as reading or writing out a
// page of items, from occupying every processor.
//
// The scheduler of Go looks at the network when a processor has nothing to do, else
// every 10 ms. While all processors are busy with pages, a request for one item
// waits as long. So whoever is about to work for long takes a turn first: there is
// at least one processor without a turn, and who has to wait for one waits in order.
//
//	t, err := turn.Take(ctx)
//	if err != nil {
//		return err
//	}
//	defer t.Give()
//	for each small part of the work {
//		t.Pause()
//	}
//
// A turn is not taken by who has one, nor under a lock that others need for short
// work.
package turn

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/processors"
)

// Turn is the right to work for long. Who has taken it is alone in using it.
type Turn struct {
	calls uint
	next  time.Time // when to let others run again
}

// turns are those that nobody has. It is made when it is first needed: by then a
// program has said how many processors it wants.
var turns = sync.OnceValue(func() chan *Turn {
	n := max(1, min(processors.CPUs(), runtime.GOMAXPROCS(0)-1))
	all := make(chan *Turn, n)
	for range n {
		all <- new(Turn)
	}
	return all
})

// Take waits for a turn, or for the end of the context.
func Take(ctx context.Context) (*Turn, error) {
	select {
	case t := <-turns():
		return t, nil
	default:
	}
	select {
	case t := <-turns():
		return t, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Give ends a turn.
func (t *Turn) Give() { turns() <- t }

const (
	// pauseCalls is at how many calls of Pause the clock is read once.
	pauseCalls = 16
	// pauseEvery is how long others wait at most for who pauses.
	pauseEvery = 200 * time.Microsecond
	// foreign is from how long a pause on another program had the CPU: it takes whole
	// slices of the kernel, of which requests need little.
	foreign = 2 * time.Millisecond
	// foreignFactor is how many times longer than such a pause the next one is away.
	foreignFactor = 2
)

// Pause lets other threads run that are ready, if it is time for that. There are more
// processors in the scheduler of Go than CPUs (internal/processors): one of them may
// have a request to answer, and nothing but the kernel, every few milliseconds, gives it
// the CPU. Pause is called about once a microsecond.
func (t *Turn) Pause() {
	if t.calls++; t.calls%pauseCalls != 0 {
		return
	}
	now := time.Now()
	if now.Before(t.next) {
		return
	}
	yield()
	end := time.Now()
	t.next = end.Add(untilNext(end.Sub(now)))
}

// untilNext is how long to work after a pause. Another program is not to get more of the
// CPU than its share.
func untilNext(took time.Duration) time.Duration {
	if took < foreign {
		return pauseEvery
	}
	return foreignFactor * took
}
