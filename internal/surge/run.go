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
	if last.Run > 0 && !last.Finished && (last.Plan == plan || !r.Anew) {
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
