package surge

import (
	"context"
	"errors"
	"fmt"
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
	retire, err := r.hire(workers)
	if err == nil {
		err = r.drive(workers.ctx, lanes)
	}
	err = errors.Join(err, retire())
	if failed := workers.dismiss(); failed != nil {
		return failed
	}
	return err
}

// hire sets to work whoever stores messages in this design, which retire ends if the crew does not.
func (r *run) hire(workers *crew) (retire func() error, err error) {
	retire = func() error { return nil }
	if r.Design.queued() {
		workers.start(r.watchQueue)
	}
	ctx := r.traffic.of(workers.ctx)
	switch r.Design {
	case Direct: // the producers themselves
	case Lambda:
		arn, err := r.clients.queueARN(ctx, r.queue)
		if err != nil {
			return retire, err
		}
		stop, err := r.Function(ctx, arn, r.Consumers, (&function{run: r}).invoke)
		if err != nil {
			return retire, fmt.Errorf("hand the queue to a function: %w", err)
		}
		return stop, nil
	case FIFO:
		for i := range r.Consumers {
			c := r.newConsumer(i)
			workers.start(r.counted(c.work))
		}
	case ExactlyOnce:
		for i := range r.Consumers {
			workers.start(r.newOnceConsumer(i).work)
		}
	}
	return retire, nil
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
			everyday.start(r.counted(p.run))
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
			surge.start(r.counted(p.run))
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
		lane: l, outlet: r.newOutlet(i), pace: pace,
		trouble: newTrouble(r.Trouble, r.Seed, uint64(i)), counters: &r.counters, save: r.progress.saveLane,
		done: done, saved: done.sent,
	}
	if l.everyday {
		p.pace, p.block = newPacer(r.BaseRate), int64(r.BaseRate)
	}
	return p
}

func (r *run) newOutlet(i int) outlet {
	if !r.Design.queued() {
		return r.newDirect(i)
	}
	return &queueOutlet{queue: r.clients.queues, url: r.queue, groups: r.Design.groups(), counters: &r.counters}
}

// counted has the requests of work counted.
func (r *run) counted(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return work(r.traffic.of(ctx)) }
}

func (r *run) newConsumer(i int) *consumer {
	return &consumer{storer: r.newStorer(uint64(i) | 1<<32), queue: r.clients.queues, url: r.queue}
}

// backlog is what the queue holds, nothing where there is none.
func (r *run) backlog(ctx context.Context, url string) (depth, error) {
	if !r.Design.queued() {
		return depth{}, nil
	}
	return r.clients.depth(ctx, url)
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
		d, err := r.backlog(ctx, r.queue)
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
