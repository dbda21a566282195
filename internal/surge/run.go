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
	traffic  traffic
	series   bool    // the run is one of each design
	held     *Report // of an earlier process, if it has held this run of the series

	phase atomic.Value // string: what the run is doing, for the display
	total atomic.Int64 // messages of the whole run; zero while everyday traffic goes on

	// Start of the process's part, of the surge; end of the surge's sends, and of its backlog.
	began, surged, sentAll, drained time.Time
	// counters.stored when the surge started, and when its backlog was gone.
	storedBefore, storedThen int64
}

// Run plays the story in one design, holds the audit and reports. A Report with OK false is a run whose audit found something; an
// error is a run that could not be played to its end. If the context ends, what was played stays, and the next
// Run with the same Config and Endpoint goes on.
func Run(ctx context.Context, c Config) (*Report, error) { return hold(ctx, c, false) }

// hold is Run, for a run that may be one of a series.
func hold(ctx context.Context, c Config, series bool) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Design = c.Design.inFull()
	r := &run{Config: c, began: time.Now(), series: series}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer r.clients.close()
	if r.held != nil {
		return r.held, nil
	}
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
	rep := r.report(lines)
	r.record.Finished = true
	if series {
		r.record.Reports = append(r.record.Reports, rep)
	}
	// Once the audit was held, its report is not given up for an interruption.
	if err := r.clients.saveRecord(context.WithoutCancel(ctx), r.record); err != nil {
		return nil, err
	}
	return rep, nil
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
	if r.held != nil {
		return nil
	}
	r.names = namesOf(r.record.Run, r.Design)
	r.progress = progress{r.clients.tables, r.names.progress}
	if err := r.clients.createTables(ctx, r.names); err != nil {
		return err
	}
	if r.Design.queued() {
		r.queue, r.dead, err = r.clients.createQueues(ctx, r.names, r.Visibility)
	}
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
	plan := r.plan()
	r.record.Reports = last.reportsOf(plan)
	for _, rep := range r.record.Reports {
		if rep.Plan == plan {
			r.held = rep
			return nil
		}
	}
	if last.Run > 0 && !last.Finished && (last.Plan == plan || !r.Anew) {
		if last.Plan != plan {
			return fmt.Errorf("run %d is unfinished, and was started with other settings (%s); finish it with the same ones, or play somewhere else",
				last.Run, last.Plan)
		}
		r.record.Run, r.record.Plan, r.resumed = last.Run, plan, true
		return nil
	}
	if last.Run > 0 {
		if err := r.clients.remove(ctx, namesOf(last.Run, last.Plan.Design)); err != nil {
			return err
		}
	}
	r.record.Run, r.record.Plan = last.Run+1, plan
	return r.clients.saveRecord(ctx, r.record)
}

// plan is the script's, with the way of the messages.
func (r *run) plan() Plan {
	p := r.script.plan()
	p.Series = r.series
	if r.Design != FIFO {
		p.Design = r.Design
	}
	return p
}

// String is the plan as its table has it.
func (p Plan) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
