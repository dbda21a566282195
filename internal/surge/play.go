package surge

import (
	"context"
	"sync"
	"time"
)

// play sets consumers and the stream reader to work, and then lets the producers loose.
func (r *run) play(ctx context.Context) error {
	lanes, shards, err := r.progress.load(ctx)
	if err != nil {
		return err
	}
	if r.resumed {
		if err := r.recall(ctx, lanes); err != nil {
			return err
		}
	}
	workers := newCrew(ctx)
	workers.start(newPropagator(r.clients, r.names, &r.counters, r.progress, shards).run)
	workers.start(r.watchQueue)
	for i := range r.Consumers {
		workers.start(r.newConsumer(i).work)
	}
	err = r.drive(workers.ctx, lanes)
	if failed := workers.dismiss(); failed != nil {
		return failed
	}
	return err
}

// recall counts what earlier processes of the run did, for the display.
func (r *run) recall(ctx context.Context, lanes map[string]laneProgress) error {
	for _, l := range lanes {
		r.counters.resumedSent.Add(l.sent)
	}
	n, err := r.clients.count(ctx, r.names.messages)
	r.counters.resumedStored.Store(n)
	return err
}

// drive is the story in time: everyday traffic alone, the surge on top of it, the backlog drained, the rest settled.
func (r *run) drive(ctx context.Context, done map[string]laneProgress) error {
	everyday, surge := newCrew(ctx), newCrew(ctx)
	defer everyday.dismiss() //nolint:errcheck // only on an error, which is returned
	enough := make(chan struct{})
	stop := sync.OnceFunc(func() { close(enough) })
	pace := newPacer(r.Rate)
	var producers []*producer
	for i, l := range r.script.lanes(surge.ctx) {
		p := r.newProducer(i, l, done[l.name], pace)
		if p.enough = enough; l.everyday {
			everyday.start(p.run)
			if err := r.calm(ctx); err != nil {
				return err
			}
		}
		producers = append(producers, p)
	}
	r.phase.Store("surge")
	r.surged, r.storedBefore = time.Now(), r.counters.stored.Load()
	for _, p := range producers {
		if !p.everyday {
			surge.start(p.run)
		}
	}
	if err := surge.wait(); err != nil {
		return err
	}
	if err := r.drain(ctx, stop); err != nil {
		return err
	}
	stop()
	if err := everyday.wait(); err != nil {
		return err
	}
	return r.settle(ctx, producers)
}

// calm lets the everyday traffic run alone for a while, unless the run was already in its surge.
func (r *run) calm(ctx context.Context) error {
	if r.resumed {
		return ctx.Err()
	}
	r.phase.Store("calm")
	return sleep(ctx, r.Calm)
}

func (r *run) newProducer(i int, l lane, done laneProgress, pace *pacer) *producer {
	p := &producer{
		lane: l, queue: r.clients.queues, url: r.queue, pace: pace,
		trouble: newTrouble(r.Trouble, r.Seed, uint64(i)), counters: &r.counters, save: r.progress.saveLane,
		done: done, saved: done.sent,
	}
	if l.everyday {
		p.pace, p.block = newPacer(r.BaseRate), int64(r.BaseRate)
	}
	return p
}

func (r *run) newConsumer(i int) *consumer {
	return &consumer{
		names: r.names, queue: r.clients.queues, url: r.queue, tables: r.clients.tables,
		trouble: newTrouble(r.Trouble, r.Seed, uint64(i)|1<<32), counters: &r.counters,
		calm: func() bool { return r.total.Load() > 0 },
	}
}

const (
	queuePoll = 250 * time.Millisecond
	// drainLimit is how long everyday traffic goes on after the surge was sent, if the consumers cannot catch up.
	drainLimit = time.Minute
)

// watchQueue keeps the gauges of the queue.
func (r *run) watchQueue(ctx context.Context) error {
	for {
		d, err := r.clients.depth(ctx, r.queue)
		if err != nil {
			return err
		}
		r.counters.waiting.Store(d.waiting)
		r.counters.inFlight.Store(d.inFlight)
		if err := sleep(ctx, queuePoll); err != nil {
			return err
		}
	}
}

// drain waits until the backlog is gone: what is left is a second of everyday traffic, or a hundredth of the surge, in
// chats that are closed by trouble.
func (r *run) drain(ctx context.Context, stopEveryday func()) error {
	r.sentAll = time.Now()
	r.phase.Store("draining")
	few := int64(max(r.BaseRate, r.record.Plan.Messages/100))
	err := r.until(ctx, func(d depth) bool {
		if time.Since(r.sentAll) > drainLimit {
			stopEveryday()
		}
		return d.waiting <= few
	})
	r.drained, r.storedThen = time.Now(), r.counters.stored.Load()
	return err
}

// settle waits until everything sent is stored and propagated and the queue is empty.
func (r *run) settle(ctx context.Context, producers []*producer) error {
	var total int64
	for _, p := range producers {
		total += p.done.sent
	}
	r.total.Store(total)
	r.phase.Store("settling")
	return r.until(ctx, func(d depth) bool {
		return d == (depth{}) && r.counters.propagated.Load() >= total
	})
}

// until waits for done. If nothing moves any more it returns too: the audit says what is missing.
func (r *run) until(ctx context.Context, done func(depth) bool) error {
	moved, since := int64(-1), time.Now()
	for time.Since(since) < r.Patience {
		d, err := r.clients.depth(ctx, r.queue)
		if err != nil || done(d) {
			return err
		}
		if m := r.counters.stored.Load() + r.counters.redelivered.Load() + r.counters.propagated.Load(); m != moved {
			moved, since = m, time.Now()
		}
		if err := sleep(ctx, queuePoll); err != nil {
			return err
		}
	}
	return nil
}
