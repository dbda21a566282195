package surge

import (
	"context"
	"sync"
)

// crew is a set of goroutines that live and die together: the first error cancels the others' context.
type crew struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu struct {
		sync.Mutex
		err error // the first; guarded by mu
	}
}

func newCrew(ctx context.Context) *crew {
	c := &crew{}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// start runs work in a goroutine. What it returns after the crew was dismissed is not an error any more.
func (c *crew) start(work func(context.Context) error) {
	c.wg.Go(func() {
		err := work(c.ctx)
		if err == nil || c.ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.mu.err == nil {
			c.mu.err = err
		}
		c.cancel()
	})
}

// wait is over when all goroutines have ended.
func (c *crew) wait() error {
	c.wg.Wait()
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.err
}

// dismiss tells the goroutines to end, and waits.
func (c *crew) dismiss() error {
	c.cancel()
	return c.wait()
}
