package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
)

// counterOperations are those on counters, which are Levee's own.
func (e *Engine) counterOperations() []api.Operation {
	return []api.Operation{
		api.Op(leveeapi.Target, "CreateCounter", api.Control, "counts and sums of a table's items by group, kept by every write; see [counters.md](counters.md)", e.CreateCounter),
		api.Op(leveeapi.Target, "DescribeCounter", api.Control, "a counter, and whether it is built", e.DescribeCounter),
		api.Op(leveeapi.Target, "ListCounters", api.Control, "the counters of a table", e.ListCounters),
		api.Op(leveeapi.Target, "DeleteCounter", api.Control, "deletes a counter with its table", e.DeleteCounter),
	}
}

// DescribeCounter describes a counter.
func (e *Engine) DescribeCounter(_ context.Context, c *api.Caller, in *leveeapi.NamedCounterInput) (*leveeapi.CounterOutput, error) {
	t, of, err := e.findCounter(c, in.CounterName.V)
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	one := v.counter(of.id)
	if one == nil {
		return nil, errNoTable(in.CounterName.V)
	}
	return &leveeapi.CounterOutput{Counter: describeCounter(v.descriptor, one.counter, createdAt(of))}, nil
}

// ListCounters describes the counters of a table.
func (e *Engine) ListCounters(_ context.Context, c *api.Caller, in *leveeapi.ListCountersInput) (*leveeapi.ListCountersOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	out := &leveeapi.ListCountersOutput{}
	for i := range v.Counters {
		if of := e.numbered(v.Counters[i].Table); of != nil {
			out.Counters = append(out.Counters, describeCounter(v.descriptor, &v.Counters[i], createdAt(of)))
		}
	}
	return out, nil
}

// DeleteCounter deletes a counter and its table.
func (e *Engine) DeleteCounter(_ context.Context, c *api.Caller, in *leveeapi.NamedCounterInput) (*leveeapi.CounterOutput, error) {
	t, of, err := e.findCounter(c, in.CounterName.V)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	one := v.counter(of.id)
	if one == nil {
		return nil, errNoTable(in.CounterName.V)
	}
	out := &leveeapi.CounterOutput{Counter: describeCounter(v.descriptor, one.counter, createdAt(of))}
	next := v.clone()
	next.Counters = slices.DeleteFunc(next.Counters, func(c counter) bool { return c.Table == of.id })
	if _, err := e.publish(t, next, nil, nil); err != nil {
		return nil, err
	}
	of.alter.Lock()
	defer of.alter.Unlock()
	return out, e.drop(of, of.current.Load())
}

// findCounter returns the table that a counter counts, and the counter's own.
func (e *Engine) findCounter(c *api.Caller, name string) (t, of *table, err error) {
	if of, err = e.lookupNamed(c, name); err != nil {
		return nil, nil, err
	}
	v := of.current.Load()
	if v == nil || v.CounterOf == "" {
		return nil, nil, api.Validation("The table %s is not a counter", nameOf(name))
	}
	t, err = e.lookupNamed(c, v.CounterOf)
	return t, of, err
}

// createdAt returns when the table of a counter was created.
func createdAt(of *table) (at time.Time) {
	if v := of.current.Load(); v != nil {
		at = v.Created
	}
	return at
}

func describeCounter(d *descriptor, c *counter, created time.Time) leveeapi.CounterDescription {
	out := leveeapi.CounterDescription{
		CounterName: c.Name, TableName: d.Name, CounterStatus: leveeapi.CounterStatusActive, CreationDateTime: created, Sum: c.Sum, FilterExpression: c.Filter,
	}
	if c.Building {
		out.CounterStatus = leveeapi.CounterStatusBuilding
	}
	for _, a := range c.GroupBy {
		out.GroupBy = append(out.GroupBy, ddb.AttributeDefinition{AttributeName: api.Some(a.Name), AttributeType: api.Some(a.Kind.String())})
	}
	return out
}

func cmpName(a, b keyAttr) int { return strings.Compare(a.Name, b.Name) }
