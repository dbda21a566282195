package conformance

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// place is where steps are run: at the level of a file or in a case. It makes
// fixtures, and removes what it made.
type place struct {
	run      *run
	vars     vars
	name     string // begins the names of what is made here
	protocol protocol
	made     []fixture
}

// patience is how long to wait for what the service does in its own time.
const patience = 60 * time.Second

// make makes fixtures and waits until they can be used.
func (p *place) make(ctx context.Context, fixtures []fixture) error {
	for _, f := range fixtures {
		p.nameFixture(f)
		p.made = append(p.made, f)
		if f.create == nil {
			continue
		}
		create := p.makeTable
		if f.kind == "queue" {
			create = p.makeQueue
		}
		if err := create(ctx, f); err != nil {
			return fmt.Errorf("%s %s: %w", f.kind, f.variable, err)
		}
	}
	return nil
}

// nameFixture gives a fixture a name. $Q is the URL of a queue and $Q_NAME its
// name; $T is the name of a table.
func (p *place) nameFixture(f fixture) {
	name := p.name + "-" + f.variable
	if f.kind == "table" {
		p.vars[f.variable] = name
		return
	}
	if f.fifo {
		name += ".fifo"
	}
	p.vars[f.variable+"_NAME"] = name
}

// ask sends a request that has to succeed.
func (p *place) ask(ctx context.Context, op string, body *object, answer *object) error {
	return p.insist(ctx, &step{op: op, body: body, wants: []want{{kind: wantValue, value: answer}}})
}

// await sends a request until the answer is as it has to be.
func (p *place) await(ctx context.Context, op string, body *object, answer *object) error {
	return p.insist(ctx, &step{op: op, body: body, poll: true, wants: []want{{kind: wantValue, value: answer}}})
}

func (p *place) insist(ctx context.Context, s *step) error {
	diffs, err := p.step(ctx, s)
	if err == nil && len(diffs) > 0 {
		err = fmt.Errorf("%s: %s", s.op, strings.Join(diffs, "; "))
	}
	return err
}

// some is an object that has members, beside others.
func some(members ...node) *object {
	o := record(members...)
	o.open = true
	return o
}

func (p *place) makeTable(ctx context.Context, f fixture) error {
	if err := p.ask(ctx, "CreateTable", f.create, &object{open: true}); err != nil {
		return err
	}
	active := some("TableStatus", "ACTIVE", "TableArn", &matcher{kind: "arn", capture: f.variable + "_ARN"})
	if _, ok := f.create.get("GlobalSecondaryIndexes"); ok {
		active.members = append(active.members, member{"GlobalSecondaryIndexes", &matcher{kind: "list"}})
	}
	if _, ok := f.create.get("StreamSpecification"); ok {
		active.members = append(active.members, member{"LatestStreamArn", &matcher{kind: "arn", capture: f.variable + "_STREAM"}})
	}
	if err := p.await(ctx, "DescribeTable", record("TableName", "$"+f.variable), some("Table", active)); err != nil {
		return err
	}
	p.account(p.vars[f.variable+"_ARN"])
	return nil
}

func (p *place) makeQueue(ctx context.Context, f fixture) error {
	url := &matcher{kind: "string", capture: f.variable}
	if err := p.ask(ctx, "CreateQueue", f.create, record("QueueUrl", url)); err != nil {
		return err
	}
	arn := &matcher{kind: "arn", capture: f.variable + "_ARN"}
	err := p.ask(ctx, "GetQueueAttributes",
		record("QueueUrl", "$"+f.variable, "AttributeNames", &list{items: []node{"QueueArn"}}),
		record("Attributes", record("QueueArn", arn)))
	p.account(p.vars[f.variable+"_ARN"])
	return err
}

// account learns whose the fixtures are from an ARN.
func (p *place) account(arn string) {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		p.vars["ACCOUNT"] = parts[4]
	}
}

// remove removes what was made, last first, as far as it is there.
func (p *place) remove(ctx context.Context) {
	for i := len(p.made) - 1; i >= 0; i-- {
		f := p.made[i]
		if f.kind == "table" {
			p.removeTable(ctx, f)
		} else {
			p.removeQueue(ctx, f)
		}
	}
}

// removeTable waits until a table is gone. One that is protected loses its
// protection; one that is being made or changed is waited for.
func (p *place) removeTable(ctx context.Context, f fixture) {
	name := record("TableName", "$"+f.variable)
	gone := &step{op: "DeleteTable", body: name, poll: true, wants: []want{
		{kind: wantError, status: 400, name: "ResourceNotFoundException", pattern: "<any>"},
	}}
	a, err := p.run.client.do(ctx, gone, jsonProtocol, p.vars)
	if err == nil && a.code == "ValidationException" {
		unprotect := record("TableName", "$"+f.variable, "DeletionProtectionEnabled", false)
		_, _ = p.run.client.do(ctx, &step{op: "UpdateTable", body: unprotect}, jsonProtocol, p.vars) // told by the next
	}
	if err != nil || a.code != "ResourceNotFoundException" {
		_, _ = p.step(ctx, gone) // what is left behind is no failure of a case
	}
}

func (p *place) removeQueue(ctx context.Context, f fixture) {
	a, err := p.run.client.do(ctx, &step{op: "GetQueueUrl", body: record("QueueName", "$"+f.variable+"_NAME")}, jsonProtocol, p.vars)
	if err != nil || a.code != "" {
		return
	}
	if o, ok := a.decoded.(map[string]any); ok {
		p.vars[f.variable], _ = o["QueueUrl"].(string)
		_, _ = p.run.client.do(ctx, &step{op: "DeleteQueue", body: record("QueueUrl", "$"+f.variable)}, jsonProtocol, p.vars) // as above
	}
}

// step runs a step and returns how the answer differs from what is expected.
func (p *place) step(ctx context.Context, s *step) ([]string, error) {
	if s.pause > 0 {
		return nil, sleep(ctx, s.pause)
	}
	for began, delay := time.Now(), 5*time.Millisecond; ; delay = min(2*delay, time.Second) {
		a, err := p.do(ctx, s)
		if err != nil {
			return nil, err
		}
		diffs := check(s, a, p.vars)
		if len(diffs) == 0 || !s.poll || time.Since(began) > p.run.patience {
			return diffs, nil
		}
		if err := sleep(ctx, delay); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
