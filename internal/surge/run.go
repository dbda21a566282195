package surge

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// run is one run of the story, or what this process has of it.
type run struct {
	Config
	clients  *clients
	script   script
	record   record
	resumed  bool
	names    names
	progress progress
	queue    string // URL
	dead     string // URL
	counters counters

	phase atomic.Value // string: what the run is doing, for the display
	total atomic.Int64 // messages of the whole run; zero while everyday traffic goes on

	// Start of the process's part, of the surge; end of the surge's sends, and of its backlog.
	began, surged, sentAll, drained time.Time
	// counters.stored when the surge started, and when its backlog was gone.
	storedBefore, storedThen int64
}

// Run plays the story, holds the audit and reports. A Report with OK false is a run whose audit found something; an
// error is a run that could not be played to its end. If the context ends, what was played stays, and the next
// Run with the same Config and Endpoint goes on.
func Run(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &run{Config: c, began: time.Now()}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer r.clients.close()
	stop := r.display()
	err := r.play(ctx)
	var lines []Line
	if err == nil {
		r.phase.Store("audit")
		lines, err = r.audit(ctx)
	}
	stop()
	if err != nil {
		return nil, err
	}
	r.record.Finished = true
	// Once the audit was held, its report is not given up for an interruption.
	if err := r.clients.saveRecord(context.WithoutCancel(ctx), r.record); err != nil {
		return nil, err
	}
	return r.report(lines), nil
}

// open reads the script, connects, and finds or begins the run.
func (r *run) open(ctx context.Context) (err error) {
	r.phase.Store("preparing")
	if r.script, err = r.newScript(); err != nil {
		return err
	}
	requests := r.Companies + r.Consumers + 32
	if r.Progress != nil && !r.Embedded {
		fmt.Fprintf(r.Progress, "preparing tables and queues at %s\n", r.Endpoint)
	}
	if r.clients, err = connect(ctx, r.Endpoint, r.Embedded, requests); err != nil {
		return err
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.names = namesOf(r.record.Run)
	r.progress = progress{r.clients.tables, r.names.progress}
	if err := r.clients.createTables(ctx, r.names); err != nil {
		return err
	}
	r.queue, r.dead, err = r.clients.createQueues(ctx, r.names, r.Visibility)
	return err
}

func (r *run) newScript() (script, error) {
	if r.Input != "" {
		return openRecorded(r.Input)
	}
	return newGenerated(r.Config), nil
}

// begin goes on with the unfinished run of the endpoint, or begins the next one, for which it removes the last.
func (r *run) begin(ctx context.Context) error {
	id := types.AttributeDefinition{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}
	if err := r.clients.createTable(ctx, runTable, []types.AttributeDefinition{id}, false); err != nil {
		return err
	}
	if err := r.clients.awaitTable(ctx, runTable); err != nil {
		return err
	}
	last, err := r.clients.loadRecord(ctx)
	if err != nil {
		return err
	}
	plan := r.script.plan()
	if last.Run > 0 && !last.Finished {
		if last.Plan != plan {
			return fmt.Errorf("run %d is unfinished, and was started with other settings (%s); finish it with the same ones, or play somewhere else",
				last.Run, last.Plan)
		}
		r.record, r.resumed = last, true
		return nil
	}
	if last.Run > 0 {
		if err := r.clients.remove(ctx, namesOf(last.Run)); err != nil {
			return err
		}
	}
	r.record = record{Run: last.Run + 1, Plan: plan}
	return r.clients.saveRecord(ctx, r.record)
}

// String is the plan as its table has it.
func (p Plan) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

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
	r.sentAll = time.Now()
	r.phase.Store("draining")
	if err := r.awaitCalm(ctx); err != nil {
		return err
	}
	r.drained, r.storedThen = time.Now(), r.counters.stored.Load()
	close(enough)
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

// awaitCalm returns when the surge's backlog is gone: what waits in the queue is a second of everyday traffic, or a
// hundredth of the surge in chats that are closed by trouble.
func (r *run) awaitCalm(ctx context.Context) error {
	limit := time.Now().Add(drainLimit)
	few := int64(max(r.BaseRate, r.record.Plan.Messages/100))
	for time.Now().Before(limit) {
		d, err := r.clients.depth(ctx, r.queue)
		if err != nil || d.waiting <= few {
			return err
		}
		if err := sleep(ctx, queuePoll); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until everything sent is stored and propagated and the queue is empty. If nothing moves any more it
// returns too: the audit says what is missing.
func (r *run) settle(ctx context.Context, producers []*producer) error {
	var total int64
	for _, p := range producers {
		total += p.done.sent
	}
	r.total.Store(total)
	r.phase.Store("settling")
	moved, since := int64(-1), time.Now()
	for time.Since(since) < r.Patience {
		d, err := r.clients.depth(ctx, r.queue)
		if err != nil {
			return err
		}
		if d == (depth{}) && r.counters.propagated.Load() >= total {
			return nil
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
