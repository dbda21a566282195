package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// How many workers a queue has.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
const (
	firstWorkers = 5
	idleWorkers  = 2
	maxWorkers   = 1250
	// pollerConcurrency is how many invocations a provisioned poller has at once.
	pollerConcurrency = 10
)

// crew is the workers of a queue.
type crew struct {
	engine  *Engine
	mapping *mapping
	s       *settings
	src     source
	filters []*pattern.Pattern
	end     end
	ctx     context.Context

	mu      sync.Mutex // guards what follows
	workers int
	busy    int
	grown   time.Time // when the last was added
	growing bool      // there will be another one when it is time
}

func newCrew(ctx context.Context, e *Engine, m *mapping, s *settings, src source) *crew {
	return &crew{engine: e, mapping: m, s: s, src: src, filters: s.patterns(), end: e.endOf(s), ctx: ctx}
}

func (c *crew) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range min(firstWorkers, c.most()) {
		c.add()
	}
}

// add starts a worker. mu is held.
func (c *crew) add() {
	c.workers++
	c.grown = c.engine.opts.Clock.Now()
	w := &worker{crew: c}
	c.mapping.work.Go(w.run)
}

// most is how many workers there may be, at least one: what is beyond would only
// be throttled, and its messages would have been received in vain.
func (c *crew) most() int {
	n := c.end.most()
	if c.s.Concurrency > 0 {
		n = min(n, int(c.s.Concurrency))
	}
	if len(c.s.Provisioned) == 2 {
		n = min(n, int(c.s.Provisioned[1])*pollerConcurrency)
	}
	return max(n, 1)
}

// occupied notes that a worker has something to do, and adds another one if all
// have.
func (c *crew) occupied() {
	most := c.most()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy++
	c.grow(most)
}

// grow adds a worker if all have something to do: now or, with Options.Growth, when
// it is time. mu is held.
func (c *crew) grow(most int) {
	if c.growing || c.busy < c.workers || c.workers >= most || c.ctx.Err() != nil {
		return
	}
	next := c.grown.Add(c.pause())
	if !c.engine.opts.Clock.Now().Before(next) {
		c.add()
		return
	}
	c.growing = true
	c.mapping.work.Go(func() { c.growAt(next) })
}

// growAt adds a worker at a time, if then all still have something to do.
func (c *crew) growAt(next time.Time) {
	if !c.engine.opts.Clock.Wait(c.ctx, next) {
		return
	}
	most := c.most()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.growing = false
	c.grow(most)
}

// pause is how long after a worker there may be the next. The workers of a FIFO queue
// are as many as it has groups that are free: it hands out no others.
func (c *crew) pause() time.Duration {
	if !c.engine.opts.Growth || c.src.isFIFO() {
		return 0
	}
	p := capacity.Defaults()
	aMinute := p.PollersGrowth
	if len(c.s.Provisioned) == 2 {
		aMinute = p.ProvisionedGrowth
	}
	return time.Minute / time.Duration(aMinute)
}

func (c *crew) free() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
}

// dismiss reports whether a worker that found nothing to do should end.
func (c *crew) dismiss() bool {
	most := c.most()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.workers <= idleWorkers && c.workers <= most || c.workers == 1 {
		return false
	}
	c.workers--
	return true
}
