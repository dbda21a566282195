// Package turn keeps work that takes milliseconds, such as reading or writing out a
// page of items, from occupying every processor.
//
// The scheduler of Go looks at the network when a processor has nothing to do, else
// every 10 ms. While all processors are busy with pages, a request for one item
// waits as long. So whoever is about to work for long takes a turn first: there is
// one turn fewer than processors, and who has to wait for one waits in order.
//
//	if err := turn.Take(ctx); err != nil {
//		return err
//	}
//	defer turn.Give()
//
// A turn is not taken by who has one, nor under a lock that others need for short
// work.
package turn

import (
	"context"
	"runtime"
	"sync"
)

// turns is made when it is first needed: by then a program has said how many
// processors it wants.
var turns = sync.OnceValue(func() chan struct{} { return make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)) })

// Take waits for a turn, or for the end of the context.
func Take(ctx context.Context) error {
	select {
	case turns() <- struct{}{}:
		return nil
	default:
	}
	select {
	case turns() <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Give ends a turn that was taken.
func Give() { <-turns() }
